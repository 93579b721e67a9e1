"""One at a time, on any number of hosts: a lock that dies with whoever held it."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from django.conf import settings
from django.db import connection


class Busy(Exception):
    """Somebody else is doing this right now."""


class _Mine(threading.local):
    """What this thread holds: PostgreSQL gives a session the lock that it has once more."""

    def __init__(self) -> None:
        self.names: set[str] = set()


_mine = _Mine()


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the lock `name`, or raise `Busy` at once.

    PostgreSQL keeps it in the session, SQLite in a locked file beside the database: the end of
    the process ends both, so one that is killed never blocks the next.
    """
    with _session_lock(name) if connection.vendor == "postgresql" else _file_lock(name):
        yield


@contextmanager
def _session_lock(name: str) -> Iterator[None]:
    key = crc32(f"tailorline:{name}".encode())
    if name in _mine.names:
        raise Busy(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise Busy(name)
        _mine.names.add(name)
        try:
            yield
        finally:
            _mine.names.discard(name)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def _file_lock(name: str) -> Iterator[None]:
    database = str(connection.settings_dict["NAME"])
    in_memory = "memory" in database or not database
    beside = settings.DATA_DIR / "tailorline" if in_memory else Path(database)
    with beside.with_name(f"{beside.name}.{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Busy(name) from taken
        yield
