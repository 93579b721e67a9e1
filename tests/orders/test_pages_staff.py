"""The orders pages of staff: who may open them, what they show, what their buttons do."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from journal.models import Transition
from orders.models import Order, OrderLine, Shipment
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "orders:staff-orders"


def an_order(**line):
    lines = [factories.line(factories.lamp(), factories.OAK, **line)]
    return factories.order(lines, by=factories.customer("Alice"))


def page(order):
    return reverse("orders:staff-order", args=[order.pk])


def do(client, verb, order, **body):
    return client.post(reverse(f"orders:staff-{verb}", args=[order.pk]), body)


def test_a_visitor_is_sent_to_the_login_and_back(client):
    answer = client.get(reverse(LIST))
    assert answer.status_code == 302
    assert answer["Location"] == "/login/?next=/staff/orders/"


@pytest.mark.parametrize(("role", "staff"), [("customer", False), ("operator", True)])
def test_customers_and_operators_may_not_see_orders(signed_in, role, staff):
    client = signed_in(role, staff=staff)
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(page(an_order())).status_code == 403


def test_a_planner_who_is_no_longer_staff_is_refused(signed_in):
    assert signed_in("planner", staff=False).get(reverse(LIST)).status_code == 403


def test_quality_reads_an_order_and_cannot_ship_it(signed_in):
    order = an_order(status="ready")
    client = signed_in("quality")
    shown = client.get(page(order)).content.decode()
    assert "Mark as shipped" not in shown
    line = order.lines.get()
    assert do(client, "ship", order, lines=[line.pk], carrier="DHL").status_code == 403
    assert not Shipment.objects.exists()


def numbers(answer):
    return [order.number for order in answer.context["found"]]


def test_the_list_is_newest_first_without_baskets(signed_in):
    old = factories.order([factories.line()], at=factories.NOW - timedelta(days=1))
    new = factories.order([factories.line()])
    Order.objects.create(status="draft", created_at=factories.NOW)
    assert numbers(signed_in("planner").get(reverse(LIST))) == [new.number, old.number]


def test_filters_live_in_the_address(signed_in):
    late = an_order(committed_date=date(2026, 3, 3))
    held = factories.order([factories.line()], status="on_hold", by=factories.customer("Bob"))
    early = factories.order([factories.line()], at=factories.NOW - timedelta(days=40))
    client = signed_in("planner")

    def found(query):
        return numbers(client.get(reverse(LIST) + query))

    assert found("?late=on") == [late.number]
    assert found("?status=on_hold") == [held.number]
    assert found("?q=bob") == [held.number]
    assert found(f"?q={early.number}") == [early.number]
    assert found("?placed_before=2026-02-01") == [early.number]
    assert found("?placed_after=2026-02-01&status=confirmed") == [late.number]
    assert found("?sort=placed")[0] == early.number


def test_an_order_shows_its_pieces_total_and_last_promise(signed_in):
    order = an_order(quantity=2, committed_date=date(2026, 3, 9), unit_price=135)
    factories.line(
        factories.lamp(), factories.OAK, 3, order=order, position=2, unit_price=10
    ).save()
    [row] = signed_in("planner").get(reverse(LIST)).context["found"]
    assert (row.pieces, row.amount, row.promised) == (5, 300, date(2026, 3, 9))


def test_fifty_orders_cost_as_few_queries_as_one(signed_in, django_assert_max_num_queries):
    for _ in range(50):
        an_order()
    client = signed_in("planner")
    with django_assert_max_num_queries(12):
        assert len(numbers(client.get(reverse(LIST)))) == 50


def test_an_order_of_many_lines_costs_no_more_queries(signed_in, django_assert_max_num_queries):
    order = an_order()
    for position in range(2, 42):
        factories.line(factories.lamp(), factories.OAK, order=order, position=position).save()
    client = signed_in("planner")
    with django_assert_max_num_queries(22):
        client.get(page(order))


def test_no_orders_at_all_tells_what_to_do(signed_in):
    shown = signed_in("planner").get(reverse(LIST)).content.decode()
    assert "No orders yet" in shown
    assert "Open the shop" in shown


def test_shipping_sends_the_chosen_lines_with_carrier_and_code(signed_in):
    order = an_order(status="ready")
    kept = factories.line(factories.lamp(), {}, order=order, position=2, status="ready")
    kept.save()
    line = order.lines.get(position=1)
    body = {"lines": [line.pk], "carrier": "DHL", "tracking_code": "0034"}
    answer = do(signed_in("planner"), "ship", order, **body)
    assert answer["Location"] == page(order)
    parcel = Shipment.objects.get()
    assert (parcel.carrier, parcel.tracking_code, [*parcel.lines.all()]) == ("DHL", "0034", [line])
    kept.refresh_from_db()
    assert kept.status == "ready"
    assert Transition.objects.get(to_status="shipped").by == "staff:planner"


def test_a_parcel_without_carrier_or_lines_is_refused_and_says_why(signed_in):
    order = an_order(status="ready")
    answer = do(signed_in("planner"), "ship", order)
    assert answer.status_code == 422
    assert "Choose at least one position." in answer.content.decode()
    assert not Shipment.objects.exists()


def test_a_line_that_is_not_ready_cannot_be_put_into_a_parcel(signed_in):
    order = an_order(status="in_production")
    answer = do(signed_in("planner"), "ship", order, lines=[order.lines.get().pk], carrier="DHL")
    assert answer.status_code == 422
    assert OrderLine.objects.get().status == "in_production"


def test_an_order_on_hold_sends_nothing(signed_in):
    order = an_order(status="ready")
    Order.objects.update(status="on_hold")
    answer = do(signed_in("planner"), "ship", order, lines=[order.lines.get().pk], carrier="DHL")
    assert answer.status_code == 422
    assert "Nothing was sent." in answer.content.decode()


def test_a_delivered_parcel_closes_the_order(signed_in):
    order = an_order(status="ready")
    client = signed_in("planner")
    do(client, "ship", order, lines=[order.lines.get().pk], carrier="DHL")
    client.post(reverse("orders:staff-deliver", args=[Shipment.objects.get().pk]))
    order.refresh_from_db()
    assert order.status == "closed"


def test_an_order_is_held_with_a_reason_and_goes_on(signed_in):
    order = an_order()
    client = signed_in("planner")
    do(client, "hold", order, why="Alice moves house")
    order.refresh_from_db()
    assert order.status == "on_hold"
    assert "Alice moves house" in client.get(page(order)).content.decode()
    do(client, "resume", order)
    order.refresh_from_db()
    assert order.status == "confirmed"


def test_cancelling_needs_a_reason_and_untouched_work(signed_in):
    order, begun = an_order(), an_order(status="in_production")
    client = signed_in("planner")
    do(client, "cancel", order)
    do(client, "cancel", begun, why="Changed her mind")
    assert set(Order.objects.values_list("status", flat=True)) == {"confirmed"}
    assert "cannot be cancelled any more" in client.get(page(begun)).content.decode()
    do(client, "cancel", order, why="Changed her mind")
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_a_step_that_is_not_possible_says_so_and_changes_nothing(signed_in):
    order = an_order()
    client = signed_in("planner")
    answer = client.post(reverse("orders:staff-resume", args=[order.pk]), follow=True)
    assert "The order has changed meanwhile." in answer.content.decode()


def test_moved_dates_are_listed_with_their_causes(signed_in):
    order = an_order(committed_date=date(2026, 3, 12))
    line = order.lines.get()
    for day, cause in ((9, "First plan"), (12, "It waits for material.")):
        told = date(2026, 3, day)
        line.promises.create(
            p50=told, p90=told, committed_date=told, cause=cause, at=timezone.now()
        )
    shown = signed_in("planner").get(page(order)).content.decode()
    assert "told 2 times" in shown
    assert "It waits for material." in shown


def test_a_basket_is_not_an_order(signed_in):
    basket = Order.objects.create(status="draft", created_at=factories.NOW)
    assert signed_in("planner").get(page(basket)).status_code == 404
