"""One planner at a time, on any number of hosts; a lock that dies with whoever held it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from django.db import connection

_KEY = 7_145_001  # any number that nobody else locks in this database


class PlanningUnderWay(Exception):
    """Somebody else is netting or planning right now; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Another plan is being made right now. Try again when it is done.")


@contextmanager
def planning_alone() -> Iterator[None]:
    """Hold the planner's lock, or raise `PlanningUnderWay` at once.

    PostgreSQL keeps it in the session, SQLite in a locked file beside the database: the end of
    the process ends both, so a killed planner never blocks the next.
    """
    with _session_lock() if connection.vendor == "postgresql" else _file_lock():
        yield


@contextmanager
def _session_lock() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_KEY])
        if not cursor.fetchone()[0]:
            raise PlanningUnderWay
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_KEY])


@contextmanager
def _file_lock() -> Iterator[None]:
    name = str(connection.settings_dict["NAME"])
    if "memory" in name:  # such a database belongs to one process, and so does its lock
        name = str(Path(gettempdir()) / f"tailorline-{os.getpid()}")
    path = Path(f"{name}.planning.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise PlanningUnderWay from taken
        yield
