"""A log in several currencies: each line has its own, each order has one, prices are not mixed."""

from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from orders.importing import (
    Known,
    find_sources,
    guess_mapping,
    read_log,
    read_sample,
    reason_of,
    sort_lines,
)
from orders.importing.mapping import build_mapping
from orders.importing.writing import write_log
from orders.models import Order, OrderLine, Product, Return

NOW = datetime(2024, 6, 1, 9, tzinfo=UTC)
HEADER = ["Invoice", "SKU", "Name", "Qty", "Date", "Unit price", "Currency", "Customer"]
COLUMNS = dict(
    zip(
        ("invoice", "item", "description", "quantity", "at", "price", "currency", "customer"),
        HEADER,
        strict=True,
    )
)
LOG = [
    ["1", "LAMP", "OAK LAMP", 2, "2024-05-01 09:00", "30.00", "GBP", "alice"],
    ["2", "LAMP", "OAK LAMP", 1, "2024-05-02 09:00", "36.00", "eur", "bob"],
    ["3", "VASE", "BLUE VASE", 3, "2024-05-03 09:00", "12.50", "€", "bob"],
    ["4", "LAMP", "OAK LAMP", 1, "2024-05-04 09:00", "32.00", "", "alice"],
    ["C5", "VASE", "BLUE VASE", -1, "2024-05-05 09:00", "12.50", "EUR", "bob"],
]


def shop(*, currency="GBP", zone="UTC", variants=None, columns=COLUMNS):
    raw = {
        "name": "Shop",
        "columns": columns,
        "shop": {"time_zone": zone, "currency": currency, "lead_days": 14},
        "lines": {"cancellation_prefix": "C", "product_code": ".+"},
        "family": [{"code": "other", "name": "Other", "routing": "assembled"}],
        "set_apart": [{"kind": "postage", "items": ["POST"]}],
    }
    if variants:
        raw["variants"] = {"pattern": variants, "name": "Variant"}
    return build_mapping(raw, "shop.toml")


def csv_of(folder, rows, header=HEADER):
    path = folder / "log.csv"
    text = "".join(",".join(map(str, row)) + "\n" for row in [header, *rows])
    path.write_text(text, encoding="utf-8-sig")
    return path


def workbook_of(folder, rows, header=HEADER):
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append([float(cell) if cell in ("30.00", "12.50") else cell for cell in row])
    path = folder / "log.xlsx"
    book.save(path)
    return path


def sorted_log(path, mapping=None):
    mapping = mapping or shop()
    return sort_lines(read_log(path, mapping), mapping)


def compared(path, mapping=None):
    mapping = mapping or shop()
    return sort_lines(read_log(path, mapping), mapping, here=Known(mapping))


def run_import(path, mapping=None):
    mapping = mapping or shop()
    log = compared(path, mapping)
    return write_log(log, mapping, open_since=None, now=NOW, progress=lambda lines: None)


def refusals(log):
    return dict(zip(log.refused["line"], log.refused["reason"], strict=True))


