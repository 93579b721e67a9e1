"""The demo shop as tables: taken out, put into an empty shop, taken out again."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from config.demo import seeding
from config.sheets import SHOP
from journal.models import Revision
from journal.sheets import apply, as_csv, as_xlsx, check, last_batch, read_files, undo
from orders.models import Order, Product

ANCHOR = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def exported(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo shop in two folders, of CSV files and with one workbook; the shop is gone then."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "csv").mkdir()
    with django_db_blocker.unblock(), transaction.atomic():
        seeding.seed(ANCHOR, scale=0.1, weeks=12, watch=lambda total: lambda count: None)
        for sheet in SHOP.sheets:
            (folder / "csv" / f"{sheet.code}.csv").write_text(as_csv(sheet), encoding="utf-8")
        (folder / "shop.xlsx").write_bytes(as_xlsx(SHOP.sheets))
        for path in (folder / "csv", folder / "shop.xlsx"):
            plan = check(SHOP, read_files([path], SHOP))
            assert [str(problem) for problem in plan.problems] == []
            assert [(change.key, change.fields) for change in plan.changes] == []
        transaction.set_rollback(True)
    return folder


def rows():
    return {sheet.code: as_csv(sheet) for sheet in SHOP.sheets}


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["csv", "shop.xlsx"])
def test_a_shop_that_is_taken_out_and_put_into_an_empty_one_is_the_same(exported, form):
    plan = check(SHOP, read_files([exported / form], SHOP))
    assert [str(problem) for problem in plan.problems] == []
    apply(SHOP, plan, at=NOW, by="test")
    assert Product.objects.count() == 10
    assert Order.objects.count() > 5
    for sheet in SHOP.sheets:
        assert as_csv(sheet) == (exported / "csv" / f"{sheet.code}.csv").read_text("utf-8")
    again = check(SHOP, read_files([exported / form], SHOP))
    assert again.is_clean
    assert again.changes == []


@pytest.mark.django_db
def test_a_whole_shop_can_be_taken_back(exported):
    before = rows()
    plan = check(SHOP, read_files([exported / "csv"], SHOP))
    batch = apply(SHOP, plan, at=NOW, by="test")
    assert last_batch().batch == batch
    undo(SHOP, batch, by="test", at=NOW)
    assert rows() == before
    assert last_batch() is None
    assert Revision.objects.exclude(undoes="").count() == len(plan.changes)
