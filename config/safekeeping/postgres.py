"""PostgreSQL: its own programs dump and load, one transaction puts the loaded shop in place."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.safekeeping import Refused, Watch
from config.safekeeping.contents import MIGRATIONS, Dump, counted

MEMBER = "database/shop.pgdump"
NAME = "PostgreSQL"
ROOM = 2  # times the size of the dump that a restore needs: the dump and its script
ASIDE = "before_restore_"
PATIENCE = 3.0  # seconds until a connection that was closed is gone from the server's list

# Tables take their indexes, constraints and sequences along.
SET_ASIDE = """\
SET lock_timeout = '5s';
CREATE SCHEMA "{schema}";
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE public.%I SET SCHEMA "{schema}"', name);
  END LOOP;
END $$;
"""


def dump(into: Path, watch: Watch) -> Dump:
    """Dump the database into the folder; rows are counted in the same snapshot."""
    path = into / "shop.pgdump"
    with _session() as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        [(snapshot, size)] = session.execute(
            "SELECT pg_export_snapshot(), pg_database_size(current_database())"
        ).fetchall()
        rows, migrations = _facts(session)
        command = [
            *("--format=custom", "--compress=0", "--no-owner", "--no-privileges"),
            *(f"--exclude-schema={ASIDE}*", f"--snapshot={snapshot}", f"--file={path}"),
        ]
        _run("pg_dump", command, path, watch("Database", size))
    return Dump(path, rows, migrations)


def examine(path: Path) -> Dump | None:
    """A dump can be looked into only by loading it."""
    return None


def prepare(path: Path, stamp: str) -> None:
    """Turn the dump into a script, so that a damaged one is noticed before anything is moved."""
    script = _script(path)
    options = ["--no-owner", "--no-privileges", "--no-comments", f"--file={script}"]
    _run("pg_restore", [*options, str(path)])
    before = script.with_name("aside.sql")
    before.write_text(SET_ASIDE.format(schema=_schema(stamp)))


def files() -> list[tuple[Path, str]]:
    """None of ours: the server has them."""
    return []


def load(path: Path, stamp: str) -> None:
    """Set the tables aside and load those of the dump, in one transaction."""
    script = _script(path)
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    files = [f"--file={script.with_name('aside.sql')}", f"--file={script}"]
    _run("psql", [*options, "--output=/dev/null", *files])


def is_loaded(stamp: str) -> bool:
    """Whether the transaction of `load` is there: it made the schema."""
    with _session() as session:
        query = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        return session.execute(query, [_schema(stamp)]).fetchone() is not None


def kept(stamp: str) -> str:
    return f"the schema {_schema(stamp)} of the database"


def forget(stamp: str) -> None:
    """Drop what was set aside: there was nothing of worth in it."""
    with _session() as session:
        session.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(_schema(stamp)))
        )


def users() -> str:
    """Who has the database open, in words; empty when nobody has."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # only this backend has one
    query = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
    deadline = monotonic() + PATIENCE
    with _session() as session:
        session.autocommit = True
        while (others := _number(session, query)) and monotonic() < deadline:
            sleep(0.1)
    return f"{others} other connections to the database are open" if others else ""


def _schema(stamp: str) -> str:
    return f"{ASIDE}{stamp.lower()}"


def _script(path: Path) -> Path:
    return path.with_suffix(".sql")


def _number(session: "psycopg.Connection[Any]", query: str) -> int:
    row = session.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _facts(session: "psycopg.Connection[Any]") -> tuple[dict[str, int], list[str]]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = [name for (name,) in session.execute(query)]
    count = sql.SQL("SELECT count(*) FROM {}")
    rows = {
        table: session.execute(count.format(sql.Identifier(table))).fetchall()[0][0]
        for table in counted(tables)
    }
    known = sql.SQL("SELECT app, name FROM {}").format(sql.Identifier(MIGRATIONS))
    done = session.execute(known).fetchall() if MIGRATIONS in tables else []
    return rows, sorted(f"{app}.{name}" for app, name in done)


@contextmanager
def _session() -> "Iterator[psycopg.Connection[Any]]":
    given = {name.lower()[2:]: value for name, value in _address().items()}
    given["dbname"] = given.pop("database")
    try:
        with psycopg.connect(make_conninfo(**given)) as session:
            yield session
    except psycopg.Error as error:
        raise Refused(f"The database cannot be used: {str(error).strip()}.") from error


def _address() -> dict[str, str]:
    """Where the database is, as PostgreSQL's programs read it; a password stays off the list of
    processes this way."""
    known = connection.settings_dict
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    return {name: str(known[key]) for name, key in names.items() if known.get(key)}


def _run(
    program: str, words: list[str], grows: Path | None = None, advance: Any = lambda count: None
) -> None:
    """Run one of PostgreSQL's programs, telling `advance` by how much the file grows."""
    found = shutil.which(program)
    if found is None:
        raise Refused(
            f"{program} is not on the PATH. Install PostgreSQL's client programs, of the server's "
            "version or later (apt install postgresql-client), and try again."
        )
    environment = {**os.environ, **_address()}
    done = 0
    with subprocess.Popen(  # noqa: S603 -- our own command line
        [found, *words], env=environment, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        while True:
            try:
                _, complaint = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                size = grows.stat().st_size if grows and grows.exists() else 0
                advance(size - done)
                done = size
            except BaseException:
                process.kill()
                raise
    if process.returncode:
        raise Refused(f"{program} failed: {complaint.strip() or 'it says no reason'}")