def repriced(row, **cells):
    return [
        cells.get(name.split()[-1].lower(), cell) for name, cell in zip(HEADER, row, strict=True)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("written", [csv_of, workbook_of])
def test_each_order_has_the_currency_of_its_lines(tmp_path, written):
    run_import(written(tmp_path, LOG))
    found = Order.objects.order_by("number").values_list("number", "currency")
    assert list(found) == [("1", "GBP"), ("2", "EUR"), ("3", "EUR"), ("4", "GBP")]
    assert OrderLine.objects.get(order__number="2").unit_price == Decimal("36.00")


@pytest.mark.django_db
def test_a_product_costs_what_the_shops_own_lines_ask(tmp_path):
    run_import(csv_of(tmp_path, LOG))
    lamp, vase = Product.objects.get(sku="LAMP"), Product.objects.get(sku="VASE")
    # 30 and 32 pounds; the 36 euros count for nothing
    assert (lamp.base_price, lamp.currency) == (Decimal("31.00"), "GBP")
    assert not lamp.listed  # staff decide what the shop shows
    assert (vase.base_price, vase.currency) == (Decimal("12.50"), "EUR")


@pytest.mark.django_db
def test_one_own_line_prices_a_product_that_others_buy_more_often(tmp_path):
    rows = [repriced(LOG[1], invoice=str(number), price=40) for number in (7, 8, 9)]
    run_import(csv_of(tmp_path, [LOG[0], *rows]))
    lamp = Product.objects.get()
    assert (lamp.base_price, lamp.currency) == (Decimal("30.00"), "GBP")


@pytest.mark.django_db
def test_without_own_lines_the_most_frequent_other_currency_prices_a_product(tmp_path):
    rows = [
        repriced(LOG[0], invoice=str(number), currency=currency, price=price)
        for number, (currency, price) in enumerate([("USD", 40), ("EUR", 30), ("EUR", 34)])
    ]
    run_import(csv_of(tmp_path, rows))
    lamp = Product.objects.get()
    assert (lamp.base_price, lamp.currency) == (Decimal("32.00"), "EUR")


@pytest.mark.django_db
def test_a_variant_is_priced_against_its_product_in_one_currency(tmp_path):
    rows = [
        ["1", "10001A", "RED LAMP", 1, "2024-05-01 09:00", "30.00", "GBP", "alice"],
        ["2", "10001B", "BLUE LAMP", 1, "2024-05-01 09:00", "35.00", "GBP", "alice"],
        ["3", "10001C", "GREEN LAMP", 1, "2024-05-01 09:00", "900.00", "CNY", "bob"],
    ]
    run_import(csv_of(tmp_path, rows), shop(variants=r"(?P<product>\d{5})(?P<variant>[A-Z])?"))
    lamp = Product.objects.get()
    assert (lamp.base_price, lamp.currency) == (Decimal("30.00"), "GBP")
    deltas = lamp.option_groups.get().values.order_by("code").values_list("code", "price_delta")
    # nobody knows what the green one costs in pounds
    assert dict(deltas) == {"a": Decimal("0.00"), "b": Decimal("5.00"), "c": Decimal("0.00")}


@pytest.mark.django_db
def test_a_return_finds_its_sale_as_before(tmp_path):
    run_import(csv_of(tmp_path, LOG))
    assert Return.objects.get().line.external_ref == "3:1"


def test_an_invoice_in_two_currencies_is_refused_whole_and_named_so(tmp_path):
    rows = [*LOG[:1], repriced(LOG[2], invoice="1"), *LOG[1:]]
    log = sorted_log(csv_of(tmp_path, rows))
    assert refusals(log) == {2: "two_currencies", 3: "two_currencies"}
    assert set(log.refused["column"]) == {"Currency"}
    assert list(log.sales["invoice"]) == ["2", "3", "4"]


@pytest.mark.django_db
def test_a_later_line_in_another_currency_than_its_order_is_refused_with_both(tmp_path):
    run_import(csv_of(tmp_path, LOG[:2]))
    later = csv_of(tmp_path, [repriced(LOG[0], currency="EUR"), LOG[1], LOG[2]])
    log = compared(later)
    assert refusals(log) == {2: "other_currency"}
    [line] = log.refused.to_dict("records")
    assert line["column"] == "Currency"
    assert reason_of(line) == (
        "Order 1 is here in GBP, this line is in EUR. The order is here in another currency. "
        "Give these lines an order number of their own."
    )
    run_import(later)
    lines = OrderLine.objects.order_by("external_ref").values_list("external_ref", flat=True)
    assert list(lines) == ["1:1", "2:1", "3:1"]


@pytest.mark.django_db
def test_an_order_here_is_contradicted_by_a_file_that_names_no_currency_too(tmp_path):
    run_import(csv_of(tmp_path, LOG[:1]))
    columns = {ours: theirs for ours, theirs in COLUMNS.items() if ours != "currency"}
    log = compared(csv_of(tmp_path, LOG[:1]), shop(currency="EUR", columns=columns))
    assert refusals(log) == {2: "other_currency"}


def test_a_return_whose_sale_is_refused_is_named_with_the_line_of_the_sale(tmp_path):
    rows = [LOG[2], repriced(LOG[2], currency="GBP"), LOG[4]]
    log = sorted_log(csv_of(tmp_path, rows))
    assert refusals(log) == {2: "two_currencies", 3: "two_currencies", 4: "sale_refused"}
    back = log.refused.to_dict("records")[-1]
    assert reason_of(back).startswith("The return of the sale in line 3. Its sale was not taken.")
    assert (len(log.returns), log.matches) == (0, {})


@pytest.mark.django_db
def test_once_its_sale_is_corrected_a_return_finds_it(tmp_path):
    run_import(csv_of(tmp_path, [repriced(LOG[2], price="free"), LOG[4]]))
    assert not Return.objects.exists()
    run_import(csv_of(tmp_path, [LOG[2], LOG[4]]))
    assert Return.objects.get().line.external_ref == "3:1"


@pytest.mark.parametrize("cells", [{"qty": "some"}, {"date": "one day"}])
def test_a_sale_whose_number_or_day_nobody_can_read_may_be_what_comes_back(tmp_path, cells):
    log = sorted_log(csv_of(tmp_path, [repriced(LOG[2], **cells), *LOG[:2], LOG[4]]))
    assert refusals(log)[5] == "sale_refused"


@pytest.mark.parametrize(
    "sale",
    [
        repriced(LOG[2], price="0"),  # a gift is no sale that somebody corrects
        repriced(LOG[2], price="free", customer="alice"),
        repriced(LOG[2], price="free", date="2024-05-09 09:00"),
    ],
)
def test_a_return_of_nothing_that_could_be_taken_is_a_return_as_before(tmp_path, sale):
    log = sorted_log(csv_of(tmp_path, [*LOG[:2], sale, LOG[4]]))
    assert list(log.returns["ref"]) == ["C5:1"]


def test_a_cancellation_in_two_currencies_is_taken(tmp_path):
    log = sorted_log(csv_of(tmp_path, [*LOG[:3], LOG[4], repriced(LOG[4], currency="GBP")]))
    assert (refusals(log), len(log.returns)) == ({}, 2)
    assert log.matches == {"C5:1": "3:1", "C5:2": "3:1"}


def test_postage_in_another_currency_does_not_split_an_invoice(tmp_path):
    post = ["1", "POST", "POSTAGE", 1, "2024-05-01 09:00", "5.00", "EUR", "alice"]
    log = sorted_log(csv_of(tmp_path, [*LOG[:1], post]))
    assert (list(log.sales["invoice"]), list(log.apart["kind"])) == (["1"], ["postage"])


@pytest.mark.parametrize("cell", ["pounds", "GB", "XYZ", "£€"])
def test_a_currency_that_nobody_can_read_refuses_its_line_alone(tmp_path, cell):
    log = sorted_log(csv_of(tmp_path, [repriced(LOG[0], currency=cell), *LOG[1:]]))
    assert refusals(log) == {2: "bad_currency"}
    assert list(log.refused["currency"]) == [cell]


@pytest.mark.parametrize(
    ("cell", "shops", "meant"),
    [
        ("£", "EUR", "GBP"),
        ("$", "EUR", "USD"),
        ("$", "CAD", "CAD"),
        ("¥", "EUR", "CNY"),
        ("¥", "JPY", "JPY"),
        ("元", "EUR", "CNY"),
        (" chf ", "EUR", "CHF"),
        ("", "EUR", "EUR"),
    ],
)
def test_codes_in_any_case_signs_and_blanks_are_read(tmp_path, cell, shops, meant):
    log = sorted_log(csv_of(tmp_path, [repriced(LOG[0], currency=cell)]), shop(currency=shops))
    assert list(log.sales["currency"]) == [meant]


def test_the_sign_of_its_own_currency_may_stand_beside_a_price(tmp_path):
    rows = [
        repriced(LOG[0], price="£30.00"),
        repriced(LOG[1], price="36.00 €"),
        repriced(LOG[2], price="£12.50"),
    ]
    log = sorted_log(csv_of(tmp_path, rows))
    assert list(log.sales["price"]) == [30.0, 36.0]
    assert refusals(log) == {4: "bad_price"}  # a line in euros, a price in pounds


def test_an_unusual_price_is_one_among_those_of_its_currency(tmp_path):
    def sold(start, price, currency):
        return [
            repriced(LOG[0], invoice=str(start + number), price=price, currency=currency)
            for number in range(10)
        ]

    yen = sold(0, "5000", "JPY")
    pounds = sold(20, "30", "GBP")
    odd = repriced(LOG[0], invoice="99", price="400", currency="GBP")
    log = sorted_log(csv_of(tmp_path, [*pounds, *yen, odd]))
    assert list(log.flagged["invoice"]) == ["99"]
    assert list(log.flagged["currency"]) == ["GBP"]


def test_a_log_without_the_column_is_in_the_shops_currency_and_lists_no_other(tmp_path):
    columns = {ours: theirs for ours, theirs in COLUMNS.items() if ours != "currency"}
    wrong = repriced(LOG[3], price="free")
    log = sorted_log(csv_of(tmp_path, [*LOG[:3], wrong]), shop(columns=columns))
    assert set(log.sales["currency"]) == {"GBP"}
    assert "currency" not in log.refused


def test_times_in_another_zone_than_the_shops_become_the_same_moment(tmp_path):
    rows = [repriced(LOG[0], date="2024-05-01 09:00"), repriced(LOG[1], date="2024-12-01 09:00")]
    log = sorted_log(csv_of(tmp_path, rows), shop(zone="Asia/Shanghai"))
    # eight hours ahead, summer and winter
    assert [at.isoformat() for at in log.sales["at"]] == [
        "2024-05-01T01:00:00+00:00",
        "2024-12-01T01:00:00+00:00",
    ]


def guessed(path):
    source = find_sources(path)[0]
    return guess_mapping(source, read_sample(source), time_zone="UTC", currency="EUR").mapping


@pytest.mark.parametrize("name", ["Currency", "Währung", "币种", "ISO"])
def test_the_column_of_the_currency_is_guessed_by_its_name_or_its_cells(tmp_path, name):
    mapping = guessed(csv_of(tmp_path, LOG, [*HEADER[:6], name, "Customer"]))
    assert mapping.columns["currency"] == name


def test_the_shops_own_currency_is_guessed_as_the_most_frequent(tmp_path):
    rows = [repriced(row, currency="gbp") for row in LOG[:3]]
    assert guessed(csv_of(tmp_path, [*rows, LOG[1]])).currency == "GBP"


def test_a_column_of_sizes_is_no_currency(tmp_path):
    rows = [repriced(row, currency=size) for row, size in zip(LOG, "SMLSM", strict=True)]
    mapping = guessed(csv_of(tmp_path, rows, [*HEADER[:6], "Size", "Customer"]))
    assert "currency" not in mapping.columns
