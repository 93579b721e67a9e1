from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.models import Transition
from journal.moving import IllegalStep, Stale, move
from orders import lifecycle
from orders.models import Order, OrderLine, PromiseRevision
from tests.factories import NOW, line, order

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 12)
LATER = date(2026, 3, 20)


def a_line(status="promised", **fields):
    return order([line(status=status, **fields)]).lines.get()


def status_of(row):
    return OrderLine.objects.get(pk=row.pk).status


def promise(row, committed=DAY, cause="First plan", at=NOW):
    return lifecycle.promise(row.pk, committed, committed, committed, cause, by="system", at=at)


def test_the_first_promise_promises_the_line_and_a_slip_is_kept_with_its_cause():
    row = a_line("pending")
    assert promise(row)
    assert status_of(row) == "promised"
    assert not promise(row)  # the same date is no news
    assert promise(row, LATER, "The mill is down", NOW + timedelta(days=1))
    told = PromiseRevision.objects.filter(line=row).values_list("committed_date", "cause")
    assert list(told) == [(DAY, "First plan"), (LATER, "The mill is down")]
    assert OrderLine.objects.get(pk=row.pk).committed_date == LATER


def test_a_shipped_line_keeps_what_it_was_told():
    row = a_line("shipped", committed_date=DAY)
    assert not promise(row, LATER)
    assert OrderLine.objects.get(pk=row.pk).committed_date == DAY


@pytest.mark.parametrize("step", ["planned", "started", "produced", "ready"])
def test_batch_steps_may_be_repeated(step):
    row = a_line()
    verb = getattr(lifecycle, step)
    assert verb([row.pk], by="system", at=NOW) == [row.pk]
    count = Transition.objects.count()
    assert verb([row.pk], by="system", at=NOW) == []
    assert Transition.objects.count() == count


def test_a_step_that_was_skipped_is_written_down_too():
    row = a_line("promised")
    lifecycle.produced([row.pk], by="system", at=NOW)
    steps = Transition.objects.filter(object_id=row.pk).order_by("pk")
    assert [step.to_status for step in steps] == ["planned", "in_production", "produced"]


def test_lines_further_on_and_cancelled_ones_are_left_alone():
    rows = order([line(status=s) for s in ("shipped", "cancelled", "promised")]).lines.all()
    lifecycle.planned([row.pk for row in rows], by="system", at=NOW)
    assert [status_of(row) for row in rows] == ["shipped", "cancelled", "planned"]


def test_a_line_without_a_promise_cannot_be_planned_and_nothing_moves():
    rows = order([line(status="promised"), line(status="pending")]).lines.all()
    with pytest.raises(IllegalStep):
        lifecycle.planned([row.pk for row in rows], by="system", at=NOW)
    assert [status_of(row) for row in rows] == ["promised", "pending"]


def test_a_produced_line_can_be_remade():
    row = a_line("produced")
    lifecycle.remade([row.pk], by="staff:bob", at=NOW, why="Scratched")
    assert status_of(row) == "in_production"


def test_who_saw_an_older_state_changes_nothing():
    seen = a_line("promised")
    lifecycle.planned([seen.pk], by="system", at=NOW)
    with pytest.raises(Stale):
        move(lifecycle.ORDER_LINE, seen, "cancelled", by="staff:bob", at=NOW)
    assert status_of(seen) == "planned"


def test_only_ready_lines_of_a_confirmed_order_are_shipped():
    made = order([line(status="ready"), line(status="produced")])
    first, second = made.lines.all()
    with pytest.raises(lifecycle.NotReady) as refused:
        lifecycle.ship(made.pk, [first.pk, second.pk], "Post", "P1", by="staff:bob", at=NOW)
    assert refused.value.line_ids == [second.pk]
    assert status_of(first) == "ready"
    lifecycle.hold(made.pk, "Unpaid", by="staff:bob", at=NOW)
    with pytest.raises(lifecycle.NotReady):
        lifecycle.ship(made.pk, [first.pk], "Post", "P1", by="staff:bob", at=NOW)


