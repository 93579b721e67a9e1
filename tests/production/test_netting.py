from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import lifecycle as order_lines
from orders.models import OptionGroup
from production import netting
from production.alone import PlanningUnderWay, planning_alone
from production.models import Job, Pegging, WorkOrder
from production.netting import whole_pieces
from tests.production.workshop import (
    MONDAY,
    NEXT_MONDAY,
    NOW,
    center,
    forecast,
    line,
    product,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp():
    return product("lamp", (center(), {}))


def work_orders():
    return sorted(WorkOrder.objects.exclude(status="cancelled").values_list("status", "quantity"))


def test_an_open_line_becomes_a_firm_work_order_pegged_to_it(lamp):
    alices = line(lamp, 3)
    assert netting.run(NOW).made == 1
    order = WorkOrder.objects.get()
    assert (order.status, order.quantity) == ("firmed", 3)
    assert order.pegging.get().order_line == alices


def test_work_is_due_three_days_before_delivery(lamp):
    line(lamp, due=date(2026, 3, 20))
    netting.run(NOW)
    # Finished by the end of 17 March.
    assert WorkOrder.objects.get().due.isoformat() == "2026-03-18T00:00:00+00:00"


def test_netting_twice_changes_nothing(lamp):
    line(lamp, 3)
    forecast({(lamp, NEXT_MONDAY): 5.0})
    netting.run(NOW)
    before = list(WorkOrder.objects.order_by("pk").values())
    again = netting.run(NOW)
    assert (again.made, again.foreseen, again.resized, again.cancelled) == (0, 0, 0, 0)
    assert list(WorkOrder.objects.order_by("pk").values()) == before


def test_the_same_choice_due_in_one_week_is_made_together(lamp):
    line(lamp, 2, due=date(2026, 3, 16))
    line(lamp, 3, due=date(2026, 3, 20), who="Bob")
    line(lamp, 4, due=date(2026, 3, 23), who="Bob")
    netting.run(NOW)
    assert work_orders() == [("firmed", 4), ("firmed", 5)]


def test_different_choices_are_made_apart():
    lamp = product("lamp", (center(), {}), colours=("red", "blue"))
    line(lamp, values={"colour": "red"})
    line(lamp, values={"colour": "blue"})
    netting.run(NOW)
    assert len(work_orders()) == 2


def test_a_batch_is_no_larger_than_its_steps_allow():
    lamp = product("lamp", (center(), {"batch_max": 4}))
    line(lamp, 3)
    line(lamp, 6)
    netting.run(NOW)
    assert work_orders() == [("firmed", 1), ("firmed", 4), ("firmed", 4)]
    assert sum(Pegging.objects.values_list("quantity", flat=True)) == 9


def test_only_new_lines_get_new_work_orders(lamp):
    line(lamp, 3)
    netting.run(NOW)
    line(lamp, 2)
    assert netting.run(NOW).made == 1
    assert work_orders() == [("firmed", 2), ("firmed", 3)]


def test_a_line_ordered_later_is_not_known_yet(lamp):
    line(lamp, placed=NOW + timedelta(hours=1))
    assert netting.run(NOW).made == 0


def test_a_product_without_routing_is_refused_and_the_rest_is_made(lamp):
    mug = line(product("mug"))
    line(lamp)
    done = netting.run(NOW)
    assert done.made == 1
    [refused] = done.refused
    assert (refused.code, refused.line_ids) == ("no_routing", (mug.pk,))


def test_a_cancelled_order_takes_its_work_order_along(lamp):
    alices = line(lamp)
    netting.run(NOW)
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:bob", at=NOW)
    later = NOW + timedelta(hours=1)
    assert netting.run(later).cancelled == 1
    assert work_orders() == []
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_cancelled_order_leaves_the_others_of_its_batch(lamp):
    alices = line(lamp, 2)
    line(lamp, 3, who="Bob")
    netting.run(NOW)
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:bob", at=NOW)
    assert netting.run(NOW + timedelta(hours=1)).resized == 1
    assert work_orders() == [("firmed", 3)]
    assert Job.objects.get().run_minutes == 30


def test_work_that_has_begun_is_left_alone(lamp):
    alices = line(lamp)
    netting.run(NOW)
    Job.objects.update(status="running")
    WorkOrder.objects.update(status="in_progress")
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:bob", at=NOW)
    netting.run(NOW + timedelta(hours=1))
    assert work_orders() == [("in_progress", 1)]


def test_the_forecast_holds_capacity_without_being_firm(lamp):
    forecast({(lamp, NEXT_MONDAY): 5.0})
    assert netting.run(NOW).foreseen == 1
    order = WorkOrder.objects.get()
    assert (order.status, order.quantity, order.weight) == ("planned", 5, 1)
    assert order.pegging.get().forecast_week == NEXT_MONDAY


def test_orders_of_the_week_consume_its_forecast(lamp):
    line(lamp, 3)
    forecast({(lamp, MONDAY): 5.0})
    netting.run(NOW)
    assert work_orders() == [("firmed", 3), ("planned", 2)]


def test_more_orders_than_foreseen_leave_no_forecast(lamp):
    line(lamp, 9)
    forecast({(lamp, MONDAY): 5.0})
    netting.run(NOW)
    assert work_orders() == [("firmed", 9)]


def test_a_new_forecast_replaces_the_one_before(lamp):
    forecast({(lamp, NEXT_MONDAY): 5.0}, as_of=NOW - timedelta(days=1))
    netting.run(NOW - timedelta(days=1))
    forecast({(lamp, NEXT_MONDAY): 8.0})
    assert netting.run(NOW).resized == 1
    assert work_orders() == [("planned", 8)]
    assert Pegging.objects.get().quantity == 8


def test_a_week_that_is_over_is_no_longer_foreseen(lamp):
    forecast({(lamp, MONDAY): 5.0})
    netting.run(NOW)
    assert netting.run(NOW + timedelta(days=7)).cancelled == 1
    assert work_orders() == []


def test_the_forecast_is_made_in_the_most_likely_choice():
    lamp = product("lamp", (center(), {"setup_by": ["colour"]}), colours=("red", "blue"))
    shares = [(lamp, "colour", "red", 0.3), (lamp, "colour", "blue", 0.7)]
    forecast({(lamp, NEXT_MONDAY): 5.0}, shares=shares)
    netting.run(NOW)
    assert WorkOrder.objects.get().configuration.values == {"colour": "blue"}
    assert Job.objects.get().setup_family == "blue"


def test_a_second_planner_is_told_that_one_is_at_work(lamp):
    line(lamp)
    with planning_alone(), pytest.raises(PlanningUnderWay):
        netting.run(NOW)
    assert work_orders() == []
    assert netting.run(NOW).made == 1


def test_fractions_are_carried_from_week_to_week():
    weeks = [MONDAY + timedelta(weeks=n) for n in range(4)]
    pieces = whole_pieces((1, week, 0.5) for week in weeks)
    # 0.5, 1.0, 1.5, 2.0 rounded half up: 1, 1, 2, 2
    assert pieces == {(1, weeks[0]): 1, (1, weeks[2]): 1}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    quantities=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    foreseen=st.floats(0, 20),
    batch=st.one_of(st.none(), st.integers(1, 6)),
    gone=st.integers(0, 4),
)
def test_pegging_supply_and_demand_are_always_equal(quantities, foreseen, batch, gone, request):
    name = f"shop{abs(hash((tuple(quantities), foreseen, batch, gone)))}"
    lamp = product(name, (center(name), {"batch_max": batch}))
    lines = [
        line(lamp, quantity, due=MONDAY + timedelta(days=9 * n))
        for n, quantity in enumerate(quantities)
    ]
    forecast({(lamp, NEXT_MONDAY): foreseen})
    netting.run(NOW, product_ids=[lamp.pk])
    cancelled = lines[gone % len(lines)]
    order_lines.cancel(cancelled.order_id, "gone", by="staff:bob", at=NOW)
    netting.run(NOW + timedelta(minutes=1), product_ids=[lamp.pk])
    mine = WorkOrder.objects.filter(configuration__product=lamp).exclude(status="cancelled")
    for order in mine:
        assert sum(order.pegging.values_list("quantity", flat=True)) == order.quantity
        assert set(order.jobs.values_list("quantity", flat=True)) == {order.quantity}
    for one in lines:
        wanted = 0 if one == cancelled else one.quantity
        pegs = Pegging.objects.filter(work_order__in=mine, order_line=one)
        assert sum(pegs.values_list("quantity", flat=True)) == wanted


