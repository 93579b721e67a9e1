"""The lists of orders, products and customers: found, sorted, kept as views, taken as files."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from config import roles
from journal.lists import exporting, paging, saving
from journal.models import SavedView
from orders import collecting
from orders.models import Customer, Order
from orders.views.customers import Spent
from tests import factories
from tests.spreadsheets import csv_rows, xlsx_cells

pytestmark = pytest.mark.django_db
ORDERS, PRODUCTS, CUSTOMERS = (f"/staff/{name}/" for name in ("orders", "products", "customers"))


@pytest.fixture
def person(db):
    def make(name, role="planner"):
        roles.ensure()
        user = get_user_model().objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def alice(client, person):
    client.force_login(person("alice"))
    return client


def an_order(name="Alice", **fields):
    return factories.order([factories.line()], by=factories.customer(name), **fields)


def shown(client, address):
    return list(client.get(address).context["found"])


def text(client, address):
    return client.get(address).content.decode()


# Finding and sorting


@pytest.mark.parametrize(
    ("sort", "upwards"),
    [
        ("number", "A1 A2 A3 A4 A5"),
        ("customer", "A3 A4 A1 A2 A5"),
        ("status", "A4 A2 A5 A1 A3"),  # of one status the newest first
        ("placed", "A5 A2 A4 A1 A3"),
        ("promised", "A4 A3 A5 A1 A2"),
    ],
)
def test_a_column_sorts_both_ways_over_every_page(alice, sort, upwards, monkeypatch):
    monkeypatch.setattr(paging, "A_PAGE", 2)
    for number, name, status, hour, day in (
        ("A1", "Bob", "on_hold", 4, 12),
        ("A2", "Carol", "confirmed", 2, 13),
        ("A3", "Alice", "placed", 5, 10),
        ("A4", "Beth", "confirmed", 3, 9),
        ("A5", "Dan", "confirmed", 1, 11),
    ):
        wanted = factories.line(committed_date=date(2026, 3, day))
        at = factories.NOW + timedelta(hours=hour)
        made = factories.order([wanted], by=factories.customer(name), at=at, status=status)
        Order.objects.filter(pk=made.pk).update(number=number)

    def everything(address):
        return [one.number for page in (1, 2, 3) for one in shown(alice, f"{address}&page={page}")]

    assert everything(f"{ORDERS}?sort={sort}") == upwards.split()
    assert everything(f"{ORDERS}?sort=-{sort}") == upwards.split()[::-1]


def test_orders_that_nobody_waits_for_come_after_those_with_a_promised_date(alice):
    ninth = date(2026, 3, 9)
    closed = factories.order([factories.line(committed_date=ninth)], status="closed")
    late = factories.order([factories.line(committed_date=date(2026, 3, 20))])
    early = factories.order([factories.line(committed_date=ninth)])
    assert shown(alice, f"{ORDERS}?sort=promised") == [early, late, closed]
    assert shown(alice, f"{ORDERS}?sort=-promised") == [late, early, closed]


def test_a_column_that_nobody_can_sort_by_leaves_the_usual_order(alice):
    old, new = an_order(), an_order(at=factories.NOW + timedelta(days=1))
    for nonsense in ("total", "pieces", "customer__user__password", "-"):
        assert shown(alice, f"{ORDERS}?sort={nonsense}") == [new, old]


def test_a_day_ends_at_midnight_of_the_plant(alice, settings):
    settings.PLANT_TIME_ZONE = "Europe/Berlin"
    evening = an_order(at=datetime(2026, 3, 2, 22, 59, tzinfo=UTC))  # 23:59 in Berlin
    night = an_order(at=datetime(2026, 3, 2, 23, 1, tzinfo=UTC))  # 0:01 on the third
    assert shown(alice, f"{ORDERS}?placed_before=2026-03-02") == [evening]
    assert shown(alice, f"{ORDERS}?placed_after=2026-03-03") == [night]


def test_a_filter_that_makes_no_sense_says_so_and_hides_nothing(alice):
    order = an_order()
    answer = alice.get(f"{ORDERS}?placed_after=soon")
    assert answer.context["found"] == [order]
    assert "Enter a valid date." in answer.content.decode()


def test_a_sort_survives_a_new_filter_and_a_filter_survives_a_sort(alice):
    an_order("Bob")
    page = text(alice, f"{ORDERS}?q=bob&sort=customer")
    assert '<input type="hidden" name="sort" value="customer"' in page
    assert 'href="?q=bob&amp;sort=-customer"' in page
    assert 'aria-sort="ascending"' in page


def test_more_rows_than_anybody_turns_pages_for_are_not_counted(alice, monkeypatch):
    monkeypatch.setattr(paging, "MOST_SHOWN", 3)
    monkeypatch.setattr("journal.lists.pages.MOST_SHOWN", 3)
    for _ in range(3):
        an_order()
    page = text(alice, ORDERS)
    assert "3 rows" in page
    assert "More than" not in page
    an_order()
    page = text(alice, ORDERS)
    assert "More than 3 rows" in page
    assert len(shown(alice, ORDERS)) == 3


def test_products_are_found_by_family_sale_policy_and_words(alice):
    lamp = factories.product("LAMP", make_policy="MTS", base_price=Decimal("5.00"))
    desk = factories.product("DESK", family=factories.family("tables"))
    gone = factories.product("OLD", sold_until=timezone.localdate() - timedelta(days=1))
    factories.order([factories.line(lamp, quantity=4), factories.line(lamp, quantity=3)])
    assert shown(alice, PRODUCTS) == [desk, lamp, gone]
    assert shown(alice, f"{PRODUCTS}?family=tables") == [desk]
    assert shown(alice, f"{PRODUCTS}?sold=no") == [gone]
    assert shown(alice, f"{PRODUCTS}?sold=yes") == [desk, lamp]
    assert shown(alice, f"{PRODUCTS}?policy=MTS") == [lamp]
    assert shown(alice, f"{PRODUCTS}?q=des") == [desk]
    assert shown(alice, f"{PRODUCTS}?sort=price")[0] == lamp
    assert [one.open_pieces for one in shown(alice, PRODUCTS)] == [0, 7, 0]


def test_customers_show_how_often_and_when_they_ordered(alice):
    bob, carol = factories.customer("Bob", country="France"), factories.customer("Carol")
    for days in (1, 5):
        factories.order([factories.line()], by=carol, at=factories.NOW + timedelta(days=days))
    Order.objects.create(status="draft", customer=carol, created_at=factories.NOW)
    first, second = shown(alice, CUSTOMERS)
    assert (first, first.orders_placed, first.last_order) == (bob, 0, None)
    assert (second, second.orders_placed) == (carol, 2)
    assert second.last_order == factories.NOW + timedelta(days=5)
    assert shown(alice, f"{CUSTOMERS}?sort=orders") == [bob, carol]
    assert shown(alice, f"{CUSTOMERS}?sort=-orders") == [carol, bob]
    assert shown(alice, f"{CUSTOMERS}?sort=last") == [carol, bob]
    assert shown(alice, f"{CUSTOMERS}?country=France") == [bob]
    assert shown(alice, f"{CUSTOMERS}?ordered_after=2026-03-07") == [carol]
    assert shown(alice, f"{CUSTOMERS}?quiet_since=2026-03-07") == [bob]
    assert shown(alice, f"{CUSTOMERS}?q=carol@") == [carol]


@pytest.mark.parametrize("address", [ORDERS, PRODUCTS, CUSTOMERS])
def test_sixty_rows_cost_as_many_queries_as_five(
    alice, address, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(paging, "A_PAGE", 60)

    def some(count):
        for _ in range(count):
            lamp = factories.product(f"LAMP-{Order.objects.count()}")
            buyer = factories.customer(f"Customer {Order.objects.count()}")
            factories.order([factories.line(lamp), factories.line(lamp)], by=buyer)

    some(5)
    alice.get(address)
    for more, expected in ((0, 5), (55, 60)):
        some(more)
        # session, user, two for permissions, ids, rows, views; the options of a filter
        with django_assert_num_queries({ORDERS: 7, PRODUCTS: 8, CUSTOMERS: 8}[address]):
            assert len(shown(alice, address)) == expected


# Who may see it


@pytest.mark.parametrize("address", [ORDERS, PRODUCTS, CUSTOMERS])
def test_an_operator_reads_no_list_and_takes_no_file(client, person, address):
    client.force_login(person("olga", "operator"))
    for query in ("", "?as=csv", "?as=xlsx"):
        assert client.get(address + query).status_code == 403
    assert client.post(address, {"name": "Mine", "query": ""}).status_code == 403
    assert not SavedView.objects.exists()


def test_a_customer_has_a_page_with_orders_spend_and_consent(alice):
    bob = factories.customer("Bob", country="France")
    lines = [
        factories.line(quantity=2, unit_price=Decimal("10.50")),
        factories.line(quantity=1, unit_price=Decimal("100"), status="cancelled"),
    ]
    order = factories.order(lines, by=bob)
    subject = collecting.subject_of_customer(bob.pk)
    collecting.give_consent(subject, "measure", factories.NOW)
    collecting.give_consent(
        collecting.subject_of_customer(bob.pk + 1), "personalise", factories.NOW
    )
    answer = alice.get(f"{CUSTOMERS}{bob.pk}/")
    page = answer.content.decode()
    assert answer.context["spent"] == [Spent("EUR", Decimal("21.00"), 2)]
    assert order.number in page
    assert "Measure how the shop is used" in page
    assert "Suggest what fits me" not in page
    assert alice.get(f"{CUSTOMERS}{bob.pk + 1}/").status_code == 404


def test_a_customer_page_is_closed_to_operators_and_customers(client, person):
    bob = factories.customer("Bob")
    himself = get_user_model().objects.create_user("bob")
    for somebody in (person("olga", "operator"), himself):
        client.force_login(somebody)
        assert client.get(f"{CUSTOMERS}{bob.pk}/").status_code == 403


# Files


def test_a_file_holds_exactly_the_filtered_rows_in_the_sorted_order(alice, monkeypatch):
    monkeypatch.setattr(exporting, "AT_A_TIME", 2)
    held = [an_order(name, status="on_hold") for name in ("Carol", "Alice", "Bob", "Dan", "Eve")]
    an_order("Frank")
    asked = f"{ORDERS}?status=on_hold&sort=-customer"
    by_name = sorted(held, key=lambda one: one.customer.name, reverse=True)
    wanted = [order.number for order in by_name]
    assert [one.number for one in shown(alice, asked)] == wanted
    header, *rows = csv_rows(alice.get(f"{asked}&as=csv&page=2"))
    assert header[:3] == ["Number", "Customer", "State"]
    assert [row[0] for row in rows] == wanted
    cells = xlsx_cells(alice.get(f"{asked}&as=xlsx"))
    assert [cells[f"A{row}"][1] for row in range(2, 7)] == wanted
    assert "A7" not in cells


def test_a_csv_file_is_chinese_to_excel_and_numbers_are_plain(alice):
    buyer = factories.customer("李雷", email="")
    wanted = factories.line(
        quantity=1200, unit_price=Decimal("1.50"), committed_date=date(2026, 3, 9)
    )
    factories.order([wanted], by=buyer, currency="CNY")
    answer = alice.get(f"{ORDERS}?as=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="orders-')
    header, row = csv_rows(answer)
    told = dict(zip(header, row, strict=True))
    assert told["Customer"] == "李雷"
    assert told["Placed (Europe/Berlin)"] == "2026-03-02 10:00:00"
    assert told["Promised date"] == "2026-03-09"
    assert (told["Pieces"], told["Total"], told["Currency"]) == ("1200", "1800.00", "CNY")
    assert told["State"] == "Confirmed"


def test_an_xlsx_file_has_true_numbers_and_dates(alice):
    wanted = factories.line(
        quantity=1200, unit_price=Decimal("1.50"), committed_date=date(2026, 3, 9)
    )
    factories.order([wanted], by=factories.customer("Alice"))
    cells = xlsx_cells(alice.get(f"{ORDERS}?as=xlsx"))
    # days since 1899-12-30, as Excel counts: 2026-03-02 is 46083; 10:00 is 10/24 of a day
    assert float(cells["D2"][1]) == pytest.approx(46083 + 10 / 24)
    assert cells["D2"][0::2] == ("number", "yyyy-mm-dd hh:mm")
    assert cells["E2"] == ("number", "46090", "yyyy-mm-dd")
    assert cells["F2"] == ("number", "1200", "1")  # Excel's own format 1 is "0"
    assert cells["G2"] == ("number", "1800.00", "#,##0.00")


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")', "＝1"],
)
def test_a_name_that_is_a_formula_stays_a_name(alice, name):
    Customer.objects.create(name=name, created_at=factories.NOW)
    _header, row = csv_rows(alice.get(f"{CUSTOMERS}?as=csv"))
    assert row[0] == f"'{name}"
    kind, written, shown_as = xlsx_cells(alice.get(f"{CUSTOMERS}?as=xlsx"))["A2"]
    assert (kind, shown_as) == ("text", "quoted")
    assert written.replace("_x000D_", "\r") == name


def test_a_negative_number_is_no_formula():
    assert not exporting.is_risky(Decimal("-5"))
    assert not exporting.is_risky("A-1")


def test_too_many_rows_for_one_xlsx_file_are_refused_and_csv_is_offered(alice, monkeypatch):
    monkeypatch.setattr(exporting, "MOST_ROWS", 2)
    for _ in range(3):
        an_order("Bob")
    answer = alice.get(f"{ORDERS}?q=bob&as=xlsx", follow=True)
    assert answer.redirect_chain == [(f"{ORDERS}?q=bob", 302)]
    assert "Take CSV" in answer.content.decode()
    assert "1,048,576" in answer.content.decode()
    assert len(csv_rows(alice.get(f"{ORDERS}?q=bob&as=csv"))) == 4


def test_a_file_of_filters_that_make_no_sense_is_not_made(alice):
    an_order()
    answer = alice.get(f"{ORDERS}?placed_after=soon&as=csv")
    assert answer["Content-Type"].startswith("text/html")


def test_a_file_costs_as_few_queries_for_sixty_rows_as_for_five(alice, django_assert_num_queries):
    for _ in range(5):
        an_order()
    for more in (0, 55):
        for _ in range(more):
            an_order()
        with django_assert_num_queries(6):
            csv_rows(alice.get(f"{ORDERS}?as=csv"))


def test_a_file_speaks_the_language_of_its_reader(alice, person):
    an_order()
    get_user_model().objects.update(language="zh-hans")
    header, row = csv_rows(alice.get(f"{ORDERS}?as=csv"))
    assert (header[0], row[2]) == ("编号", "已确认")


@pytest.mark.filterwarnings("error")  # Django warns where it collects the whole file first
def test_an_asynchronous_server_sends_a_file_in_pieces_too():
    made = []

    def pieces():
        for text in ("first", "second"):
            made.append(text)
            yield text

    async def sent():
        return [(piece, len(made)) async for piece in exporting.Streamed(pieces())]

    with ThreadPoolExecutor(1) as thread:  # in this one a browser test may have left a loop
        told = thread.submit(asyncio.run, sent()).result()
    assert told == [(b"first", 1), (b"second", 2)]


# Kept views


def keep(client, address, **body):
    return client.post(address, {"name": "Held up", **body}, follow=True)


def test_a_view_is_kept_under_a_name_and_opens_with_its_filters(alice):
    held = an_order("Bob", status="on_hold")
    an_order("Carol")
    answer = keep(alice, ORDERS, query="status=on_hold&sort=customer&page=3&q=")
    view = SavedView.objects.get()
    assert (view.listing, view.query) == ("orders", "sort=customer&status=on_hold")
    assert answer.redirect_chain == [(f"{ORDERS}?{view.query}", 302)]
    assert answer.context["found"] == [held]
    page = text(alice, ORDERS)
    assert f'href="?{view.query.replace("&", "&amp;")}"' in page
    assert "Held up" not in text(alice, PRODUCTS)


def test_a_name_that_is_used_again_replaces_the_earlier_view(alice):
    keep(alice, ORDERS, query="status=on_hold")
    keep(alice, ORDERS, query="late=on")
    assert [view.query for view in SavedView.objects.all()] == ["late=on"]


def test_a_view_without_a_name_is_not_kept(alice):
    assert "not kept" in keep(alice, ORDERS, name=" ", query="late=on").content.decode()
    assert "not kept" in keep(alice, ORDERS, name="x" * 61, query="late=on").content.decode()
    assert not SavedView.objects.exists()


def test_a_view_is_renamed_and_deleted_by_its_owner(alice):
    keep(alice, ORDERS, query="late=on")
    view = SavedView.objects.get()
    keep(alice, ORDERS, action="change", view=view.pk, name="Too late")
    assert SavedView.objects.get().name == "Too late"
    keep(alice, ORDERS, action="delete", view=view.pk)
    assert not SavedView.objects.exists()


def test_two_views_of_a_person_cannot_have_one_name(alice):
    keep(alice, ORDERS, query="late=on")
    keep(alice, ORDERS, query="status=on_hold", name="Other")
    other = SavedView.objects.get(name="Other")
    answer = keep(alice, ORDERS, action="change", view=other.pk)
    assert "another view of this name" in answer.content.decode()
    assert SavedView.objects.filter(name="Other").exists()


def test_a_view_of_ones_own_is_nobody_elses(alice, person, client):
    keep(alice, ORDERS, query="late=on")
    view = SavedView.objects.get()
    client.force_login(person("bob"))
    assert "Held up" not in text(client, ORDERS)
    assert keep(client, ORDERS, action="delete", view=view.pk).status_code == 404
    assert SavedView.objects.exists()


def test_a_planner_shares_a_view_and_everybody_who_reads_the_list_sees_it(alice, person, client):
    keep(alice, ORDERS, query="late=on", shared="on")
    view = SavedView.objects.get()
    assert view.shared
    client.force_login(person("quentin", "quality"))
    assert "Held up" in text(client, ORDERS)
    answer = keep(client, ORDERS, action="delete", view=view.pk)
    assert "Only who made this view" in answer.content.decode()
    assert SavedView.objects.exists()
    client.force_login(person("bob"))
    keep(client, ORDERS, action="delete", view=view.pk)
    assert not SavedView.objects.exists()  # who may share looks after what is shared


def test_who_may_not_share_keeps_views_only_for_themselves(client, person):
    client.force_login(person("quentin", "quality"))
    assert "For all staff" not in text(client, f"{ORDERS}?late=on")
    keep(client, ORDERS, query="late=on", shared="on")
    assert not SavedView.objects.exists()
    keep(client, ORDERS, query="late=on")
    view = SavedView.objects.get()
    assert not view.shared
    keep(client, ORDERS, action="change", view=view.pk, shared="on")
    assert not SavedView.objects.get().shared
    with pytest.raises(saving.NotYours):
        saving.change(view.user, view, "Held up", shared=True)


def test_who_may_share_is_asked_whether_a_view_is_for_all(alice):
    assert "For all staff" in text(alice, f"{ORDERS}?late=on")
