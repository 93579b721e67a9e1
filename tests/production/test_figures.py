"""What a plan is told by, on plans that can be worked out by hand."""

from datetime import date, timedelta

import pytest

from production import figures, netting, planning
from production.figures import Changes, Moved, Point, Search, changes, thinned
from production.models import Job, Machine, Plan, PlanEntry, WorkOrder
from production.scheduling.nervousness import Nervousness
from tests.production.workshop import MONDAY, NOW, center, forecast, line, product

HOUR = timedelta(hours=1)


def plan(now=NOW):
    netting.run(now)
    return planning.run(now).plan


def report(plan):
    return figures.report_of(Plan.objects.get(pk=plan.pk))


# The search


def test_a_search_keeps_its_curve_and_tells_at_most_once_a_second():
    told = []
    seconds = iter([10.0, 10.0, 10.5, 11.2, 11.3])
    search = Search(1000, lambda share, step: told.append((share, step)), lambda: next(seconds))
    for moves, objective in ((0, 200), (10_000, 150), (50_000, 100), (60_000, 90)):
        search(moves, objective)
    assert search.points == [
        Point(0.0, 0, 200),
        Point(0.5, 10_000, 150),
        Point(1.2, 50_000, 100),
        Point(1.3, 60_000, 90),
    ]
    # of the usual hundred moves a step, half were made after 1.2 seconds
    assert told == [
        (0.0, "Improving: 0.0 % off the plan that it began with"),
        (0.5, "Improving: 50.0 % off the plan that it began with"),
    ]


def test_a_long_curve_keeps_its_first_and_last_point_and_one_of_each_stretch():
    curve = thinned([Point(second, second, 100 - second) for second in range(100)], 5)
    assert [point.seconds for point in curve] == [0, 24, 49, 74, 99]


def test_a_short_curve_stays_as_it_is():
    points = [Point(0.0, 0, 9), Point(0.0, 5, 7)]
    assert thinned(points, 2) == points


def test_a_curve_that_took_no_time_keeps_its_ends():
    points = [Point(0.0, moves, 90 - moves) for moves in range(80)]
    assert thinned(points) == [points[0], points[-1]]


@pytest.mark.django_db
def test_the_progress_of_a_plan_grows_with_its_search():
    line(product("lamp", (center(), {})), 3)
    netting.run(NOW)
    told = []
    planning.run(NOW, progress=lambda share, step: told.append((share, step)))
    shares = [share for share, _step in told]
    assert shares == sorted(shares)
    improving = [share for share, step in told if step.startswith("Improving")]
    assert improving
    assert all(0.3 <= share <= 0.6 for share in improving)


# Calm


def test_moved_steps_are_counted_whole_and_near_and_their_orders_ranked():
    before = {"1": ("7", 0), "2": ("7", 60), "3": ("8", 5000), "4": ("8", 6000)}
    after = {"1": ("7", 10), "2": ("8", 100), "3": ("8", 4000)}
    found = changes(5, before, after, {"1": "11", "2": "11", "3": "12"})
    assert found == Changes(
        5,
        Nervousness(common=3, moved=2, reassigned=1, minutes=40 + 1000),
        Nervousness(common=2, moved=1, reassigned=1, minutes=40),
        (Moved(12, 1, 0, -1000), Moved(11, 1, 1, 40)),
    )


@pytest.mark.django_db
def test_an_urgent_order_moves_the_one_before_and_the_plan_says_so():
    lamp = product("lamp", (center(), {}))
    line(lamp, 400, due=date(2026, 4, 20))
    first = plan()
    assert report(first).changes is None
    line(lamp, 3, due=date(2026, 3, 2), who="Bob")  # half an hour, in front of Alice's
    found = report(plan()).changes
    assert found is not None
    assert found.against == first.pk
    assert found.whole == found.near == Nervousness(common=1, moved=1, minutes=30)
    assert found.moved == (Moved(WorkOrder.objects.get(quantity=400).pk, 1, 0, 30),)


