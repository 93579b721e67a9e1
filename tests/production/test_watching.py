"""The watcher asks for a new plan when something has happened, and not again for the same."""

from datetime import timedelta

import pytest

from journal.models import Transition
from journal.moving import record
from orders.models import Order
from production import replanning, scheduling, tasks, watching
from production.lifecycle import JOB, MACHINE
from production.models import (
    CalendarException,
    Job,
    Machine,
    Operation,
    Plan,
    PlanEntry,
    SetupRule,
)
from production.scheduling.checker import Fault
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HALF = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr("production.replanning.current_app.send_task", lambda *a, **k: None)


@pytest.fixture
def shop():
    """One machine, Alice's lamp, and a plan as of NOW."""
    line(product("lamp", (center(), {})))
    replan(NOW)


def replan(now):
    asked = replanning.ask(by="system", at=now)
    replanning.run(asked, clock=lambda: now)


def beat(now):
    """The watcher looks; where it asks, a worker plans at once."""
    before = asked()
    watching.watch(now)
    if asked() > before:
        replanning.run(replanning.newest(now).request_id, clock=lambda: now)
    return asked() - before


def asked():
    return Transition.objects.filter(kind="replanning", to_status="queued").count()


def beats(start, minutes):
    """At which minutes, of so many with two beats each, it asked."""
    return [n / 2 for n in range(2 * minutes) if beat(start + n * HALF)]


@pytest.fixture
def faulty(monkeypatch):
    """A scheduler whose plans the checker never accepts."""
    monkeypatch.setattr(scheduling, "check", lambda *args: [broken()])


def an_order_is_confirmed(now):
    order = Order.objects.first()
    Transition.objects.create(
        kind="order", object_id=order.pk, from_status="placed", to_status="confirmed", at=now
    )


def machine_goes(to, now):
    machine = Machine.objects.get()
    record(MACHINE, [(machine.pk, machine.status)], to, by="terminal:saw-1", at=now)
    Machine.objects.update(status=to)


def published():
    return Plan.objects.published().get()


def test_a_plan_that_knows_everything_is_left_alone(shop):
    assert beats(NOW + MINUTE, 10) == []


def test_a_new_order_is_planned_at_once_and_once(shop):
    an_order_is_confirmed(NOW + MINUTE)
    assert beats(NOW + 2 * MINUTE, 5) == [0]
    assert published().as_of == NOW + 2 * MINUTE


def test_a_machine_that_breaks_down_and_one_that_comes_back_are_planned_anew(shop):
    machine_goes("down", NOW + MINUTE)
    assert beats(NOW + 2 * MINUTE, 5) == [0]
    machine_goes("idle", NOW + 20 * MINUTE)
    assert watching.out_of_date(NOW + 21 * MINUTE).code == "machine_back"
    assert beats(NOW + 21 * MINUTE, 5) == [0]
    assert published().as_of == NOW + 21 * MINUTE


def closed_on_monday():
    calendar = Machine.objects.get().work_center.calendar
    CalendarException.objects.create(calendar=calendar, day=NOW.date())


def second_machine():
    Machine.objects.create(work_center=Machine.objects.get().work_center, code="saw-2", name="Saw")


def slower_change_over():
    SetupRule.objects.create(work_center=Machine.objects.get().work_center, minutes=20)


def slower_set_up():
    Operation.objects.update(setup_minutes=20)


@pytest.mark.parametrize(
    "change", [closed_on_monday, second_machine, slower_change_over, slower_set_up]
)
def test_a_shop_that_staff_have_changed_is_planned_anew_once(shop, change):
    change()
    assert str(watching.out_of_date(NOW + MINUTE)).startswith("machines, hours or change-overs")
    assert beats(NOW + 2 * MINUTE, 5) == [0]


def test_a_plan_is_made_anew_where_its_steps_lie_in_closed_time_now(shop):
    assert PlanEntry.objects.get().start.date() == NOW.date()
    closed_on_monday()
    beat(NOW + MINUTE)
    assert published().entries.get().start.date() == NOW.date() + timedelta(days=1)


def test_a_plan_that_did_not_note_its_shop_is_left_alone(shop):
    Plan.objects.update(metrics={})
    second_machine()
    assert beats(NOW + MINUTE, 5) == []


def test_what_staff_change_while_plans_are_refused_is_planned_at_once(shop, faulty):
    closed_on_monday()
    assert beats(NOW + 2 * MINUTE, 2) == [0]
    second_machine()
    assert beats(NOW + 4 * MINUTE + HALF, 4) == [0]


