"""An order log with real dirt: every line has one place, and importing twice changes nothing."""

import gzip
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings

from orders.importing import (
    BadMapping,
    UnreadableFile,
    find_sources,
    fitting_mapping,
    items,
    known,
    read_log,
    read_mapping,
    sort_lines,
    write_log,
)
from orders.importing.earlier import match_earlier
from orders.models import Customer, Order, OrderLine, Product, Return

NOW = datetime(2012, 1, 2, 9, 0, tzinfo=UTC)
MAPPINGS = Path(settings.BASE_DIR) / "config" / "mappings"
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
LOG = HEADER + (
    "100,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2011-10-03 09:00:00,2.55,17850.0,France\n"
    "100,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2011-10-03 09:00:00,2.55,17850.0,France\n"
    "100,POST,POSTAGE,1,2011-10-03 09:00:00,18.00,17850.0,France\n"
    "101,21212,PACK OF 72 CAKE CASES,24,2011-10-04 10:00:00,0.55,,United Kingdom\n"
    "C102,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,2011-10-05 11:00:00,2.55,17850.0,France\n"
    "103,85123A,damaged,-9,2011-10-06 12:00:00,0,,United Kingdom\n"
    "104,21212,PACK OF 72 CAKE CASES,twelve,2011-10-07 12:00:00,0.55,12345,United Kingdom\n"
    "105,21212,PACK OF 72 CAKE CASES,12,yesterday,0.55,12345,United Kingdom\n"
    "106,21212,,5,2011-11-02 12:00:00,0,12345,United Kingdom\n"
    "A107,B,Adjust bad debt,1,2011-11-02 12:00:00,-11062.06,,United Kingdom\n"
    "108,21212,PACK OF 72 CAKE CASES,12,2011-11-03 12:00:00,0.65,12345,United Kingdom\n"
)


