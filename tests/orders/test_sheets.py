"""Customers, catalogue and open orders as tables."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from config.sheets import SHOP
from journal.models import Delivery, Revision, Transition
from journal.sheets import NotApplied, as_csv, last_batch, undo
from orders import lifecycle
from orders.catalogue import price, sheets
from orders.models import Configuration, ConfigurationRule, Customer, OptionValue, Order, Product
from tests import factories, tables
from tests.tables import told

pytestmark = pytest.mark.django_db

NOW = factories.NOW

FAMILIES = "family,name\nlamps,Lamps\n"
PRODUCTS = "product,name,family,price,name_zh_hans\nLAMP,Lamp,lamps,89,台灯\n"
OPTIONS = """product,option,value,name,kind,required,price,minimum,maximum,default,attributes
LAMP,colour,,Colour,select,,,,,red,
LAMP,colour,red,Red,,,,,,,hex=#c0392b
LAMP,colour,blue,Blue,,,4.50,,,,
LAMP,extras,,Extras,multi,no,,,,,
LAMP,extras,usb,USB,,,9,,,,
LAMP,extras,bulb,Bulb,,,7,,,,
LAMP,width,,Width,number,,0.10,60,120,80,
"""
RULES = """product,rule,kind,when,then,message
LAMP,no-usb,excludes,colour=blue & width=..70,extras=usb,No room.
"""
CUSTOMERS = "customer,name,email\n10017,Alice,alice@example.com\n"
ORDERS = """order,position,customer,product,options,quantity,placed_on,due_on,price
A-1,1,10017,LAMP,"colour=blue; width=80; extras=usb,bulb",2,2026-02-20,2026-03-20,
A-1,2,10017,LAMP,colour=red; width=60,1,2026-02-20,2026-03-20,50
"""
SHOP_FILES = {
    "families": FAMILIES,
    "products": PRODUCTS,
    "options": OPTIONS,
    "rules": RULES,
    "customers": CUSTOMERS,
    "orders": ORDERS,
}


@pytest.fixture
def look(tmp_path):
    return partial(tables.look, tmp_path)


@pytest.fixture
def bring(tmp_path):
    return partial(tables.bring, tmp_path)


def test_a_shop_of_six_tables_stands_after_one_import_and_a_second_changes_nothing(bring, look):
    bring(**SHOP_FILES)
    [sheet] = sheets().values()
    assert [group.code for group in sheet.groups] == ["colour", "extras", "width"]
    values = {"colour": "blue", "width": "80", "extras": ["usb"]}
    # 89 + 4.50 blue + 9 USB + 20 cm beyond 60 at 0.10
    assert price(sheet, values).unit == Decimal("104.50")
    assert Product.objects.get().translations == {"zh-hans": {"name": "台灯"}}
    assert look(**SHOP_FILES).changes == []
    assert Revision.objects.count() == 1 + 1 + 7 + 1 + 1 + 2


def test_what_an_import_made_can_be_taken_back_whole(bring):
    bring(**SHOP_FILES)
    undo(SHOP, last_batch().batch, by="staff:bob", at=NOW)
    for model in (Product, Customer, Order, Configuration, ConfigurationRule):
        assert not model.objects.exists()


def test_open_orders_are_promised_priced_and_told_nobody(bring):
    bring(**SHOP_FILES)
    order = Order.objects.get()
    first, second = order.lines.all()
    assert (order.number, order.status, order.source) == ("A-1", "confirmed", "import")
    # midnight of Berlin
    assert order.placed_at == datetime(2026, 2, 19, 23, 0, tzinfo=UTC)
    assert (first.status, first.committed_date) == ("promised", date(2026, 3, 20))
    # 89 + 4.50 + 9 + 7 + 20 × 0.10; and what the file says
    assert (first.unit_price, second.unit_price) == (Decimal("111.50"), Decimal(50))
    assert first.configuration.values["extras"] == ["bulb", "usb"]
    steps = Transition.objects.filter(kind="order").values_list("from_status", "to_status")
    assert list(steps) == [("", "draft"), ("draft", "placed"), ("placed", "confirmed")]
    assert not Delivery.objects.exists()


def test_an_impossible_configuration_is_refused_with_the_shops_own_words(look):
    bad = ORDERS.replace("colour=blue; width=80", "colour=blue; width=65").replace("red", "green")
    plan = look(**SHOP_FILES | {"orders": bad})
    assert told(plan) == [("orders", 2, "options"), ("orders", 3, "options")]
    assert plan.problems[0].text == "extras: No room."
    assert plan.problems[1].text == "colour: This choice does not exist."


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("A-2,1,77,LAMP,colour=red; width=80,1,2026-02-20,2026-03-20,", "customer"),
        ("A-2,1,10017,DESK,,1,2026-02-20,2026-03-20,", "product"),
        ("A-2,1,10017,LAMP,colour=red; width=80,0,2026-02-20,2026-03-20,", "quantity"),
        ("A-2,1,10017,LAMP,colour=red; width=80,1,,2026-03-20,", "placed_on"),
        ("A-2,1,10017,LAMP,colour=red; width=80,1,2026-02-20,2026-02-01,", "due_on"),
        ("A-2,1,10017,LAMP,colour=red; width=80,1,2026-02-20,,", "due_on"),
        ("A-1,3,,LAMP,colour=red; width=80,1,2026-02-20,2026-03-20,", "customer"),
    ],
)
def test_a_bad_order_is_named_by_its_column(look, row, column):
    plan = look(**SHOP_FILES | {"orders": ORDERS + row + "\n"})
    assert told(plan) == [("orders", 4, column)]


def test_the_day_of_an_open_order_can_move_and_what_was_ordered_cannot(bring, look):
    bring(**SHOP_FILES)
    moved = ORDERS.replace("2026-03-20,\n", "2026-03-25,\n", 1)
    bring(orders=moved)
    line = Order.objects.get().lines.first()
    assert line.committed_date == date(2026, 3, 25)
    assert [told.committed_date.day for told in line.promises.all()] == [20, 25]
    assert told(look(orders=ORDERS.replace("colour=red", "colour=blue"))) == [
        ("orders", 3, "options")
    ]


def test_an_order_that_is_being_made_is_not_changed(bring, look):
    bring(**SHOP_FILES)
    pks = list(Order.objects.get().lines.values_list("pk", flat=True))
    lifecycle.started(pks[:1], by="terminal", at=NOW)
    plan = look(orders=ORDERS.replace("2026-03-20", "2026-03-25"))
    assert [(one.line, one.column) for one in plan.problems] == [(2, "")]
    assert "being made" in plan.problems[0].text
    assert look(orders=ORDERS).changes == []


def test_a_number_that_an_earlier_order_had_is_not_used_again(bring, look):
    bring(**SHOP_FILES)
    Order.objects.update(status="closed")
    assert told(look(**SHOP_FILES)) == [("orders", 2, "order"), ("orders", 3, "order")]


def test_a_customer_of_the_shop_keeps_bill_and_price(look):
    lamp = factories.lamp()
    line = factories.line(lamp, factories.OAK, 2, status="promised")
    made = factories.order([line], by=factories.customer("Alice"))
    assert look(orders=as_csv(SHOP.sheet("orders"))).changes == []
    changed = f"order,position,quantity\n{made.number},1,9\n"
    assert told(look(orders=changed)) == [("orders", 2, "quantity")]


def test_rules_say_what_they_do_not_know(look):
    rules = RULES.replace("colour=blue", "colur=blue").replace("extras=usb", "extras=wifi")
    plan = look(**SHOP_FILES | {"rules": rules, "orders": ORDERS.splitlines()[0] + "\n"})
    assert [(one.column, one.text) for one in plan.problems] == [
        ("when", "LAMP has no option “colur”; it has: colour, extras, width."),
        ("then", "The option “extras” has no value “wifi”; it has: usb, bulb."),
    ]
    unread = look(**SHOP_FILES | {"rules": RULES.replace(" & width=..70", " width")})
    assert "colour=blue width" in unread.problems[0].text or unread.problems[0].column == "when"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("LAMP,size,m,Medium,,,,,,,", "option"),
        ("LAMP,width,wide,Wide,,,,,,,", "value"),
        ("LAMP,size,,Size,,,,,,,", "kind"),
        ("LAMP,size,,Size,number,,,9,1,,", "maximum"),
        ("LAMP,size,,Size,number,,,,,big,", "default"),
        ("LAMP,colour,gold,Gold,,yes,,,,,", "required"),
        ("LAMP,size,,Size,number,,,,,,hex=#fff", "attributes"),
        ("DESK,size,,Size,number,,,,,,", "product"),
    ],
)
def test_a_bad_option_is_named_by_its_column(look, row, column):
    plan = look(families=FAMILIES, products=PRODUCTS, options=OPTIONS + row + "\n")
    assert ("options", 9, column) in told(plan)


def test_an_answer_that_was_ordered_or_that_a_rule_names_stays(bring, look):
    bring(**SHOP_FILES)
    plan = look(options="product,option,value,remove\nLAMP,colour,blue,yes\nLAMP,extras,bulb,yes\n")
    assert [(one.line, one.column) for one in plan.problems] == [
        (2, "remove"),
        (2, "remove"),
        (3, "remove"),
        (3, "remove"),
    ]
    texts = " ".join(one.text for one in plan.problems)
    assert texts.count("It is named in the sheet") == 2
    assert "Write no in active instead" in texts
    bring(options="product,option,value,active\nLAMP,colour,blue,no\n")
    assert not OptionValue.objects.get(code="blue").active


def test_a_rule_without_a_name_gets_one_that_stays(bring):
    lamp = factories.lamp()
    names = [key[1] for key in SHOP.sheet("rules").load()]
    assert names == ["rule-1", "rule-2", "rule-3"]
    bring(rules="product,rule,remove\nLAMP,rule-1,yes\n")
    assert list(lamp.rules.order_by("pk").values_list("code", flat=True)) == ["rule-2", "rule-3"]


def test_erased_persons_are_neither_taken_out_nor_written_again(look):
    factories.customer("Bob", external_ref="20", anonymised_at=NOW)
    assert SHOP.sheet("customers").load() == {}
    plan = look(customers="customer,name\n20,Bob again\n")
    assert told(plan) == [("customers", 2, "customer")]
    assert "were erased" in plan.problems[0].text


def test_customers_of_the_web_shop_are_known_by_a_number_of_their_own(bring):
    alice = factories.customer("Alice")
    bring(customers=f"customer,phone\n#{alice.pk},555\n")
    alice.refresh_from_db()
    assert (alice.phone, alice.external_ref) == ("555", None)


def test_a_bad_address_of_a_mail_is_named(look):
    plan = look(customers="customer,name,email\n1,Alice,alice@\n2,,bob@example.com\n")
    assert told(plan) == [("customers", 2, "email"), ("customers", 3, "name")]


def test_a_product_with_orders_stays_and_one_without_may_go(bring, look):
    bring(**SHOP_FILES)
    gone = "product,remove\nLAMP,yes\n"
    assert "configurations" in look(products=gone).problems[-1].text
    bring(products="product,name,family,price\nDESK,Desk,lamps,10\n")
    bring(products="product,remove\nDESK,yes\n")
    assert list(Product.objects.values_list("sku", flat=True)) == ["LAMP"]


def test_an_order_that_is_in_the_plan_cannot_be_taken_back(bring):
    batch = bring(**SHOP_FILES)
    lifecycle.planned(
        list(Order.objects.get().lines.values_list("pk", flat=True)), by="planner", at=NOW
    )
    with pytest.raises(NotApplied, match="It is in the plan"):
        undo(SHOP, batch, by="staff:bob", at=NOW + timedelta(days=1))
    assert Order.objects.exists()


def test_five_hundred_rows_ask_the_database_as_often_as_ten(
    bring, look, django_assert_max_num_queries, django_assert_num_queries
):
    bring(**SHOP_FILES)

    def rows(count):
        return {
            "products": PRODUCTS + "".join(f"P{n},Product,lamps,{n}.00,\n" for n in range(count)),
            "orders": ORDERS
            + "".join(
                f"B-{n},1,10017,LAMP,colour=red; width=80,1,2026-02-20,2026-03-20,\n"
                for n in range(count)
            ),
        }

    with django_assert_max_num_queries(40) as ten:
        look(**rows(10))
    with django_assert_num_queries(len(ten.captured_queries)):
        plan = look(**rows(490))
    assert len(plan.changes) == 980


def test_an_answer_to_a_question_of_no_kind_is_no_crash(look):
    orders = ORDERS.replace("colour=red; width=60", "colour=red; width=60; size=3")
    plan = look(**SHOP_FILES | {"options": OPTIONS + "LAMP,size,,Size,,,,,,,\n", "orders": orders})
    assert ("options", 9, "kind") in told(plan)


def test_a_limit_that_is_no_number_is_named(look):
    plan = look(**SHOP_FILES | {"rules": RULES.replace("..70", "small..70")})
    assert told(plan) == [("rules", 2, "when")]