def test_pieces_that_must_be_made_again_are_planned_at_once(shop):
    failed = Job.objects.get()
    record(JOB, [(failed.pk, "running")], "failed", by="terminal:saw-1", at=NOW + MINUTE)
    assert beats(NOW + 2 * MINUTE, 5) == [0]


def test_a_plan_that_the_check_refused_is_tried_again_at_growing_intervals(shop, faulty):
    an_order_is_confirmed(NOW + MINUTE)
    # 5 minutes after the first refusal, then 10, 20, 40
    assert beats(NOW + 2 * MINUTE, 80) == [0, 5, 15, 35, 75]
    assert published().as_of == NOW


def test_the_interval_stops_growing_at_two_hours(shop, faulty):
    an_order_is_confirmed(NOW + MINUTE)
    tried = beats(NOW + 2 * MINUTE, 8 * 60)
    # 5, 10, 20, 40 and 80 minutes later, then every two hours
    assert tried == [0, 5, 15, 35, 75, 155, 275, 395]


def test_something_new_is_planned_at_once_though_the_plan_before_was_refused(shop, faulty):
    an_order_is_confirmed(NOW + MINUTE)
    assert beats(NOW + 2 * MINUTE, 2) == [0]
    an_order_is_confirmed(NOW + 4 * MINUTE)
    assert beats(NOW + 4 * MINUTE + HALF, 3) == [0]


def test_a_machine_that_comes_back_is_planned_at_once_though_the_plan_before_was_refused(
    shop, faulty
):
    machine_goes("down", NOW + MINUTE)
    assert beats(NOW + 2 * MINUTE, 2) == [0]
    machine_goes("idle", NOW + 4 * MINUTE)
    assert beats(NOW + 4 * MINUTE + HALF, 3) == [0]


def test_what_happens_while_a_plan_is_being_refused_is_planned_at_once(shop, faulty):
    an_order_is_confirmed(NOW + MINUTE)
    watching.watch(NOW + 2 * MINUTE)
    ends = iter([NOW + 2 * MINUTE, NOW + 4 * MINUTE])
    replanning.run(replanning.newest(NOW + 2 * MINUTE).request_id, clock=lambda: next(ends))
    an_order_is_confirmed(NOW + 3 * MINUTE)
    assert beat(NOW + 4 * MINUTE + HALF)


def test_a_published_plan_forgets_the_refusals_before_it(shop, monkeypatch):
    an_order_is_confirmed(NOW + MINUTE)
    with monkeypatch.context() as fault:
        fault.setattr(scheduling, "check", lambda *args: [broken()])
        beats(NOW + 2 * MINUTE, 20)
    replan(NOW + 30 * MINUTE)
    with monkeypatch.context() as fault:
        fault.setattr(scheduling, "check", lambda *args: [broken()])
        an_order_is_confirmed(NOW + 31 * MINUTE)
        assert beats(NOW + 32 * MINUTE, 10) == [0, 5]


def broken():
    return scheduling.Violation(Fault.OVERLAP, "1", "two jobs at once")


def test_a_planner_killed_in_the_middle_is_taken_up_again(shop):
    """Its row says running for ever; nobody holds the planner's lock."""
    an_order_is_confirmed(NOW + MINUTE)
    watching.watch(NOW + 2 * MINUTE)
    killed = replanning.newest(NOW + 2 * MINUTE)
    record(
        replanning.REPLANNING,
        [(killed.request_id, "queued")],
        "running",
        by="system",
        at=NOW + 2 * MINUTE,
    )
    Plan.objects.create(status="draft", as_of=NOW, created_at=NOW, solver="killed")
    assert beats(NOW + 3 * MINUTE, 10) == []  # it may still be at work
    late = NOW + 2 * MINUTE + replanning.FORGOTTEN + HALF
    assert replanning.newest(late).status == "failed"
    assert beat(late)
    assert published().as_of == late.replace(second=0)
    assert Plan.objects.get(solver="killed").status == "rejected"


def test_the_message_of_a_killed_planner_that_comes_back_plans_at_once(shop):
    watching.watch(NOW)
    asked_for = replanning.ask(by="staff:alice", at=NOW + MINUTE)
    began = [(asked_for, "queued")]
    record(replanning.REPLANNING, began, "running", by="staff:alice", at=NOW + MINUTE)
    replanning.run(asked_for, clock=lambda: NOW + 3 * MINUTE)
    assert replanning.newest(NOW + 3 * MINUTE).status == "done"
    assert published().as_of == NOW + 3 * MINUTE


def test_the_beat_asks_in_the_place_of_a_plan_that_is_months_old(shop):
    assert asked() == 1  # by the shop itself, as of March
    tasks.watch_plan()
    assert asked() == 2
