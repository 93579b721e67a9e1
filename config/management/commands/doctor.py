"""`manage.py doctor`: is everything here that the shop needs, and what to do where it is not."""

import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from config import embedded_redis, preparing
from config.keys import secret

LEAST_FREE_MB = 500


class Ailment(Exception):
    """Something is wrong; the text says what and what to do."""


class Command(BaseCommand):
    help = "Checks folder, secrets, database, broker and static files; status 1 when one is ill."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [self.examine(name, check) for name, check in CHECKS.items()]
        if not all(findings):
            sys.exit(1)

    def examine(self, name: str, check: Callable[[], str]) -> bool:
        try:
            self.stdout.write(f"ok       {name}: {check()}")
        except Ailment as ailment:
            self.stdout.write(f"PROBLEM  {name}: {ailment}")
            return False
        return True


def folder() -> str:
    data_dir = Path(settings.DATA_DIR)
    try:
        trial = data_dir / ".doctor"
        trial.write_text("x")
        trial.unlink()
    except OSError as error:
        raise Ailment(f"{data_dir} cannot be written: {error.strerror}.") from error
    free = shutil.disk_usage(data_dir).free // 2**20
    if free < LEAST_FREE_MB:
        raise Ailment(f"{free} MB are free in {data_dir}; make room for {LEAST_FREE_MB} MB.")
    return f"{data_dir}, {free} MB free"


def secrets() -> str:
    secret("SECRET_KEY", settings.DATA_DIR)
    made_here = settings.DATA_DIR / "secret_key"
    if made_here.exists() and stat.S_IMODE(made_here.stat().st_mode) & 0o077:
        raise Ailment(f"others can read {made_here}. Run: chmod 600 '{made_here}'")
    return "SECRET_KEY is there and private"


def database() -> str:
    try:
        pending = preparing.pending_migrations()
    except DatabaseError as error:
        raise Ailment(f"not reachable ({error}). Look at DATABASE_URL.") from error
    if pending:
        raise Ailment(f"{len(pending)} migrations are missing. Run: manage.py migrate")
    return f"{connection.vendor}, up to date"


def broker() -> str:
    if not settings.REDIS_URL:
        try:
            return f"REDIS_URL is empty; `manage.py up` starts {embedded_redis.find_server()}"
        except embedded_redis.NoRedis as reason:
            raise Ailment(str(reason)) from reason
    if not embedded_redis.answers(settings.REDIS_URL):
        raise Ailment("nothing answers at REDIS_URL. Start Redis, or empty REDIS_URL.")
    return "answers"


def static_files() -> str:
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if not stamp.exists() or stamp.read_text() != preparing.static_digest():
        raise Ailment("not collected or out of date. `manage.py up` does it.")
    return "collected"


CHECKS: dict[str, Callable[[], str]] = {
    "data folder": folder,
    "secrets": secrets,
    "database": database,
    "broker": broker,
    "static files": static_files,
}
