"""Shops in folders of their own, each with a database file, used by the very process of a test."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings as project
from django.db import connections

from config.queued_sqlite.base import DatabaseWrapper

ROOT = Path(project.BASE_DIR)


def manage(data_dir, *words):
    """Run manage.py on a shop as a person would; returns status and what was said."""
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *map(str, words)],
        env={**kept, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def moving_between_shops(settings):
    """Gives a function that has this process work in the shop of a folder."""
    before = connections["default"]
    used = []

    def work_in(folder):
        connections.close_all()
        settings.DATA_DIR = folder
        settings.MEDIA_ROOT = str(folder / "uploads")
        settings.REDIS_URL = ""
        options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
        known = {**project.DATABASES["default"], **before.settings_dict}
        shop = {
            **known,
            "ENGINE": "config.queued_sqlite",
            "NAME": str(folder / "tailorline.sqlite3"),
            "OPTIONS": options,
        }
        connections["default"] = DatabaseWrapper(shop, "default")
        used.append(connections["default"])

    try:
        yield work_in
    finally:
        for connection in used:
            connection.close()
        connections["default"] = before
