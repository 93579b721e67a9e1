"""Where lateness comes from: every minute of a late order once, under its cause."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    NotPlannedError,
    Pin,
    SetupMatrix,
    Use,
    bottlenecks,
    dispatch,
    schedule,
    time_of,
)
from tests.production.scheduling.shops import job, machine, problem, shops
from tests.production.scheduling.test_properties import many

DAYS = tuple((day * 100, day * 100 + 60) for day in range(20))
BLUE = {"setup_family": "blue"}


def uses(found):
    return {use: minutes for use, minutes in found.by_use.items() if minutes}


def rows(table):
    return {(row.group, row.use): (row.minutes, row.jobs) for row in table}


def test_an_order_that_waits_for_another_one_waits_for_a_busy_machine():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 50}, {}), due=10),
        job("bob", ({"saw": 30}, {}), due=20),
    )
    assert uses(time_of(shop, dispatch(shop, "edd"), "bob")) == {Use.BUSY: 50, Use.WORK: 30}


def test_each_cause_has_its_own_minutes():
    """Alice works on blue from 0 to 20 and the saw is changed over to red in 5. Bob's material is
    there at 10. His step takes 50 of the 35 minutes left until 60, so 15 more from 100 on; it
    cures until 125. Then the desk is free and open, for his last 10 minutes."""
    shop = problem(
        [machine("saw", DAYS, setup_family="blue"), machine("desk")],
        job("alice", ({"saw": 20}, BLUE), due=0),
        job("bob", ({"saw": 50}, {"min_lag_after": 10}), ({"desk": 10}, {}), due=1, release=10),
        setups=[SetupMatrix("saw", default=5)],
    )
    found = time_of(shop, dispatch(shop, "edd"), "bob")
    assert (found.begin, found.finish) == (0, 135)
    assert uses(found) == {
        Use.MATERIAL: 10,
        Use.BUSY: 10,
        Use.SETUP: 5,
        Use.WORK: 50 + 10,
        Use.CLOSED: 40,
        Use.LAG: 10,
    }


def test_what_the_machine_does_for_others_is_told_apart_from_what_it_does_for_the_order():
    """The saw is changed over for Alice (5), works for her (20), and is changed over for Bob."""
    shop = problem(
        [machine(setup_family="red")],
        job("alice", ({"saw": 20}, BLUE), due=0),
        job("bob", ({"saw": 30}, {"setup_family": "red"}), due=1),
        setups=[SetupMatrix("saw", default=5)],
    )
    found = time_of(shop, dispatch(shop, "edd"), "bob")
    assert uses(found) == {Use.CHANGEOVER: 5, Use.BUSY: 20, Use.SETUP: 5, Use.WORK: 30}


def test_the_time_of_the_order_below_stands_for_the_wait_for_it():
    """Bob waits for the frame, which waits for Alice; it dries 15 minutes."""
    shop = problem(
        [machine(), machine("desk")],
        job("alice", ({"saw": 40}, {}), due=0),
        job("frame", ({"saw": 20}, {"min_lag_after": 15}), due=1),
        job("bob", ({"desk": 5}, {}), due=2, predecessors=("frame",)),
    )
    found = time_of(shop, dispatch(shop, "edd"), "bob")
    assert [(s.job_id, s.machine_id, s.use, s.minutes) for s in found.stretches] == [
        ("frame", "saw", Use.BUSY, 40),
        ("frame", "saw", Use.WORK, 20),
        ("frame", "saw", Use.LAG, 15),
        ("bob", "desk", Use.WORK, 5),
    ]


def test_a_frozen_step_is_held_back_and_a_started_one_counts_from_its_start():
    shop = problem(
        [machine(), machine("desk")],
        job("alice", ({"saw": 20}, {"pinned": Pin("saw", 70)}), due=0),
        job("bob", ({"desk": 30}, {"pinned": Pin("desk", -10, 20)}), due=0),
    )
    plan = dispatch(shop, "edd")
    assert uses(time_of(shop, plan, "alice")) == {Use.HELD: 70, Use.WORK: 20}
    bob = time_of(shop, plan, "bob")
    assert (bob.begin, uses(bob)) == (-10, {Use.WORK: 30})


def test_the_table_adds_up_late_orders_only_and_shares_out_their_lateness():
    """Alice is in time. Bob (weight 3) is 30 of his 80 minutes late, Carol 100 of her 100."""
    shop = problem(
        [machine()],
        job("alice", ({"saw": 50}, {}), due=50),
        job("bob", ({"saw": 30}, {}), due=60, weight=3),
        job("carol", ({"saw": 20}, {}), due=70, weight=2),
    )
    plan = dispatch(shop, "edd")
    table = bottlenecks(shop, plan)
    assert rows(table) == {
        ("saw", Use.BUSY): (50 + 80, 2),
        ("saw", Use.WORK): (30 + 20, 2),
    }
    # bob is 20 late and carol 30: 3 × 20 × 50/80 + 2 × 30 × 80/100 for the busy saw
    assert [row.use for row in table] == [Use.BUSY, Use.WORK]
    assert [row.cost for row in table] == pytest.approx([37.5 + 48, 22.5 + 12])
    assert sum(row.cost for row in table) == pytest.approx(plan.totals.weighted_tardiness)
    assert rows(bottlenecks(shop, plan, ["carol", "alice"])) == {
        ("saw", Use.BUSY): (80, 1),
        ("saw", Use.WORK): (20, 1),
    }


def test_what_was_late_before_the_plan_began_is_nobodys_fault_in_it():
    """Alice should have been done 100 minutes ago; her 20 minutes of work make it 120."""
    shop = problem([machine()], job("alice", ({"saw": 20}, {}), due=-100, weight=2))
    table = bottlenecks(shop, dispatch(shop, "edd"))
    assert [(row.group, row.use, row.minutes, row.cost) for row in table] == [
        ("", Use.OVERDUE, 100, 200),
        ("saw", Use.WORK, 20, 40),
    ]


def test_an_order_without_a_place_has_no_minutes():
    shop = problem([machine(windows=((0, 10),))], job("alice", ({"saw": 20}, {}), due=-5))
    plan = dispatch(shop, "edd")
    assert bottlenecks(shop, plan) == ()
    with pytest.raises(NotPlannedError):
        time_of(shop, plan, "alice")


@many
@given(shop=shops(), early=st.sampled_from([0, 300]))
def test_every_minute_of_an_order_has_one_use_and_the_table_loses_none(shop, early):
    shop = replace(shop, jobs=tuple(replace(one, due=one.due - early) for one in shop.jobs))
    plan = dispatch(shop, "edd")
    late = [one.id for one in shop.jobs if plan.finish.get(one.id, one.due) > one.due]
    for one in shop.jobs:
        if one.id in plan.finish:
            found = time_of(shop, plan, one.id)
            plainly = counted(shop, plan, one)
            assert found.finish == plan.finish[one.id]
            assert sum(s.minutes for s in found.stretches) == found.finish - found.begin
            assert uses(found) == {use: plainly.count(use) for use in Use if use in plainly}
    table = bottlenecks(shop, plan)
    spans = [time_of(shop, plan, one) for one in late]
    overdue = [max(0, one.begin - shop.job[one.job_id].due) for one in spans]
    lasted = [one.finish - one.begin for one in spans]
    assert sum(row.minutes for row in table) == sum(overdue) + sum(lasted)
    assert sum(row.cost for row in table) == pytest.approx(plan.totals.weighted_tardiness)


@settings(many, max_examples=40)
@given(shop=shops())
def test_plans_that_were_searched_add_up_as_well(shop):
    plan = schedule(shop, seed=3)
    for one in plan.finish:
        found = time_of(shop, plan, one)
        assert found.finish == plan.finish[one]
        assert all(stretch.minutes > 0 for stretch in found.stretches)
        assert sum(found.by_use.values()) == found.finish - found.begin


# The plainest way: minute by minute


def counted(shop, plan, job):
    """The use of every minute from a job's begin to its end."""
    found, at, lag = _below(shop, plan, job)
    for operation in job.operations:
        planned = plan.by_operation[operation.id]
        begin = max(at, planned.start)
        for minute in range(at, begin):
            if at <= minute < lag[0]:
                found.append(lag[1])
            else:
                found.append(_waiting(shop, plan, planned, minute))
        for minute in range(begin, planned.end):
            idle = not operation.pinned and not _opened(shop, planned.machine_id, minute)
            found.append(Use.CLOSED if idle else Use.WORK)
        at = max(at, planned.end)
        lag = planned.end + operation.min_lag_after, Use.LAG
    return found


def _below(shop, plan, job):
    """What was spent before the job itself, up to when, and what it waits for then."""
    first = job.operations[0]
    if job.predecessors and not first.pinned:
        below = shop.job[job.predecessors[0]]
        last = below.operations[-1]
        over = plan.by_operation[last.id].end + last.min_lag_after
        if over > 0 and over >= job.release:
            found = counted(shop, plan, below)
            return found, plan.finish[below.id], (over, Use.LAG)
    return [], min(0, plan.by_operation[first.id].start), (job.release, Use.MATERIAL)


def _waiting(shop, plan, planned, minute):
    others = [o for o in plan.operations if o.machine_id == planned.machine_id and o != planned]
    one = shop.machine[planned.machine_id]
    if not _opened(shop, one.id, minute) or minute < one.available_from:
        return Use.CLOSED
    if any(other.start <= minute < other.end for other in others):
        return Use.BUSY
    earlier = [other for other in others if other.start < planned.start]
    if any(other.setup_start <= minute < other.start for other in earlier):
        return Use.CHANGEOVER
    return Use.SETUP if minute >= planned.setup_start else Use.HELD


def _opened(shop, machine_id, minute):
    return any(start <= minute < end for start, end in shop.machine[machine_id].windows)
