"""`manage.py up`: the whole shop on one machine, until Ctrl-C."""

import errno
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection, connections
from django.urls import reverse
from django.utils import timezone

from config import embedded_redis, first_account, preparing, processes
from config.beginning import plants
from config.safekeeping import saving, swapping
from config.supervising import CannotStart, Program, Supervisor

PATIENCE = 120.0  # seconds; a slow machine under load still gets there


class Command(BaseCommand):
    help = "Starts web, workers and clock, and a Redis when REDIS_URL is empty; stops with Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="fill an empty shop with a demo")

    def handle(self, *args: Any, demo: bool = False, **options: Any) -> None:
        try:
            lock = processes.claim_folder(settings.DATA_DIR)
            processes.check_port(settings.BIND, settings.PORT)
            with lock:
                self.run_shop(demo=demo)
        except processes.Occupied as reason:
            self.refuse(str(reason), status=2)
        except (embedded_redis.NoRedis, CannotStart) as reason:
            self.refuse(str(reason))
        except OperationalError as error:
            self.refuse(f"The database cannot be used: {error}".strip())
        except OSError as error:
            full = error.errno == errno.ENOSPC
            self.refuse("The disk is full." if full else f"{error.strerror}: {error.filename}")

    def run_shop(self, *, demo: bool) -> None:
        supervisor = Supervisor(settings.BASE_DIR, settings.DATA_DIR / "logs", self.say)
        supervisor.heed_signals()
        try:
            redis_url = settings.REDIS_URL or self.start_redis(supervisor)
            env = processes.environment(redis_url)
            if not supervisor.stopping:
                self.prepare()
            if demo and not supervisor.stopping:
                self.fill(supervisor, env)
            self.start_programs(supervisor, env)
            supervisor.watch()
        finally:
            self.say("Stopping …")
            supervisor.stop()
            self.say("Stopped.")

    def start_redis(self, supervisor: Supervisor) -> str:
        at = embedded_redis.socket_path(settings.DATA_DIR)
        redis_url = embedded_redis.url(at)
        child = supervisor.start(processes.redis(redis_url, at))
        try:
            supervisor.wait_until_ready([child], within=PATIENCE)
        except CannotStart:
            aside = embedded_redis.set_aside(settings.DATA_DIR)
            if aside is None:
                raise
            self.say(f"Redis could not read its files; they are in {aside} now, nothing is lost.")
            child.deaths = 0
            supervisor.wait_until_ready([child], within=PATIENCE)
        return redis_url

    def prepare(self) -> None:
        if swapping.mend(saving.DATABASES[connection.vendor]):
            self.say("A restore was cut off; what it had left half done is in order again.")
        if count := preparing.migrate():
            self.say(f"Database brought up to date ({count} steps).")
        if preparing.collect_static():
            self.say("Pictures and styles collected.")
        plants.keep_zone()
        connections.close_all()

    def fill(self, supervisor: Supervisor, env: dict[str, str]) -> None:
        """Seed the demo shop and run its first cycle, once."""
        if logins().exists():
            return
        self.say("Filling the demo shop; this happens once.")
        status = supervisor.run_to_end(Program("demo", processes.manage("demo"), env=env))
        if status and not supervisor.stopping:
            raise CannotStart(f"The demo shop could not be made; {supervisor.log_dir}/demo.log")

    def start_programs(self, supervisor: Supervisor, env: dict[str, str]) -> None:
        if supervisor.stopping:
            return
        started = time.monotonic()
        children = [supervisor.start(program) for program in processes.everything(env)]
        if supervisor.wait_until_ready(children, within=PATIENCE):
            self.announce(time.monotonic() - started)
        elif not supervisor.stopping:
            late = ", ".join(child.program.name for child in children if not child.is_ready)
            self.say(f"Still not ready: {late}. The logs are in {supervisor.log_dir}.")

    def announce(self, seconds: float) -> None:
        self.say(f"\nTailorline is ready at {processes.address()} ({seconds:.0f} s)")
        if logins().exists():
            self.say(logins().read_text().strip())
        elif first_account.is_wanted():
            self.say(f"Make the first account here, once, within a day: {first_link()}")
        if settings.SECURE_COOKIES:
            self.say("Signing in from other machines needs HTTPS in front: docs/operations.md.")
        self.say(f"Logs: {settings.DATA_DIR / 'logs'}. Stop with Ctrl-C.\n")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def refuse(self, reason: str, *, status: int = 1) -> None:
        self.stderr.write(f"\n{reason}")
        sys.exit(status)


def first_link() -> str:
    path = reverse("first-account", args=[first_account.token(timezone.now())])
    return processes.address().rstrip("/") + path


def logins() -> Path:
    """Written by `manage.py demo` when the demo shop is complete."""
    return Path(settings.DATA_DIR) / "demo-logins.txt"
