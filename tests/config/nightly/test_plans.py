"""A plan stands only where planning again would give the same."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config import cycle
from orders import lifecycle
from orders.models import (
    OrderLine,
)
from production.models import (
    CalendarException,
    Machine,
    Operation,
    Pegging,
    Plan,
    PlanEntry,
    Routing,
    SetupRule,
    WorkOrder,
)
from tests.config.nightly.nights import (
    DAY,
    PRODUCTS,
    TONIGHT,
    did,
    night,
)
from tests.production.workshop import NOW, line

pytestmark = pytest.mark.django_db


def test_a_plan_that_stands_still_gives_the_floor_what_has_come_near(shop):
    """Closed all week: what begins next Monday is far away on Wednesday and near on Saturday."""
    for ahead in range(5):
        for machine in Machine.objects.select_related("work_center"):
            calendar = machine.work_center.calendar
            CalendarException.objects.create(calendar=calendar, day=(NOW + ahead * DAY).date())
    cycle.run(NOW + 4 * DAY)
    assert not WorkOrder.objects.filter(status="released").exists()
    row = cycle.run(NOW + 5 * DAY + timedelta(hours=4))
    assert did(row)["plan"] == "plan_stands"
    assert WorkOrder.objects.filter(status="released").exists()


def test_a_night_in_which_machines_could_have_run_plans_anew(first):
    """Nobody began what the plan wanted on Monday, so it moves."""
    row = cycle.run(TONIGHT)
    assert did(row)["plan"] == "planned_alone"
    assert min(PlanEntry.objects.filter(plan__status="published").values_list("start")) > (TONIGHT,)


def a_line_is_cancelled(shop):
    waiting = OrderLine.objects.exclude(status="delivered").get()
    lifecycle.cancel(waiting.order_id, "changed her mind", by="customer", at=NOW)


def an_order_comes(shop):
    line(shop[1], 2, placed=NOW, values={"colour": "red"})


def a_promise_is_lost(shop):
    OrderLine.objects.exclude(status="delivered").update(committed_date=None)


@pytest.mark.parametrize("happens", [a_line_is_cancelled, an_order_comes, a_promise_is_lost])
def test_a_plan_is_made_anew_where_there_is_other_work(shop, first, happens):
    happens(shop)
    row = cycle.run(NOW + timedelta(hours=1))
    assert did(row)["plan"] == "planned_alone"
    assert night(NOW + timedelta(hours=2))[0]["plan"] == "plan_stands"


def a_machine_breaks(shop):
    Machine.objects.update(status="down")


def a_machine_comes(shop):
    one = Machine.objects.get()
    Machine.objects.create(work_center=one.work_center, code="saw-2", name="saw 2")


def a_day_is_closed(shop):
    calendar = Machine.objects.get().work_center.calendar
    CalendarException.objects.create(calendar=calendar, day=NOW.date() + DAY)


def a_changeover_takes_longer(shop):
    center_of = Machine.objects.get().work_center
    SetupRule.objects.create(work_center=center_of, from_family="", to_family="", minutes=90)


@pytest.mark.parametrize(
    "happens", [a_machine_breaks, a_machine_comes, a_day_is_closed, a_changeover_takes_longer]
)
def test_another_shop_is_planned_by_every_rule(shop, first, happens):
    happens(shop)
    codes, little = night(NOW + timedelta(hours=1))
    assert codes["plan"] == "planned"
    assert little == night(NOW + timedelta(hours=1), everything=True)[1]


def test_a_routing_that_was_made_meanwhile_is_used_the_same_night(shop):
    routing = Routing.objects.get(product=shop[0])
    saw = Operation.objects.get(routing=routing).work_center
    routing.delete()
    cycle.run(NOW)
    assert not Pegging.objects.filter(order_line__quantity=3).exists()
    made = Routing.objects.create(product=shop[0])
    Operation.objects.create(
        routing=made, sequence=10, work_center=saw, name="saw it", run_minutes=Decimal(10)
    )
    row = cycle.run(NOW + timedelta(hours=1))
    assert did(row)["plan"] in ("planned", "planned_alone")
    assert Pegging.objects.filter(order_line__quantity=3).exists()


def test_much_other_work_is_planned_by_every_rule(shop, first):
    for number in range(PRODUCTS):
        line(shop[number], 1, placed=NOW, due=date(2026, 4, 1 + number))
    assert did(cycle.run(TONIGHT))["plan"] == "planned"


def test_a_plan_whose_orders_were_not_told_is_made_anew(shop, monkeypatch):
    with monkeypatch.context() as death:
        death.setattr("production.planning._note_told", dies)
        with pytest.raises(KeyboardInterrupt):
            cycle.run(NOW)
    assert did(cycle.run(NOW + timedelta(hours=1)))["plan"] == "planned"


def dies(*args, **kwargs):
    raise KeyboardInterrupt


def test_a_plan_of_a_release_that_kept_other_facts_is_made_anew(first):
    plan = Plan.objects.get()
    plan.metrics["contest"]["gone"] = 1
    plan.save()
    assert did(cycle.run(NOW + timedelta(hours=1)))["plan"] == "planned"
