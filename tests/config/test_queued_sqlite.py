"""Writers to one SQLite file take turns; nobody is refused and nobody is in the way."""

import threading
import time

import pytest
from django.db import OperationalError

from config.queued_sqlite.base import DatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def connect(tmp_path, settings):
    """Makes connections to one file, each waiting `timeout` seconds at most."""
    made = []
    known = settings.DATABASES["default"]

    def connect(kind=DatabaseWrapper, timeout=20.0):
        options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
        name = str(tmp_path / "shop.sqlite3")
        made.append(kind({**known, "NAME": name, "OPTIONS": options}, "default"))
        made[-1].inc_thread_sharing()
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def write(connection, name):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.cursor().execute("INSERT INTO visits VALUES (%s)", [name])
    connection.commit()
    connection.set_autocommit(True)


@pytest.fixture
def visits(connect):
    first = connect()
    first.cursor().execute("CREATE TABLE visits (name TEXT)")
    return first


def begin(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_everybody_who_waits_gets_a_turn(connect, visits):
    begin(visits)
    names = ["Alice", "Bob", "Carol", "Dave"]
    writers = [threading.Thread(target=write, args=(connect(), name)) for name in names]
    before = threading.active_count()
    for writer in writers:
        writer.start()
    # each writer, and what waits at the lock for it
    wait_until(lambda: threading.active_count() == before + 2 * len(names))
    visits.commit()
    for writer in writers:
        writer.join(20)
    rows = visits.cursor().execute("SELECT name FROM visits ORDER BY name").fetchall()
    assert [name for (name,) in rows] == names


def wait_until(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until


def test_one_whose_turn_does_not_come_is_told_and_leaves_the_queue(connect, visits):
    begin(visits)
    with pytest.raises(OperationalError, match="database is locked"):
        begin(connect(timeout=0.05))
    visits.commit()
    write(connect(), "Bob")  # the turn of the one who left is not in the way


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_a_writer_that_gives_up_lets_the_next_one_in(connect, visits, end):
    one = connect()
    begin(one)
    getattr(one, end)()
    write(connect(timeout=1), "Bob")


def test_readers_do_not_wait(connect, visits):
    visits.cursor().execute("PRAGMA journal_mode=WAL")
    begin(visits)
    visits.cursor().execute("INSERT INTO visits VALUES ('Alice')")
    reader = connect(timeout=0.05)
    assert reader.cursor().execute("SELECT count(*) FROM visits").fetchone() == (0,)
