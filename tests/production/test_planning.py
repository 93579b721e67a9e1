from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from journal.models import Transition
from orders.models import OrderLine, PromiseRevision
from production import netting, planning, scheduling
from production.alone import PlanningUnderWay, planning_alone
from production.models import (
    Job,
    Machine,
    Plan,
    PlanEntry,
    PlanRefusal,
    Plant,
    Reservation,
    SetupRule,
    WorkOrder,
)
from production.scheduling.problem import Reason
from tests.production.workshop import NEXT_MONDAY, NOW, center, forecast, line, product

pytestmark = pytest.mark.django_db


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def plan(now=NOW):
    netting.run(now)
    return planning.run(now)


def times():
    entries = PlanEntry.objects.filter(plan__status="published").order_by("start", "pk")
    return [(entry.job.name, entry.start, entry.end) for entry in entries]


def test_work_begins_when_the_shop_opens_and_takes_its_minutes():
    line(product("lamp", (center(), {})), 3)
    plan()
    assert times() == [("saw it", at(2, 8), at(2, 8, 30))]


def test_a_plan_is_published_with_its_cost_and_the_demand_that_it_decided_on():
    lamp = product("lamp", (center(), {}))
    line(lamp, 3)
    forecast({(lamp, NEXT_MONDAY): 2.0})
    done = plan()
    published = Plan.objects.get()
    assert (published.status, done.operations, published.violations) == ("published", 2, [])
    assert published.metrics["operations"] == 2
    assert published.snapshot == {"lamp": {"2026-03-02": 3, "2026-03-09": 2}}


def test_closed_calendars_leave_nothing_to_plan_and_say_so():
    line(product("lamp", (center(days=()), {})))
    assert plan().refused == 1
    assert Plan.objects.get().status == "published"
    assert PlanRefusal.objects.get().code == "no_window"
    assert OrderLine.objects.get().committed_date is None


def test_a_step_that_no_machine_can_do_is_refused_by_name_and_the_rest_is_planned():
    saw = center(capability="wood")
    line(product("gate", (saw, {"name": "Cut steel", "capability": "steel"})))
    line(product("lamp", (saw, {"capability": "wood"})))
    assert plan().refused == 1
    assert [name for name, *_ in times()] == ["saw it"]
    refusal = PlanRefusal.objects.get()
    assert refusal.reason == "No machine can do the step “Cut steel”."
    with translation.override("zh-hans"):
        assert refusal.reason == "没有设备能完成工序“Cut steel”。"


def test_every_reason_of_the_engine_has_words():
    assert {*PlanRefusal.WHY} == {*Reason}


def test_paint_dries_before_the_next_step():
    saw = center()
    line(product("lamp", (saw, {"name": "Paint", "min_lag_minutes": 90}), (saw, {"name": "Pack"})))
    plan()
    assert times() == [
        ("Paint", at(2, 8), at(2, 8, 10)),
        ("Pack", at(2, 9, 40), at(2, 9, 50)),
    ]


def test_change_overs_stand_in_the_plan():
    paint = center("paint")
    Machine.objects.update(setup_family="white")
    steps = (paint, {"setup_by": ["colour"], "setup_minutes": 5})
    lamp = product("lamp", steps, colours=("white", "black"))
    SetupRule.objects.create(work_center=paint, from_family="white", to_family="black", minutes=40)
    line(lamp, values={"colour": "black"})
    plan()
    entry = PlanEntry.objects.get()
    assert (entry.setup_start, entry.start, entry.setup_minutes) == (at(2, 8), at(2, 8, 40), 40)


def test_without_a_rule_the_routings_own_minutes_are_the_change_over():
    lamp = product("lamp", (center(), {"setup_minutes": 25}))
    line(lamp)
    plan()
    assert PlanEntry.objects.get().setup_minutes == 25


def test_work_at_a_machine_stays_there_and_the_rest_waits():
    lamp = product("lamp", (center(), {}))
    line(lamp, 6, due=date(2026, 3, 20))
    line(lamp, 1, due=date(2026, 3, 9), who="Bob")
    plan()
    running = Job.objects.get(quantity=6)
    now = at(2, 8, 20)
    started = {"machine": Machine.objects.get(), "started_at": at(2, 8), "good": 2}
    Job.objects.filter(pk=running.pk).update(status="running", dispatched_at=at(2, 8), **started)
    planning.run(now)
    # Four of six pieces are left: 40 minutes; then Bob's.
    assert [(start, end) for _, start, end in times()] == [
        (now, at(2, 9)),
        (at(2, 9), at(2, 9, 10)),
    ]