def test_a_parcel_is_sent_once_and_the_order_closes_with_the_last():
    made = order([line(status="ready"), line(status="ready")])
    first, second = made.lines.all()
    parcel = lifecycle.ship(made.pk, [first.pk], "Post", "P1", by="staff:bob", at=NOW)
    assert lifecycle.ship(made.pk, [first.pk], "Post", "P1", by="staff:bob", at=NOW) == parcel
    lifecycle.deliver(parcel.pk, by="system", at=NOW)
    lifecycle.deliver(parcel.pk, by="system", at=NOW)
    assert Order.objects.get(pk=made.pk).status == "confirmed"
    rest = lifecycle.ship(made.pk, [second.pk], "Post", "P2", by="staff:bob", at=NOW)
    lifecycle.deliver(rest.pk, by="system", at=NOW)
    assert Order.objects.get(pk=made.pk).status == "closed"
    assert Transition.objects.filter(to_status="delivered").count() == 2


def test_an_order_of_another_customer_cannot_be_shipped_along():
    mine, theirs = order([line(status="ready")]), order([line(status="ready")])
    with pytest.raises(lifecycle.NotReady):
        lifecycle.ship(mine.pk, [theirs.lines.get().pk], "Post", "P", by="staff:bob", at=NOW)


def test_a_hold_returns_to_where_it_came_from():
    made = order([line()], status="placed")
    lifecycle.hold(made.pk, "Check", by="staff:bob", at=NOW)
    lifecycle.resume(made.pk, by="staff:bob", at=NOW)
    assert Order.objects.get(pk=made.pk).status == "placed"


def test_an_order_is_cancelled_until_something_of_it_is_made():
    made = order([line(status="promised"), line(status="planned")])
    first, second = made.lines.all()
    lifecycle.cancel(made.pk, "Changed my mind", by="customer:1", at=NOW)
    lifecycle.cancel(made.pk, "Changed my mind", by="customer:1", at=NOW)
    assert status_of(first) == status_of(second) == "cancelled"
    begun = order([line(status="planned"), line(status="in_production")])
    with pytest.raises(lifecycle.AlreadyStarted):
        lifecycle.cancel(begun.pk, "Too late", by="customer:1", at=NOW)
    assert status_of(begun.lines.first()) == "planned"


def test_a_line_is_returned_with_its_last_piece():
    row = a_line("delivered", quantity=3)
    lifecycle.take_back(row.pk, 2, "Broken", by="staff:bob", at=NOW)
    assert status_of(row) == "delivered"
    with pytest.raises(IllegalStep):
        lifecycle.take_back(row.pk, 2, "Broken", by="staff:bob", at=NOW)
    lifecycle.take_back(row.pk, 1, "Broken", by="staff:bob", at=NOW)
    assert status_of(row) == "returned"


def step(name, made, row):
    by: Any = {"by": "system", "at": NOW}
    match name:
        case "promise":
            promise(row)
        case "planned" | "started" | "produced" | "ready":
            getattr(lifecycle, name)([row.pk], **by)
        case "remade":
            lifecycle.remade([row.pk], why="", **by)
        case "ship":
            lifecycle.ship(made.pk, [row.pk], "Post", "P", **by)
        case "deliver":
            for parcel in made.shipments.all():
                lifecycle.deliver(parcel.pk, **by)
        case "take_back":
            lifecycle.take_back(row.pk, 1, "", **by)
        case "resume":
            lifecycle.resume(made.pk, **by)
        case "hold" | "cancel":
            getattr(lifecycle, name)(made.pk, "", **by)


VERBS = "promise planned started produced ready remade ship deliver take_back hold resume cancel"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(VERBS.split()), max_size=14))
def test_no_row_of_steps_leaves_the_table(names):
    made = order([line(status="pending")])
    row = made.lines.get()
    for name in names:
        before = (Order.objects.get(pk=made.pk).status, status_of(row))
        try:
            step(name, made, row)
        except (IllegalStep, lifecycle.NotReady, lifecycle.AlreadyStarted):
            assert (Order.objects.get(pk=made.pk).status, status_of(row)) == before
    for cycle, row_id, last in (
        (lifecycle.ORDER, made.pk, Order.objects.get(pk=made.pk).status),
        (lifecycle.ORDER_LINE, row.pk, status_of(row)),
    ):
        history = Transition.objects.filter(kind=cycle.kind, object_id=row_id).order_by("pk")
        at = "confirmed" if cycle is lifecycle.ORDER else "pending"
        for transition in history:
            assert transition.from_status == at
            assert transition.to_status in cycle.steps[at]
            at = transition.to_status
        assert at == last