@pytest.fixture
def log_file(tmp_path):
    def write(text=LOG, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def sorted_log(path):
    mapping = fitting_mapping(find_sources(path)[0].header, MAPPINGS)
    assert mapping
    return sort_lines(read_log(path, mapping), mapping), mapping


def run_import(path, open_since=date(2011, 11, 1)):
    log, mapping = sorted_log(path)
    return write_log(log, mapping, open_since=open_since, now=NOW, progress=lambda lines: None)


def test_every_line_has_exactly_one_place(log_file):
    log, _ = sorted_log(log_file())
    assert log.lines == 11
    assert list(log.sales["ref"]) == ["100:1", "100:2", "101:1", "108:1"]
    assert list(log.returns["ref"]) == ["C102:1"]
    assert Counter(log.apart["kind"]) == {"postage": 1, "fee": 1}
    assert dict(zip(log.refused["line"], log.refused["reason"], strict=True)) == {
        7: "negative_sale",
        8: "bad_quantity",
        9: "bad_date",
        10: "no_price",
    }


def test_times_are_read_in_the_shops_zone(log_file):
    log, _ = sorted_log(log_file())
    assert log.sales["at"][0].isoformat() == "2011-10-03T08:00:00+00:00"  # London summer time
    assert log.sales["at"][3].isoformat() == "2011-11-03T12:00:00+00:00"


def test_a_compressed_log_reads_the_same(log_file):
    log, _ = sorted_log(log_file(name="log.csv.gz"))
    assert len(log.sales) == 4


@pytest.mark.django_db
def test_orders_lines_and_returns_are_written(log_file):
    report = run_import(log_file())
    assert (report.orders, report.lines, report.returns, report.open_lines) == (3, 4, 1, 1)
    heart = Product.objects.get(sku="85123")
    assert heart.family.code == "lights-candles"
    assert Product.objects.get(sku="21212").family.code == "paper-cards"
    first = Order.objects.get(number="R100")
    assert (first.customer.external_ref, first.status, first.currency) == (
        "R17850",
        "closed",
        "GBP",
    )
    assert [line.quantity for line in first.lines.all()] == [6, 6]
    # asked for two weeks after the order; nobody promises what was delivered long ago
    told = first.lines.values_list("requested_date", "committed_date", "status")
    assert set(told) == {(date(2011, 10, 17), None, "delivered")}
    assert Order.objects.get(number="R101").customer is None


@pytest.mark.django_db
def test_orders_since_the_given_day_are_still_to_be_made(log_file):
    run_import(log_file())
    order = Order.objects.get(number="R108")
    [line] = order.lines.all()
    assert (order.status, line.status) == ("confirmed", "promised")
    assert line.committed_date == date(2011, 11, 17)  # 14 days after the order
    assert list(OrderLine.objects.open()) == [line]


@pytest.mark.django_db
def test_a_day_begins_where_the_shop_is(log_file):
    # ten to one at night in London's summer is still the day before by universal time
    lines = (
        "108,21212,CAKE CASES,1,2011-10-19 23:59:00,0.55,7,France\n"
        "109,21212,CAKE CASES,1,2011-10-20 00:00:00,0.55,7,France\n"
        "110,21212,CAKE CASES,1,2011-10-20 00:50:00,0.55,7,France\n"
    )
    report = run_import(log_file(HEADER + lines), open_since=date(2011, 10, 20))
    assert report.open_lines == 2


@pytest.mark.django_db
def test_a_return_finds_the_latest_sale_that_is_large_enough(log_file):
    run_import(log_file())
    back = Return.objects.get()
    assert (back.quantity, back.line.external_ref) == (2, "R100:2")


SOLD = "110,21212,CAKE CASES,3,2011-10-20 10:00,0.55,7,France\n"


def returned(quantity, invoice, customer="7", item="21212"):
    day = "2011-11-21 10:00"
    return f"{invoice},{item},CAKE CASES,-{quantity},{day},0.55,{customer},France\n"


@pytest.mark.django_db
def test_a_return_of_a_later_file_finds_its_sale_of_an_earlier_one(log_file):
    older = "109,21212,CAKE CASES,9,2011-10-10 10:00,0.55,7,France\n"
    run_import(log_file(HEADER + older + SOLD + returned(2, "C111")))
    run_import(log_file(HEADER + returned(1, "C112") + returned(2, "C113")))
    found = dict(Return.objects.values_list("external_ref", "line__external_ref"))
    # of the three of 110 two came back already: one is left for C112, none for C113
    assert found == {"RC111:1": "R110:1", "RC112:1": "R110:1", "RC113:1": "R109:1"}


@pytest.mark.django_db
def test_a_return_does_not_find_what_another_bought_or_what_was_bought_later(log_file):
    later = "110,21212,CAKE CASES,3,2011-12-24 10:00,0.55,8,France\n"
    run_import(log_file(HEADER + SOLD + later))
    strange = returned(1, "C1", customer="9") + returned(1, "C2", customer="")
    run_import(log_file(HEADER + strange + returned(1, "C3", "8") + returned(4, "C4")))
    assert list(Return.objects.values_list("line", flat=True)) == [None] * 4


@pytest.mark.django_db
def test_sales_of_earlier_files_are_read_once_for_many_returns(
    log_file, django_assert_num_queries, monkeypatch
):
    customers = range(20, 26)
    sold = "".join(SOLD.replace(",7,", f",{who},").replace("110", f"{who}0") for who in customers)
    run_import(log_file(HEADER + sold))
    keys = dict(Customer.objects.values_list("external_ref", "pk"))
    choice = OrderLine.objects.first().configuration_id
    at = pd.Timestamp("2011-11-21", tz="UTC")
    rows = [(keys[f"R{who}"], choice, at, 1, f"C{who}:1") for who in customers]
    back = pd.DataFrame(rows, columns=["customer", "item", "at", "quantity", "ref"])
    with django_assert_num_queries(1):
        assert len(match_earlier(back)) == 6
    monkeypatch.setattr("orders.importing.earlier.RETURNS_AT_ONCE", 2)
    assert len(match_earlier(back)) == 6


def test_no_more_pieces_come_back_than_were_sold(log_file):
    lines = (
        "110,21212,CAKE CASES,3,2011-10-20 10:00,0.55,7,France\n"
        "C111,21212,CAKE CASES,-2,2011-10-21 10:00,0.55,7,France\n"
        "C112,21212,CAKE CASES,-2,2011-10-22 10:00,0.55,7,France\n"
        "C113,21212,CAKE CASES,-1,2011-10-23 10:00,0.55,7,France\n"
    )
    log, _ = sorted_log(log_file(HEADER + lines))
    assert len(log.returns) == 3
    assert log.matches == {"C111:1": "110:1", "C113:1": "110:1"}


def test_what_a_stranger_brings_back_is_matched_to_no_other_strangers_sale(log_file):
    lines = (
        "110,21212,CAKE CASES,3,2011-10-20 10:00,0.55,,France\n"
        "C111,21212,CAKE CASES,-2,2011-10-21 10:00,0.55,,France\n"
    )
    log, _ = sorted_log(log_file(HEADER + lines))
    assert (len(log.returns), log.matches) == (1, {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("110,21212,CAKE CASES,1000001,2011-10-20 10:00,0.55,7,France", "absurd_quantity"),
        ("C110,21212,CAKE CASES,-1000001,2011-10-20 10:00,0.55,7,France", "absurd_quantity"),
        ("110,21212,CAKE CASES,1,2011-10-20 10:00,1000000.01,7,France", "absurd_price"),
        ("110,21212,CAKE CASES,1,2011-10-20 10:00,-0.55,7,France", "negative_price"),
        ("110,21212,CAKE CASES,0,2011-10-20 10:00,0.55,7,France", "zero_quantity"),
        ("110,21212,CAKE CASES,1.5,2011-10-20 10:00,0.55,7,France", "bad_quantity"),
        ("C110,21212,CAKE CASES,1,2011-10-20 10:00,0.55,7,France", "positive_cancellation"),
        ("110,§,CAKE CASES,1,2011-10-20 10:00,0.55,7,France", "no_product"),
        (",21212,CAKE CASES,1,2011-10-20 10:00,0.55,7,France", "no_invoice"),
    ],
)
def test_a_line_that_is_no_sale_is_refused_for_what_is_wrong_with_it(log_file, line, reason):
    good = "109,21212,CAKE CASES,1,2011-10-19 10:00,0.55,7,France\n"
    log, _ = sorted_log(log_file(HEADER + good + line + "\n"))
    assert list(log.refused["reason"]) == [reason]
    assert list(log.sales["ref"]) == ["109:1"]


@pytest.mark.django_db
def test_importing_twice_changes_nothing(log_file):
    run_import(log_file())
    before = list(OrderLine.objects.order_by("pk").values())
    again = run_import(log_file())
    assert not again.changed
    assert list(OrderLine.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_a_longer_export_of_the_same_log_adds_only_what_is_new(log_file):
    run_import(log_file())
    longer = LOG + "108,21212,PACK OF 72 CAKE CASES,3,2011-11-03 12:00:00,0.65,12345,France\n"
    again = run_import(log_file(longer))
    assert (again.orders, again.lines, again.customers) == (0, 1, 0)
    assert Order.objects.get(number="R108").lines.count() == 2


@pytest.mark.django_db
def test_an_import_that_was_killed_goes_on_where_it_stopped(log_file, monkeypatch):
    monkeypatch.setattr("orders.importing.writing.LINES_A_TRANSACTION", 2)
    log, mapping = sorted_log(log_file())

    def kill(lines):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_log(log, mapping, open_since=None, now=NOW, progress=kill)
    assert [order.number for order in Order.objects.all()] == ["R100"]
    assert OrderLine.objects.count() == 2  # the whole first invoice
    rest = run_import(log_file())
    assert (rest.orders, rest.lines) == (2, 2)
    assert OrderLine.objects.count() == 4


HEARTS = HEADER + (
    "100,85123A,WHITE HANGING HEART HOLDER,6,2011-10-03 09:00,2.55,7,France\n"
    "100,85123C,CREAM HANGING HEART HOLDER,6,2011-10-03 09:00,2.55,7,France\n"
    "100,85123X,ZINC STAR,6,2011-10-03 09:00,2.55,7,France\n"
    "101,90000,CUP,6,2011-10-04 09:00,2.55,7,France\n"
)


@pytest.mark.django_db
def test_products_of_an_import_that_was_killed_between_them_are_what_they_would_have_been(
    log_file, monkeypatch
):
    monkeypatch.setattr("orders.importing.items.CODES_A_TRANSACTION", 1)
    made = items._make_products
    kept: list[object] = []

    def kill(*args):
        if kept:
            raise KeyboardInterrupt
        kept.append(made(*args))
        return kept[0]

    monkeypatch.setattr(items, "_make_products", kill)
    with pytest.raises(KeyboardInterrupt):
        run_import(log_file(HEARTS))
    monkeypatch.setattr(items, "_make_products", made)
    assert set(Product.objects.values_list("sku", flat=True)) == {"85123", "85123X"}
    run_import(log_file(HEARTS))
    bought = OrderLine.objects.order_by("external_ref").values_list(
        "configuration__product__sku", "configuration__values"
    )
    assert list(bought) == [
        ("85123", {"variant": "a"}),
        ("85123", {"variant": "c"}),
        ("85123X", {}),
        ("90000", {}),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("named", [0, 100], ids=["asked for by name", "found among all"])
def test_lines_of_this_log_are_known_and_those_of_another_are_not(log_file, monkeypatch, named):
    run_import(log_file())
    OrderLine.objects.filter(external_ref="R101:1").update(external_ref="101:1")  # no prefix
    monkeypatch.setattr(known, "AT_A_TIME", 1)
    monkeypatch.setattr(known, "NAMED", named)
    mapping = sorted_log(log_file())[1]
    assert known.Known(mapping).lines(["100:1", "101:1", "999:1"]) == {"100:1"}
    assert known.Known(mapping).currencies(["100", "999", "C102"]) == {"100": "GBP"}


@pytest.mark.django_db
def test_a_customer_is_known_since_the_first_order(log_file):
    run_import(log_file())
    assert Customer.objects.get(external_ref="R17850").created_at.date() == date(2011, 10, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        ((HEADER + '1,2,"3,4\n').encode(), "is no table"),
    ],
)
def test_an_unreadable_file_is_refused_by_name(tmp_path, content, says):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises((UnreadableFile, BadMapping), match=says):
        sorted_log(path)


def test_a_damaged_archive_is_refused(log_file):
    path = log_file(name="log.csv.gz")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UnreadableFile, match="cut short or damaged"):
        sorted_log(path)


def test_a_mapping_without_a_column_names_it(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "Mine"\n[columns]\ninvoice = "No."\n')
    with pytest.raises(BadMapping, match="lacks the entry 'item'"):
        read_mapping(path)
