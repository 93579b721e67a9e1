"""A later file brings a line of an order that is here: it stands as the order does."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from journal.models import Transition
from orders import lifecycle
from orders.importing import (
    Known,
    find_sources,
    fitting_mapping,
    read_log,
    reason_of,
    sort_lines,
    write_log,
)
from orders.models import Order, OrderLine, Return
from tests.orders.test_importing import HEADER, MAPPINGS

pytestmark = pytest.mark.django_db

NOW = datetime(2011, 12, 20, 9, tzinfo=UTC)
BY: Any = {"by": "staff:alice", "at": NOW}
FIRST = "108,21212,CAKE CASES,12,2011-11-03 12:00,0.65,12345,France\n"
ADDED = "108,85123A,HEART HOLDER,2,2011-11-03 12:00,2.55,12345,France\n"
BACK = "C109,85123A,HEART HOLDER,-2,2011-11-09 12:00,2.55,12345,France\n"
OCTOBER, NOVEMBER, DECEMBER = date(2011, 10, 1), date(2011, 11, 1), date(2011, 12, 1)


@pytest.fixture
def bring(tmp_path):
    """Import lines; orders since a day are still to be made. Returns what was refused."""

    def carried(*lines, since=None):
        path = tmp_path / "log.csv"
        path.write_text(HEADER + "".join(lines))
        mapping = fitting_mapping(find_sources(path)[0].header, MAPPINGS)
        assert mapping
        begin = mapping.begin(since) if since else None
        log = sort_lines(read_log(path, mapping), mapping, here=Known(mapping, begin))
        write_log(log, mapping, open_since=since, now=NOW, progress=lambda lines: None)
        return log.refused.to_dict("records")

    return carried


def stands():
    """The order, and its lines."""
    order = Order.objects.get(number="R108")
    return order.status, list(order.lines.order_by("position").values_list("status", flat=True))


def deliver():
    order = Order.objects.get(number="R108")
    lines = list(order.lines.values_list("pk", flat=True))
    lifecycle.ready(lines, **BY)
    parcel = lifecycle.ship(order.pk, lines, "Post", "P1", **BY)
    lifecycle.deliver(parcel.pk, **BY)


def test_a_line_of_an_order_that_was_delivered_here_is_refused(bring):
    bring(FIRST, since=NOVEMBER)
    deliver()
    steps = Transition.objects.count()
    [line] = bring(FIRST, ADDED, since=NOVEMBER)
    assert (line["line"], line["reason"], line["column"]) == (3, "order_over", "Invoice")
    assert reason_of(line) == (
        "The order is closed or cancelled here. Give these lines an order number of their own."
    )
    assert stands() == ("closed", ["delivered"])
    assert Transition.objects.count() == steps


def test_under_a_number_of_its_own_the_line_is_made(bring):
    bring(FIRST, since=NOVEMBER)
    deliver()
    assert bring(FIRST, ADDED.replace("108", "108-2"), since=NOVEMBER) == []
    assert [str(line.order) for line in OrderLine.objects.open()] == ["R108-2"]


def test_a_line_of_an_order_that_came_as_history_is_refused_where_it_would_be_made(bring):
    bring(FIRST)
    assert [line["reason"] for line in bring(FIRST, ADDED, since=NOVEMBER)] == ["order_over"]
    assert stands() == ("closed", ["delivered"])


@pytest.mark.parametrize("since", [None, DECEMBER])
def test_a_line_of_history_is_history(bring, since):
    bring(FIRST)
    assert bring(FIRST, ADDED, since=since) == []
    assert stands() == ("closed", ["delivered", "delivered"])
    assert not Transition.objects.exists()


@pytest.mark.parametrize("since", [None, OCTOBER, DECEMBER])
def test_a_line_of_an_order_that_is_still_open_here_is_made_with_it(bring, since):
    bring(FIRST, since=NOVEMBER)
    assert bring(FIRST, ADDED, since=since) == []
    assert stands() == ("confirmed", ["promised", "promised"])


@pytest.mark.parametrize("since", [None, NOVEMBER])
def test_a_cancelled_order_takes_no_more_lines(bring, since):
    bring(FIRST, since=NOVEMBER)
    lifecycle.cancel(Order.objects.get().pk, "Not paid", **BY)
    assert [line["reason"] for line in bring(FIRST, ADDED, since=since)] == ["order_over"]
    assert stands() == ("cancelled", ["cancelled"])


def test_what_came_back_of_a_refused_line_waits_with_it(bring):
    bring(FIRST, since=NOVEMBER)
    deliver()
    refused = bring(FIRST, ADDED, BACK, since=NOVEMBER)
    assert [line["reason"] for line in refused] == ["order_over", "sale_refused"]
    assert not Return.objects.exists()


def test_an_order_written_over_midnight_is_one_order(bring):
    before = FIRST.replace("2011-11-03 12:00", "2011-10-31 23:59")
    after = ADDED.replace("2011-11-03 12:00", "2011-11-01 00:01")
    bring(before, after, since=NOVEMBER)
    assert stands() == ("closed", ["delivered", "delivered"])
