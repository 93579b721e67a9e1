"""The demo shop as tables: taken out, put into an empty shop, taken out again."""

import re
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
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


def documented():
    """{sheet: [(column, is key, is needed, kind)]} as docs/sheets.md has them."""
    found: dict[str, list[tuple[str, bool, bool, str]]] = {}
    for line in (Path(settings.BASE_DIR) / "docs" / "sheets.md").read_text("utf-8").splitlines():
        if line.startswith("### "):
            code = line[4:]
        row = re.match(r"\| (\*\*)?(\w+)(?:\*\*)?(\*)? \| ([^|]+) \|", line)
        if row and line.count("|") == 5 and row[2] != "column":
            kind = row[4].replace("*", "").strip()
            found.setdefault(code, []).append((row[2], bool(row[1]), bool(row[3]), kind))
    return found


def declared():
    return {
        sheet.code: [
            (
                column.code,
                column.code in sheet.keys,
                column.required,
                f"of {column.refers}" if column.refers else column.kind.word,
            )
            for column in sheet.columns
        ]
        for sheet in SHOP.sheets
    }


def test_the_documentation_names_every_column_and_no_other():
    assert documented() == declared()
    assert list(documented()) == [sheet.code for sheet in SHOP.sheets]


@pytest.mark.django_db
def test_the_command_takes_a_shop_out_checks_it_and_takes_an_import_back(tmp_path):
    good, bad = tmp_path / "families.csv", tmp_path / "products.csv"
    good.write_text("family,name\nlamps,Lamps\n")
    bad.write_text("product,name,family,price\nLAMP,Lamp,lamps,dear\n")
    with pytest.raises(CommandError, match="Nothing was written"):
        run("import", tmp_path)
    assert "column price: “dear” is no number" in run("check", tmp_path)
    bad.write_text("product,name,family,price\nLAMP,Lamp,lamps,89\n")
    assert "2 sheets" not in run("check", good, bad)
    assert not Product.objects.exists()
    assert "Written" in run("import", bad, good)
    assert "Nothing changes" in run("import", tmp_path)
    run("export", "all", tmp_path / "shop.xlsx")
    assert "Nothing changes" in run("import", tmp_path / "shop.xlsx")
    assert "2 rows of families, products" in run("undo")
    assert not Product.objects.exists()
    with pytest.raises(CommandError, match="no such import"):
        run("undo")
    assert "options: The questions" in run("list")


def run(*words):
    out = StringIO()
    call_command("sheets", *map(str, words), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_each_table_counts_the_rows_that_it_holds_without_reading_them(
    exported, django_assert_max_num_queries
):
    apply(SHOP, check(SHOP, read_files([exported / "csv"], SHOP)), at=NOW, by="staff:alice")
    with django_assert_max_num_queries(2 * len(SHOP.sheets)):
        counts = {sheet.code: sheet.count() for sheet in SHOP.sheets}
    assert counts == {sheet.code: len(sheet.load()) for sheet in SHOP.sheets}
    assert counts["orders"] > 20
    assert counts["options"] > 20
