"""Shops in folders of their own, each with a database file, used by this very process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
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


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A database that has its tables and nothing in them; made once."""
    folder = tmp_path_factory.mktemp("empty")
    status, said = manage(folder, "migrate", "--verbosity=0")
    assert status == 0, said
    return folder / "tailorline.sqlite3"


@pytest.fixture
def move_in(tmp_path, settings, empty_database, django_db_blocker, monkeypatch):
    """Makes a shop in a folder, if it is new, and has this process work there."""
    used = []

    def move_in(name):
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            shutil.copy(empty_database, folder)
        connections.close_all()
        settings.DATA_DIR = folder
        settings.MEDIA_ROOT = str(folder / "uploads")
        settings.REDIS_URL = ""
        known = connections["default"].settings_dict
        options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
        shop = {**known, "NAME": str(folder / "tailorline.sqlite3"), "OPTIONS": options}
        connections["default"] = DatabaseWrapper(shop, "default")
        used.append(connections["default"])
        return folder

    before = connections["default"]
    with django_db_blocker.unblock():
        yield move_in
    for connection in used:
        connection.close()
    connections["default"] = before