def test_the_forecasts_work_orders_keep_to_the_batch_that_a_step_allows():
    lamp = product("lamp", (center(), {"batch_max": 10}))
    forecast({(lamp, MONDAY): 23.0})
    netting.run(NOW)
    assert sorted(order.quantity for order in WorkOrder.objects.all()) == [3, 10, 10]
    again = netting.run(NOW)
    assert (again.foreseen, again.resized, again.cancelled) == (0, 0, 0)


def test_a_text_that_nobody_can_foresee_does_not_keep_a_product_from_the_forecast():
    lamp = product("lamp", (center(), {}))
    OptionGroup.objects.create(product=lamp, code="name", name="Name", kind="text", maximum=20)
    OptionGroup.objects.create(product=lamp, code="day", name="Day", kind="date")
    forecast({(lamp, MONDAY): 4.0})
    netted = netting.run(NOW)
    assert (netted.foreseen, netted.refused) == (1, ())


def test_foreseen_work_is_due_when_its_customers_will_want_it():
    lamp = product("lamp", (center(), {}))
    for _ in range(3):  # asked for on the Monday, wanted ten days later
        line(lamp, due=MONDAY + timedelta(days=10))
    forecast({(lamp, NEXT_MONDAY): 5.0})
    netting.run(NOW)
    [order] = WorkOrder.objects.filter(status="planned")
    assert order.due.date() == NEXT_MONDAY + timedelta(days=7 + 10)


def test_foreseen_work_is_due_anew_when_its_customers_allow_another_time():
    lamp = product("lamp", (center(), {}))
    forecast({(lamp, NEXT_MONDAY): 5.0})
    line(lamp, due=MONDAY + timedelta(days=10))
    netting.run(NOW)
    for _ in range(2):  # now two of three want it in four days
        line(lamp, due=MONDAY + timedelta(days=4))
    assert netting.run(NOW).resized == 1
    [order] = WorkOrder.objects.filter(status="planned")
    assert (order.quantity, order.due.date()) == (5, NEXT_MONDAY + timedelta(days=7 + 4))
