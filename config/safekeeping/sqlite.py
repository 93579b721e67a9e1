"""SQLite: a copy by its online backup, taken from one snapshot while the shop goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from config.safekeeping import Refused, Watch
from config.safekeeping.contents import MIGRATIONS, Dump, counted

MEMBER = "database/shop.sqlite3"
NAME = "SQLite"
ROOM = 1  # times the size of the dump that a restore needs
PAGES = 2000  # copied between two looks at the progress bar


def home() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def dump(into: Path, watch: Watch) -> Dump:
    """Copy the database into the folder; raises `Refused` where it cannot be read."""
    path = into / "shop.sqlite3"
    with _in_words(), closing(_open(home())) as source, closing(_open(path, "rwc")) as copy:
        # A copy in steps starts again whenever somebody writes, unless it reads one snapshot.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _copy(source, copy, watch)
        source.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        return _judge(copy, path)


def examine(path: Path) -> Dump:
    """Look at a copy that was unpacked."""
    with _in_words(), closing(_open(path)) as copy:
        return _judge(copy, path)


def prepare(path: Path, stamp: str) -> None:
    """A file that was examined needs nothing more."""


def files() -> list[tuple[Path, str]]:
    """The database and the endings of what lies beside it: rows that were not yet moved into a
    damaged database go aside with it."""
    return [(home(), suffix) for suffix in ("-wal", "-shm", "")]


def load(path: Path, stamp: str) -> None:
    """The file is swapped in with the others."""


def is_loaded(stamp: str) -> bool:
    """The note of the swap decides, not the database."""
    return False


def kept(stamp: str) -> str:
    return ""


def forget(stamp: str) -> None:
    """What was set aside are files."""


def users() -> str:
    """Who has the database open, in words; empty when nobody has."""
    if not home().exists():
        return ""
    try:
        with closing(sqlite3.connect(home(), timeout=1.0)) as session:
            # allowed to the only user alone; also moves what waits in the -wal file
            session.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        return "another process has the database open" if "locked" in str(error) else ""
    except sqlite3.DatabaseError:  # damaged: perhaps the reason for the restore
        return ""
    return ""


def _open(path: Path, mode: str = "rw") -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=20.0, isolation_level=None)


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, watch: Watch) -> None:
    size = source.execute("PRAGMA page_size").fetchone()[0]
    advance = watch("Database", size * source.execute("PRAGMA page_count").fetchone()[0])
    last: list[int] = []

    def step(status: int, remaining: int, total: int) -> None:
        advance(((last[-1] if last else total) - remaining) * size)
        last[:] = [remaining]

    source.backup(copy, pages=PAGES, progress=step)


def _judge(copy: sqlite3.Connection, path: Path) -> Dump:
    verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Refused(f"The database is damaged ({verdict}). Restore the last good backup.")
    tables = [name for (name,) in copy.execute("SELECT name FROM sqlite_master")]
    rows = {
        table: copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 -- ours
        for table in counted(tables)
    }
    done = copy.execute(f"SELECT app, name FROM {MIGRATIONS}") if MIGRATIONS in tables else ()  # noqa: S608
    return Dump(path, rows, sorted(f"{app}.{name}" for app, name in done))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        full = "full" in str(error)
        raise Refused(
            "The disk is full." if full else f"The database cannot be read: {error}."
        ) from error
