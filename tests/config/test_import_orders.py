"""The terminal's import: a dry run writes nothing, and a guess is shown before it is used."""

import tomllib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from orders.models import Customer, Order, OrderLine, Product, ProductFamily

GERMAN = (
    "Rechnungsnummer;Artikelnummer;Bezeichnung;Menge;Datum;Einzelpreis (EUR);Kundennummer;Summe\n"
    "R1;LA01;Lampe Anna;2;31.12.2011;1.234,50;K1;2.469,00\n"
    "R1;LA02;Lampe Bert;1;31.12.2011;12,50;K1;12,50\n"
    "S2;LA01;Lampe Anna;-1;05.01.2012;1.234,50;K1;-1.234,50\n"
    "R3;LA02;Lampe Bert;null;06.01.2012;12,50;K2;0\n"
)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return settings.DATA_DIR


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "werkstatt.csv"
    path.write_text(GERMAN)
    return path


def run(path, **options):
    out = StringIO()
    call_command("import_orders", path, stdout=out, verbosity=0, **options)
    return out.getvalue()


def rows_of_the_shop():
    return [each.objects.count() for each in (ProductFamily, Product, Customer, Order, OrderLine)]


@pytest.mark.django_db
def test_a_guess_is_shown_and_nothing_is_imported(german, tmp_path):
    before = rows_of_the_shop()
    target = tmp_path / "mine.toml"
    with pytest.raises(CommandError, match="--accept-guess"):
        run(german, write_mapping=target)
    assert rows_of_the_shop() == before
    guess = tomllib.loads(target.read_text())
    assert guess["columns"] == {
        "invoice": "Rechnungsnummer",
        "item": "Artikelnummer",
        "description": "Bezeichnung",
        "quantity": "Menge",
        "at": "Datum",
        "price": "Einzelpreis (EUR)",
        "customer": "Kundennummer",
    }
    assert guess["shop"]["currency"] == "EUR"
    assert guess["lines"]["cancellation_prefix"] == "S"
    assert '"1.234,50"' in target.read_text()  # examples of the file
    with pytest.raises(CommandError, match="cannot be written"):
        run(german, write_mapping=target, accept_guess=True)
    assert rows_of_the_shop() == before


@pytest.mark.django_db
def test_an_accepted_guess_is_imported(german):
    said = run(german, accept_guess=True)
    assert (
        "Added: 1 orders, 2 lines (0 open), 1 returns, 2 products, 0 variants, 1 customers" in said
    )
    assert "bad_quantity" in said
    assert {str(line.unit_price) for line in OrderLine.objects.all()} == {"1234.50", "12.50"}


@pytest.mark.django_db
def test_a_chinese_header_is_guessed_too(tmp_path):
    path = tmp_path / "dingdan.csv"
    path.write_bytes(
        "订单号,商品编码,商品名称,数量,下单时间,单价,客户\n"
        "A1,D01,木制台灯,2,2011年12月31日,¥128.50,王芳\n".encode("gb18030")
    )
    said = run(path, accept_guess=True)
    assert "GB18030" in said
    assert Product.objects.get(sku="D01").name == "木制台灯"
    assert Order.objects.get().currency == "CNY"


@pytest.mark.django_db
def test_columns_that_nobody_can_guess_are_named(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("Foo,Bar\nx,y\n")
    with pytest.raises(CommandError, match="looks like invoice, item, quantity, at, price"):
        run(path)


@pytest.mark.django_db
def test_a_dry_run_counts_like_an_import_and_writes_nothing(german, data_folder):
    before = rows_of_the_shop()
    dry = run(german, accept_guess=True, dry_run=True)
    assert rows_of_the_shop() == before
    assert "The file holds 1 orders with 2 lines, and 1 returns. A dry run" in dry
    refused = (data_folder / "imports" / "werkstatt-refused.csv").read_text()
    assert "5,bad_quantity,Menge,The quantity is no whole number." in refused
    wet = run(german, accept_guess=True)
    assert counts(dry) == counts(wet)


def counts(said):
    return [line for line in said.splitlines() if line.startswith("  ")]


@pytest.mark.django_db
def test_a_bad_file_leaves_nothing_behind(german):
    before = rows_of_the_shop()
    german.write_text(GERMAN[:-20])
    with pytest.raises(CommandError, match=r"cut short: line 5.*Nothing was imported"):
        run(german, accept_guess=True)
    assert rows_of_the_shop() == before