def test_two_claimed_jobs_of_one_machine_stand_one_behind_the_other():
    lamp = product("lamp", (center(), {}))
    line(lamp, 1)
    line(lamp, 2, due=date(2026, 3, 30))
    plan()
    Job.objects.update(status="dispatched", machine=Machine.objects.get(), dispatched_at=NOW)
    assert planning.run(NOW).refused == 0
    assert [(start, end) for _, start, end in times()] == [
        (NOW, at(2, 8, 10)),
        (at(2, 8, 10), at(2, 8, 30)),
    ]


def test_planning_again_gives_the_same_plan_and_replaces_the_old_one():
    line(product("lamp", (center(machines=2), {})), 3)
    plan()
    before = times()
    again = plan()
    assert times() == before
    assert sorted(Plan.objects.values_list("status", flat=True)) == ["published", "superseded"]
    assert (again.promised, again.revised, again.released) == (0, 0, 0)


def test_a_plan_with_a_fault_is_rejected_and_the_old_one_stands(monkeypatch):
    line(product("lamp", (center(), {})))
    old = plan().plan
    fault = scheduling.Violation(scheduling.Fault.OVERLAP, "1", "two at once")
    monkeypatch.setattr(scheduling, "check", lambda problem, schedule: [fault])
    with pytest.raises(planning.PlanRejected):
        planning.run(NOW)
    old.refresh_from_db()
    rejected = Plan.objects.exclude(pk=old.pk).get()
    assert (old.status, rejected.status) == ("published", "rejected")
    assert rejected.violations[0]["text"] == "two at once"


@pytest.mark.parametrize("step", ["_write", "_settle"])
def test_a_planner_killed_on_the_way_leaves_the_old_plan(monkeypatch, step):
    line(product("lamp", (center(), {})))
    old = plan().plan

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(planning, step, killed)
        with pytest.raises(KeyboardInterrupt):
            planning.run(NOW)
    assert Plan.objects.published().get() == old
    planning.run(NOW)
    assert sorted(Plan.objects.values_list("status", flat=True)) == [
        "published",
        "rejected",
        "superseded",
    ]


def test_what_a_killed_planner_did_not_tell_is_told_by_the_next(monkeypatch):
    line(product("lamp", (center(), {})))
    with monkeypatch.context() as patch:
        patch.setattr(planning, "_follow", lambda *args: None)
        plan()
    assert OrderLine.objects.get().status == "pending"
    planning.run(NOW)
    assert OrderLine.objects.get().status == "planned"


def test_a_second_planner_is_told_that_one_is_at_work():
    with planning_alone(), pytest.raises(PlanningUnderWay):
        planning.run(NOW)
    assert not Plan.objects.exists()


@pytest.mark.parametrize(("minutes", "alices_start"), [(40, (8, 40)), (90, (10, 0))])
def test_near_work_is_moved_only_where_that_saves_more_than_it_disturbs(minutes, alices_start):
    """Bob's white lamps in front of Alice's black ones save one of two change-overs, and move her
    by half an hour: that is worth an hour of change-over."""
    paint = center("paint")
    Machine.objects.update(setup_family="white")
    step = (paint, {"setup_by": ["colour"], "setup_minutes": minutes})
    lamp = product("lamp", step, colours=("white", "black"))
    line(lamp, 1, values={"colour": "black"})
    plan()
    assert times()[0][1] == at(2, 8) + timedelta(minutes=minutes)
    line(lamp, 3, values={"colour": "white"}, due=date(2026, 3, 30), who="Bob")
    plan(NOW + timedelta(minutes=1))
    black = PlanEntry.objects.get(plan__status="published", job__setup_family="black")
    assert black.start == at(2, *alices_start)


def test_nobody_readies_anything_any_more_for_a_plan_of_days_ago(monkeypatch):
    line(product("lamp", (center(), {})))
    plan()
    calmly = []
    schedule = scheduling.schedule

    def followed(*args, **options):
        calmly.append(options["stability"] is not None)
        return schedule(*args, **options)

    monkeypatch.setattr(scheduling, "schedule", followed)
    planning.run(NOW + timedelta(days=1))
    planning.run(NOW + timedelta(days=4))
    assert calmly == [True, False]


def test_foreseen_work_does_not_begin_in_locked_days():
    lamp = product("lamp", (center(), {}), policy="MTS")
    forecast({(lamp, NEXT_MONDAY): 6.0})
    plan()
    assert times()[0][1] == at(2, 8)
    Plant.objects.update(locked_days=3)
    planning.run(NOW)
    # three days from Monday at 6 are over on Thursday at 6
    assert times()[0][1] == at(5, 8)


