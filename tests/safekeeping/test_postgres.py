"""The round trip on PostgreSQL, by its own programs."""

import json
import tarfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from config import preparing
from config.safekeeping import postgres, swapping
from orders.models import Order
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(settings, tmp_path):
    """Alice's order and picture; what a restore set aside goes at the end."""
    settings.DATA_DIR = tmp_path / "shop"
    settings.MEDIA_ROOT = str(settings.DATA_DIR / "uploads")
    settings.REDIS_URL = ""
    (settings.DATA_DIR / "uploads").mkdir(parents=True)
    (settings.DATA_DIR / "uploads" / "oak.svg").write_text("<svg/>")
    factories.order([factories.line()], by=factories.customer("Alice"))
    yield settings.DATA_DIR
    for schema in schemas():
        with connection.cursor() as cursor:
            cursor.execute(in_schema("DROP SCHEMA {} CASCADE", schema))


@pytest.fixture
def saved(shop, tmp_path):
    path = tmp_path / "alice.tar.gz"
    call_command("backup", path, verbosity=0)
    return path


def in_schema(query, schema):
    return sql.SQL(query).format(sql.Identifier(schema))


def schemas():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before_restore_%'")
        return [name for (name,) in cursor.fetchall()]


def test_a_shop_comes_back_and_the_old_one_is_kept_in_a_schema(saved, shop, capsys):
    factories.order([factories.line()], by=factories.customer("Bob"))
    (shop / "uploads" / "oak.svg").unlink()
    call_command("restore", saved, force=True, verbosity=0)
    assert Order.objects.get().customer.name == "Alice"
    assert (shop / "uploads" / "oak.svg").exists()
    assert preparing.pending_migrations() == []
    (schema,) = schemas()
    assert schema in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute(in_schema("SELECT count(*) FROM {}.orders_order", schema))
        assert cursor.fetchone() == (2,)
    # numbers go on where they were
    assert factories.order().pk > Order.objects.order_by("pk").first().pk


def test_rows_are_counted_and_what_was_set_aside_is_not_saved_again(saved, tmp_path):
    call_command("restore", saved, force=True, verbosity=0)
    call_command("backup", tmp_path / "again.tar.gz", verbosity=0)
    with tarfile.open(tmp_path / "again.tar.gz") as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())
        dump = tar.extractfile("database/shop.pgdump").read()
    assert manifest["vendor"] == "postgresql"
    assert manifest["rows"]["orders_order"] == 1
    assert b"before_restore" not in dump


def test_a_load_that_fails_leaves_database_and_files(saved, shop, monkeypatch):
    factories.order([factories.line()], by=factories.customer("Bob"))
    (shop / "uploads" / "new.svg").write_text("<svg/>")
    prepare = postgres.prepare

    def spoilt(path, stamp):
        prepare(path, stamp)
        with path.with_suffix(".sql").open("a") as script:
            script.write("\nSELECT nonsense;\n")

    monkeypatch.setattr(postgres, "prepare", spoilt)
    with pytest.raises(CommandError, match=r"psql failed: .*nonsense[\s\S]*Nothing was changed"):
        call_command("restore", saved, force=True, verbosity=0)
    assert Order.objects.count() == 2
    assert (shop / "uploads" / "new.svg").exists()
    assert schemas() == []


class Killed(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize(("loaded", "orders"), [(False, 2), (True, 1)])
def test_killed_before_or_after_the_load_the_next_start_knows_which(
    saved, shop, monkeypatch, loaded, orders
):
    factories.order([factories.line()], by=factories.customer("Bob"))
    (shop / "uploads" / "new.svg").write_text("<svg/>")
    load = postgres.load

    def die(path, stamp):
        if loaded:
            load(path, stamp)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(postgres, "load", die)
        patched.setattr(swapping, "_undo", lambda parts: None)
        patched.setattr(swapping, "remove", lambda path: None)
        with pytest.raises(Killed):
            call_command("restore", saved, force=True, verbosity=0)
    assert swapping.mend(postgres)
    assert Order.objects.count() == orders
    assert (shop / "uploads" / "new.svg").exists() is not loaded


def test_a_program_that_has_the_database_open_stops_a_restore(saved, monkeypatch):
    monkeypatch.setattr(postgres, "PATIENCE", 0.2)
    with (
        postgres._session(),
        pytest.raises(CommandError, match="1 other connections to the database are open"),
    ):
        call_command("restore", saved, force=True, verbosity=0)


def test_without_its_programs_it_says_what_to_install(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"pg_dump is not on the PATH.*postgresql-client"):
        call_command("backup", tmp_path / "b.tar.gz", verbosity=0)
    assert not (tmp_path / "b.tar.gz").exists()


def test_an_empty_shop_leaves_nothing_aside(saved, shop):
    Order.objects.all().delete()
    for model in Path(shop / "uploads").iterdir():
        model.unlink()
    connection.cursor().execute("TRUNCATE orders_customer, orders_product, journal_user CASCADE")
    call_command("restore", saved, verbosity=0)
    assert Order.objects.get().placed_at == NOW
    assert schemas() == []
