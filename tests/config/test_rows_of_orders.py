"""The page of all open orders reads what it shows, finds by words, and saves what was changed."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.sheets import SHOP
from journal.models import Revision
from journal.sheets import Sheet
from orders.configuration import digest
from orders.models import Configuration, Customer, Order, OrderLine
from tests.config.test_editing import inputs
from tests.production.workshop import center, product

pytestmark = pytest.mark.django_db

ADDRESS = reverse("edit-rows", args=["orders"])
DAY = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)  # the second of March in Berlin
CHOICES = (
    {"colour": "red"},
    {"colour": "grün", "engraving": 'a; "b"'},
    {"extras": ["bulb", "usb"], "gift": True},
)


@pytest.fixture
def alice(signed_in):
    return signed_in("admin")


@pytest.fixture
def choices(db):
    made = product("lamp", (center("saw"), {}))
    return [
        Configuration.objects.create(product=made, values=one, digest=digest(one), created_at=DAY)
        for one in CHOICES
    ]


def order(number, choice, *, days=0, **fields):
    made = Order.objects.create(
        number=number,
        external_ref=number,
        source="import",
        status="confirmed",
        created_at=DAY,
        placed_at=DAY + timedelta(days=days),
        **fields,
    )
    OrderLine.objects.create(
        order=made,
        position=1,
        configuration=choice,
        quantity=2,
        unit_price=Decimal("117.5"),
        status="promised",
        committed_date=date(2026, 4, 20),
    )
    return made


def many(choices, start, end):
    for number in range(start, end):
        order(f"A-{number:03}", choices[number % 3], days=number // 10)


def page(client, query=""):
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200
    return answer.content.decode()


def quantity_of(html, ref):
    row = next(part for part in html.split("<tr") if f">{ref} / 1<" in part)
    return re.findall(r'name="(orders-\w+-quantity)"', row)[0]


def test_the_queries_do_not_grow_with_the_orders(alice, choices):
    many(choices, 0, 60)
    queries = ("", "?page=2", "?q=A-0", "?q=sofa")

    def counted(query):
        with CaptureQueriesContext(connection) as seen:
            page(alice, query)
        return len(seen)

    few = [counted(query) for query in queries]
    many(choices, 60, 180)
    assert [counted(query) for query in queries] == few


def test_a_page_in_the_middle_and_the_last_one_follow_the_order_of_the_export(alice, choices):
    many(choices, 0, 120)
    refs = [key[0] for key in SHOP.sheet("orders").load()]
    assert refs == [f"A-{number:03}" for number in range(120)]
    for query, shown, next_one in (("", 0, 50), ("?page=2", 50, 100), ("?page=3", 100, 0)):
        html = page(alice, query)
        assert f">{refs[shown]} / 1<" in html
        assert f">{refs[next_one]} / 1<" not in html
    assert ">A-119 / 1<" in page(alice, "?page=3")


def test_a_search_finds_what_no_first_page_shows(alice, choices):
    many(choices, 0, 110)
    assert ">A-109 / 1<" not in page(alice)
    assert ">A-109 / 1<" in page(alice, "?q=a-109 LAMP")
    assert "No row holds these words." in page(alice, "?q=a-109 sofa")


WORDS = (
    *("a-1", "A-1 red", "lamp", "colour=red", "colour=re", "colour=blue", "our=red"),
    *(
        "grün",
        "GRÜN",
        "colour=grün",
        "extras=bulb,usb",
        "extras=bulb",
        "usb",
        "gift=yes",
        "gift=no",
    ),
    *("engraving", "117.50", "117.5", "17.50", "2", "1", "2026-04-20", "04-2", "2026-03-02"),
    *("2026-03-01", "standard", "and", "10017", "#", "#1", "sofa", "%", "_", "yes"),
)


@pytest.mark.parametrize("query", WORDS)
def test_the_database_finds_the_rows_whose_cells_hold_the_words(choices, query):
    known = Customer.objects.create(name="Alice", external_ref="10017", created_at=DAY)
    guest = Customer.objects.create(name="Bob", created_at=DAY)
    order("A-1", choices[0], customer=known)
    order("A-2", choices[1], customer=guest)
    order("B-1", choices[2], days=3)
    sheet, words = SHOP.sheet("orders"), query.casefold().split()
    assert list(sheet.found(words)) == list(Sheet.found(sheet, words))


def test_saving_from_a_page_touches_only_the_rows_that_were_changed(alice, choices):
    many(choices, 0, 120)
    html = page(alice, "?page=2")
    form = inputs(html)
    for ref in ("A-050", "A-077", "A-099"):
        form[quantity_of(html, ref)] = "7"
    with CaptureQueriesContext(connection) as seen:
        assert alice.post(f"{ADDRESS}?page=2", {**form, "do": "save"}).status_code == 302
    changed = OrderLine.objects.filter(quantity=7).order_by("pk")
    assert [line.order.number for line in changed] == ["A-050", "A-077", "A-099"]
    assert Revision.objects.count() == 3
    read = [q["sql"] for q in seen if 'FROM "orders_orderline"' in q["sql"]]
    assert all('"order_id" IN' in sql or '"id" IN' in sql for sql in read)
    alice.post(reverse("edit-undo"), {"batch": Revision.objects.first().batch})
    assert not OrderLine.objects.filter(quantity=7).exists()


def test_who_saves_second_is_told_and_keeps_the_input(alice, choices):
    many(choices, 0, 3)
    html = page(alice)
    form = inputs(html) | {quantity_of(html, "A-001"): "7"}
    OrderLine.objects.filter(order__number="A-002").update(quantity=5)  # Bob was faster
    answer = alice.post(ADDRESS, {**form, "do": "save"})
    assert answer.status_code == 422
    assert "Somebody changed this meanwhile" in answer.content.decode()
    assert not OrderLine.objects.filter(quantity=7).exists()


def test_a_position_that_was_sent_meanwhile_is_missed(alice, choices):
    many(choices, 0, 3)
    form = inputs(page(alice))
    OrderLine.objects.filter(order__number="A-002").update(status="shipped")
    answer = alice.post(ADDRESS, {**form, "do": "save"})
    assert answer.status_code == 422
    assert "1 row was removed meanwhile" in unescape(answer.content.decode())


@pytest.mark.parametrize("told", ["", "none", "7", "[7]", '["A-001"]', "[[1, 2]]", "null"])
def test_a_form_that_names_no_rows_changes_none(alice, choices, told):
    many(choices, 0, 2)
    form = inputs(page(alice)) | {"rows": told}
    assert alice.post(ADDRESS, {**form, "do": "save"}).status_code == 422
    assert not Revision.objects.exists()
