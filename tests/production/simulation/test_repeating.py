"""A floor without disturbance repeats its plan; a disturbed one still keeps every rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    Alternative,
    Fault,
    Job,
    Machine,
    Operation,
    PlannedOperation,
    Pool,
    Problem,
    Schedule,
    check,
    dispatch,
    schedule,
)
from production.scheduling.plan import finishes, totals
from production.simulation import Disturbance, DisturbanceError, Policy, Shape, simulate
from tests.production.scheduling.shops import examples, shops

many = examples(80)
ROUGH = Disturbance(variation=0.5, good=0.8, between_failures=60, repair=10)


def floors(*, pins: bool = True) -> st.SearchStrategy[Problem]:
    """Random shops in which machines are all that work needs."""
    return shops(pins=pins).map(without_pools)


def without_pools(shop: Problem) -> Problem:
    return replace(
        shop,
        pools=(),
        jobs=tuple(
            replace(one, operations=tuple(replace(step, pools=()) for step in one.operations))
            for one in shop.jobs
        ),
    )


def figures(found):
    """Start, end and set-up of every operation in the first replication."""
    return list(
        zip(found.starts[0].tolist(), found.ends[0].tolist(), found.setups[0].tolist(), strict=True)
    )


@pytest.mark.parametrize("patience", [None, 0])
@many
@given(shop=floors())
def test_a_floor_that_keeps_to_the_minutes_of_its_plan_repeats_it_exactly(patience, shop):
    plan = dispatch(shop, "edd")
    found = simulate(shop, plan, replications=2, policy=Policy(ahead=0, patience=patience))
    assert figures(found) == [(o.start, o.end, o.setup_minutes) for o in plan.operations]
    assert found.objective.tolist() == [plan.totals.objective] * 2
    assert dict(zip(found.job_ids, found.finish[1].tolist(), strict=True)) == plan.finish
    assert found.late_jobs[0] == plan.totals.late_jobs


@settings(many, max_examples=40)
@given(shop=floors())
def test_plans_that_were_searched_are_repeated_as_well(shop):
    plan = schedule(shop, seed=2)
    found = simulate(shop, plan, replications=1, policy=Policy(ahead=0))
    assert figures(found) == [(o.start, o.end, o.setup_minutes) for o in plan.operations]
    assert found.overstayed.max(initial=0) == 0


@many
@given(shop=floors())
def test_who_may_begin_early_is_never_later_than_planned(shop):
    plan = dispatch(shop, "edd")
    found = simulate(shop, plan, replications=1)
    assert (found.ends[0] <= [o.end for o in plan.operations]).all()


@many
@given(
    shop=floors(pins=False),
    patience=st.sampled_from([None, 0, 20]),
    ahead=st.sampled_from([None, 0, 30]),
    shape=st.sampled_from(Shape),
)
def test_whatever_happens_on_the_floor_is_a_plan_that_the_checker_accepts(
    shop, patience, ahead, shape
):
    plan = dispatch(shop, "edd")
    groups = {one.group for one in shop.machines}
    found = simulate(
        shop,
        plan,
        dict.fromkeys(groups, replace(ROUGH, shape=shape)),
        replications=3,
        policy=Policy(ahead, patience),
    )
    for r in range(3):
        as_it_was, happened = told(shop, plan, found, r)
        faults = {one.fault for one in check(as_it_was, happened)}
        # overruns go on at the next opening, and what cured too long is counted, not undone
        assert faults <= {Fault.SPLIT, Fault.MAX_LAG}
        assert happened.totals.objective == found.objective[r]


def told(shop, plan, found, r):
    """One replication as the problem that it turned out to be, and its plan."""
    machines = tuple(
        replace(one, windows=(*one.windows[:-1], (one.windows[-1][0], 10**6)))
        if one.windows
        else one
        for one in shop.machines
    )
    took = {
        one.operation_id: int(found.worked[r, at] + found.repairs[r, at])
        for at, one in enumerate(plan.operations)
    }
    jobs = tuple(
        replace(job, operations=tuple(_took(o, took.get(o.id)) for o in job.operations))
        for job in shop.jobs
    )
    problem = replace(shop, machines=machines, jobs=jobs)
    operations = []
    for at, one in enumerate(plan.operations):
        start, end, setup = (int(a[r, at]) for a in (found.starts, found.ends, found.setups))
        hours = problem.open_time[one.machine_id]
        begins = hours.start_at(hours.worked(start) - setup) if setup else start
        operations.append(
            PlannedOperation(
                one.operation_id, one.job_id, one.machine_id, begins, start, end, setup, one.binding
            )
        )
    finish = finishes(operations, {one.job_id for one in plan.set_aside})
    found = totals(problem, operations, finish)
    return problem, Schedule(tuple(operations), found, plan.set_aside)


def _took(operation, minutes):
    if minutes is None:
        return operation
    return replace(
        operation,
        alternatives=tuple(Alternative(a.machine_id, minutes) for a in operation.alternatives),
    )


@settings(many, max_examples=40)
@given(shop=floors())
def test_one_seed_gives_one_floor_however_many_replications_are_asked_for(shop):
    plan = dispatch(shop, "edd")
    rough = dict.fromkeys({one.group for one in shop.machines}, ROUGH)
    few = simulate(shop, plan, rough, replications=3, seed=5)
    more = simulate(shop, plan, rough, replications=40, seed=5)
    for name in ("starts", "ends", "setups", "worked", "repairs"):
        assert np.array_equal(getattr(few, name), getattr(more, name)[:3])


def test_work_that_needs_people_is_refused_in_words():
    welding = Operation("weld", "frame", 1, (Alternative("booth", 30),), pools=("welders",))
    booth, welders = Machine("booth", "booth", ((0, 480),)), Pool("welders", 1, ((0, 480),))
    shop = Problem((booth,), (Job("frame", (welding,), due=60),), pools=(welders,))
    with pytest.raises(DisturbanceError, match="people or tools"):
        simulate(shop, dispatch(shop, "edd"))