def test_a_line_without_a_date_is_promised_one_and_planned():
    line(product("lamp", (center(), {})))
    assert plan().promised == 1
    alices = OrderLine.objects.get()
    # Finished on Monday 2 March; a day of band, one of packing, two on the way: Friday.
    assert (alices.status, alices.committed_date) == ("planned", date(2026, 3, 6))


def test_a_date_that_the_plan_cannot_keep_is_revised_with_its_cause():
    lamp = product("lamp", (center(), {}))
    line(lamp, 480)  # ten days of eight hours
    plan()
    line(lamp, 1, who="Bob")
    OrderLine.objects.filter(quantity=480).update(committed_date=date(2026, 3, 9))
    assert planning.run(NOW).revised == 1
    revision = PromiseRevision.objects.filter(line__quantity=480).latest("pk")
    # Work ends on Friday 13 March; a fifth of the lead time more, and three days.
    assert revision.p50 == date(2026, 3, 16)
    assert revision.cause == "Making it takes longer than was left."


def test_a_date_that_holds_is_left_as_it_was_told():
    line(product("lamp", (center(), {})))
    plan()
    OrderLine.objects.update(committed_date=date(2026, 3, 19))
    assert planning.run(NOW).revised == 0
    assert OrderLine.objects.get().committed_date == date(2026, 3, 19)


def test_near_work_is_released_and_far_work_waits():
    lamp = product("lamp", (center(), {"batch_max": 144}))
    line(lamp, 288)  # twice three days
    assert plan().released == 1
    statuses = sorted(WorkOrder.objects.values_list("status", flat=True))
    assert statuses == ["firmed", "released"]
    assert sorted(Job.objects.values_list("status", flat=True)) == ["ready", "waiting"]


def test_forecast_work_never_displaces_an_order_and_is_not_released():
    lamp = product("lamp", (center(), {}), policy="MTS")
    forecast({(lamp, NEXT_MONDAY): 40.0})
    line(lamp, 6, due=date(2026, 4, 20))
    plan()
    assert [(end - start) for _, start, end in times()] == [
        timedelta(hours=1),
        timedelta(minutes=400),
    ]
    assert WorkOrder.objects.get(quantity=40).status == "planned"


def test_foreseen_work_made_to_order_waits_for_its_week():
    lamp = product("lamp", (center(), {}), policy="MTO")
    forecast({(lamp, NEXT_MONDAY): 4.0})
    plan()
    assert times()[0][1] == at(9, 8)


def test_reserved_machine_time_is_kept_free_until_its_line_is_planned():
    saw = center()
    lamp = product("lamp", (saw, {}))
    waiting = line(lamp, 6, status="placed")
    hold = {"machine": Machine.objects.get(), "sequence": 1, "start": at(2, 8), "end": at(2, 9)}
    Reservation.objects.create(order_line=waiting, expires_at=at(3, 8), **hold)
    line(lamp, 1, who="Bob")
    plan()
    assert times() == [("saw it", at(2, 9), at(2, 9, 10))]
    waiting.order.status = "confirmed"
    waiting.order.save()
    plan(NOW + timedelta(minutes=1))
    assert times()[0][1] == at(2, 8)
    assert not Reservation.objects.exists()


def test_the_horizon_reaches_as_far_as_the_work():
    lamp = product("lamp", (center(days=(0,), hours=(8, 9)), {"batch_max": 6}))
    line(lamp, 120)  # an hour a week for 20 weeks
    assert plan().refused == 0
    assert times()[-1][2] == at(2, 9) + timedelta(weeks=19)


def test_every_step_of_a_plan_is_written_down():
    line(product("lamp", (center(), {})))
    plan()
    steps = Transition.objects.filter(kind="plan").order_by("pk")
    assert [step.to_status for step in steps] == ["draft", "published"]


def test_queries_do_not_grow_with_the_work(django_assert_max_num_queries):
    saw, mill = center("saw"), center("mill")
    for number in range(20):
        line(product(f"lamp{number}", (saw, {}), (mill, {})))
    netting.run(NOW)
    with django_assert_max_num_queries(90):
        planning.run(NOW)


def test_work_that_might_have_begun_long_ago_still_finds_hours():
    lamp = product("lamp", (center(), {}), policy="MTO")
    forecast({(lamp, NEXT_MONDAY): 4.0})
    netting.run(NOW)
    assert planning.run(NOW + timedelta(days=200)).refused == 0
