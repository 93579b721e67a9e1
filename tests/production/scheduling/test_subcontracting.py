"""Work that somebody else does: it takes its time, and nobody queues for it."""

from dataclasses import replace

import pytest

from production.scheduling import (
    Fault,
    NotPlainError,
    Pin,
    Problem,
    SetupMatrix,
    Timetable,
    check,
    dispatch,
    inserted,
    schedule,
    shortest,
)

from .shops import job, machine, problem, times

DAY = 24 * 60
WEEK = tuple((day * DAY, day * DAY + 480) for day in range(5))


def planned(shop: Problem, rule: str = "edd") -> dict[str, tuple[int, int, int]]:
    plan = dispatch(shop, rule)
    assert check(shop, plan) == []
    return times(plan)


def test_two_orders_are_away_for_zinc_plating_at_once():
    shop = problem(
        [machine("saw"), machine("plater", unlimited=True)],
        job("alice", ({"saw": 10}, {}), ({"plater": 500}, {}), due=1),
        job("bob", ({"saw": 10}, {}), ({"plater": 400}, {}), due=2),
    )
    assert planned(shop) == {
        "alice1": (0, 0, 10),
        "alice2": (10, 10, 510),
        "bob1": (10, 10, 20),
        "bob2": (20, 20, 420),
    }


def test_lead_time_counts_in_the_hours_of_the_subcontractor():
    """Two days of eight hours from the middle of the first: the end of the second and a half."""
    shop = problem(
        [machine("plater", WEEK, unlimited=True)],
        job("alice", ({"plater": 2 * 480}, {}), release=240),
    )
    assert planned(shop) == {"alice1": (240, 240, 2 * DAY + 240)}


def test_a_subcontractor_needs_no_change_over_where_our_own_painter_does():
    red, blue = {"setup_family": "red"}, {"setup_family": "blue"}
    shop = problem(
        [machine("booth", group="paint"), machine("outside", group="paint", unlimited=True)],
        job("alice", ({"booth": 30, "outside": 90}, red), due=30),
        job("bob", ({"booth": 30, "outside": 90}, blue), due=90),
        job("carol", ({"booth": 30, "outside": 90}, blue), due=90),
        setups=[SetupMatrix("paint", default=60, initial={"red": 0})],
    )
    found = schedule(shop)
    assert check(shop, found) == []
    assert found.totals.objective == 0
    assert {one.machine_id for one in found.operations if one.job_id != "alice"} == {"outside"}


def test_what_is_away_already_hinders_nobody():
    away = {"pinned": Pin("plater", -100, 300)}
    shop = problem(
        [machine("plater", unlimited=True)],
        job("alice", ({"plater": 400}, away)),
        job("bob", ({"plater": 400}, {"pinned": Pin("plater", -50, 350)})),
        job("carol", ({"plater": 5}, {})),
    )
    assert planned(shop)["carol1"] == (0, 0, 5)


def test_a_promise_does_not_queue_at_a_subcontractor():
    shop = problem([machine("plater", unlimited=True)], job("alice", ({"plater": 400}, {})))
    plan = dispatch(shop)
    new = job("new", ({"plater": 300}, {}), ({"plater": 10}, {}))
    answer = Timetable(shop, plan).earliest_finish(new)
    assert answer is not None
    assert answer.finish == 310
    wider = replace(shop, jobs=(*shop.jobs, new))
    assert check(wider, inserted(wider, plan, answer)) == []


def test_the_checker_catches_a_change_over_at_a_subcontractor():
    shop = problem(
        [machine("plater", unlimited=True)], job("alice", ({"plater": 5}, {}), release=9)
    )
    plan = dispatch(shop)
    bad = replace(plan.operations[0], setup_start=4, setup_minutes=5)
    assert Fault.SETUP in {one.fault for one in check(shop, replace(plan, operations=(bad,)))}


def test_the_shortest_plan_knows_no_subcontractors():
    shop = problem([machine("plater", unlimited=True)], job("alice", ({"plater": 5}, {})))
    with pytest.raises(NotPlainError, match="has no queue"):
        shortest(shop, iterations=10)