@pytest.mark.django_db
def test_work_at_a_machine_moves_with_the_clock_and_is_not_counted():
    line(product("lamp", (center(), {})), 12)
    plan()
    begun = {"machine": Machine.objects.get(), "started_at": NOW + 2 * HOUR}
    Job.objects.update(status="running", dispatched_at=NOW + 2 * HOUR, **begun)
    found = report(plan(NOW + 3 * HOUR)).changes
    assert found is not None
    assert found.whole == Nervousness()


# Late orders and cells


@pytest.mark.django_db
def test_late_orders_are_kept_with_how_late_and_why():
    lamp = product("lamp", (center(), {}))
    line(lamp, 96, due=date(2026, 3, 5))  # sixteen hours: two days
    line(lamp, 48, due=date(2026, 3, 4), who="Bob")
    made = plan()
    ends = {
        entry.job.work_order_id: entry.end - entry.job.work_order.due
        for entry in PlanEntry.objects.select_related("job__work_order")
    }
    late = {pk: by // timedelta(minutes=1) for pk, by in ends.items() if by > timedelta()}
    found = report(made).late
    assert {one.work_order_id: one.minutes for one in found} == late
    assert [one.minutes for one in found] == sorted(late.values(), reverse=True)
    assert made.metrics["late_orders"] == len(late) > 0
    assert made.metrics["late_minutes"] == sum(late.values())


@pytest.mark.django_db
def test_an_order_behind_another_waits_for_the_machine():
    lamp = product("lamp", (center(), {}))
    line(lamp, 10)
    line(lamp, 30, who="Bob", due=date(2026, 4, 20))
    netting.run(NOW)
    WorkOrder.objects.update(due=NOW + 3 * HOUR)  # at nine, an hour after the saw is free
    made = planning.run(NOW).plan
    second = PlanEntry.objects.get(job__quantity=30)
    late = {one.work_order_id: one for one in report(made).late}
    assert late[second.job.work_order_id].cause == "machine"
    assert late[second.job.work_order_id].machine_id == second.machine_id


@pytest.mark.django_db
def test_work_for_the_forecast_is_never_a_late_order():
    lamp = product("lamp", (center(), {}), policy="MTS")
    forecast({(lamp, MONDAY): 1000.0})  # 10,000 minutes: more than four weeks
    made = plan()
    assert made.metrics["late_jobs"] == 1
    assert made.metrics["late_orders"] == 0
    assert report(made).late == []


@pytest.mark.django_db
def test_a_cell_s_load_is_the_share_of_its_next_two_weeks():
    saw, closed = center("saw"), center("welding", days=())
    line(product("lamp", (saw, {"setup_minutes": 20})), 46)
    # Two weeks from Monday hold ten days of 480 minutes; twenty of set-up and 460 of work are one.
    assert report(plan()).cells == [
        figures.Cell(saw.pk, 1, 20, 460, 0.1),
        figures.Cell(closed.pk, 0, 0, 0, None),
    ]


@pytest.mark.django_db
def test_the_cost_of_the_best_rule_and_of_what_the_search_found_are_kept():
    paint = center("paint", days=range(7), hours=(0, 23))
    steps = (paint, {"setup_by": ["colour"], "setup_minutes": 45, "batch_max": 10})
    lamp = product("lamp", steps, colours=("white", "black", "red"))
    for number in range(24):
        colour = ("white", "black", "red")[number % 3]
        due = date(2026, 3, 4) + timedelta(days=number % 4)
        line(lamp, 5 + number, due, {"colour": colour}, who=f"Alice {number}")
    made = plan()
    told, curve = made.metrics["search"], report(made).search
    assert curve[0].objective == told["rule"]
    assert curve[-1].objective == told["found"] == made.metrics["objective"] < told["rule"]
    assert curve[0].moves == 0 < told["moves"]
