"""What if: two plans under the same luck."""

from dataclasses import replace

import numpy as np
import pytest

from production.scheduling import dispatch
from production.simulation import Disturbance, UnlikeRunsError, compared, simulate
from tests.production.scheduling.shops import job, machine, problem

ROUGH = {"saw": Disturbance(variation=0.4)}


@pytest.fixture
def shop():
    return problem(
        [machine("saw1", group="saw"), machine("saw2", group="saw")],
        *(
            job(name, ({"saw1": 60, "saw2": 60}, {}), due=50 + 35 * at)
            for at, name in enumerate(["alice", "bob", "carol", "dave"])
        ),
    )


def without(shop, machine_id):
    left = tuple(one for one in shop.machines if one.id != machine_id)
    jobs = tuple(
        replace(
            one,
            operations=tuple(
                replace(
                    o, alternatives=tuple(a for a in o.alternatives if a.machine_id != machine_id)
                )
                for o in one.operations
            ),
        )
        for one in shop.jobs
    )
    return replace(shop, machines=left, jobs=jobs)


def test_an_operation_meets_the_same_luck_in_another_plan(shop):
    fewer = without(shop, "saw2")
    one, two = dispatch(fewer, "edd"), dispatch(shop, "edd")
    before, after = simulate(fewer, one, ROUGH, seed=4), simulate(shop, two, ROUGH, seed=4)
    took = {o.operation_id: before.worked[:, at] for at, o in enumerate(one.operations)}
    for at, o in enumerate(two.operations):
        assert (after.worked[:, at] == took[o.operation_id]).all()
    other = simulate(shop, two, ROUGH, seed=5)
    assert (other.worked != after.worked).mean() > 0.9


def test_a_second_machine_helps_and_nobody_doubts_it(shop):
    fewer = without(shop, "saw2")
    before = simulate(fewer, dispatch(fewer, "edd"), ROUGH, seed=4)
    after = simulate(shop, dispatch(shop, "edd"), ROUGH, seed=4)
    found = compared(before, after)
    assert found.low <= found.objective <= found.high < 0
    assert found.better > 0.8
    assert found.late_jobs < 0
    # alice is first either way; dave waited for three and now for one
    shifts = {shift.job_id: shift for shift in found.jobs}
    assert (shifts["alice"].mean, shifts["alice"].p90, shifts["alice"].on_time) == (0, 0, 0)
    assert shifts["dave"].mean == pytest.approx(-120, rel=0.1)
    assert found.jobs[0].job_id == "dave"


def test_the_difference_and_how_sure_it_is_worked_out_by_hand(shop):
    """Three replications in which alice, due at 50, ends at 60, 70, 80 and then at 55, 56, 63: 5,
    14 and 17 points less. Mean 12, standard deviation 6.245, t(0.975; 2) = 4.303, so
    ± 4.303 × 6.245 / √3 = 15.51."""
    one = replace(shop, jobs=shop.jobs[:1])
    run = simulate(one, dispatch(one, "edd"), replications=3)
    before = replace(run, ends=np.array([[60], [70], [80]]))
    after = replace(run, ends=np.array([[55], [56], [63]]))
    found = compared(before, after)
    assert (found.objective, found.better, found.late_jobs) == (-12, 1, 0)
    assert [found.low, found.high] == pytest.approx([-27.51, 3.51], abs=0.01)
    (alice,) = found.jobs
    assert (alice.mean, alice.on_time) == (-12, 0)


def test_a_plan_is_not_better_than_itself(shop):
    plan = dispatch(shop, "edd")
    run = simulate(shop, plan, ROUGH)
    found = compared(run, run)
    assert (found.objective, found.low, found.high, found.better, found.late_jobs) == (0,) * 5


def test_the_same_luck_tells_plans_apart_with_fewer_runs(shop):
    """Pairing takes away most of what two independent runs vary by."""
    fewer = without(shop, "saw2")
    one, two = dispatch(fewer, "edd"), dispatch(shop, "edd")
    before = simulate(fewer, one, ROUGH, seed=1, replications=400)
    paired = simulate(shop, two, ROUGH, seed=1, replications=400).finish.sum(axis=1)
    apart = simulate(shop, two, ROUGH, seed=2, replications=400).finish.sum(axis=1)
    was = before.finish.sum(axis=1)
    assert np.var(paired - was) < 0.6 * np.var(apart - was)


def test_runs_of_another_length_are_not_compared(shop):
    plan = dispatch(shop, "edd")
    with pytest.raises(UnlikeRunsError):
        compared(simulate(shop, plan, replications=2), simulate(shop, plan, replications=3))
    with pytest.raises(UnlikeRunsError):
        compared(simulate(shop, plan, replications=1), simulate(shop, plan, replications=1))


def test_the_figures_of_a_run_are_those_of_its_replications(shop):
    found = simulate(shop, dispatch(shop, "edd"), ROUGH, replications=10)
    for j, job_id in enumerate(found.job_ids):
        ends = sorted(found.finish[:, j])
        assert found.quantile(0.5)[j] == ends[4]
        assert found.quantile(0.9)[j] == ends[8]
        kept = sum(end <= shop.job[job_id].due for end in ends)
        assert found.on_time[j] == pytest.approx(kept / 10)
    costs = [sum(max(0, int(late)) for late in row) for row in found.lateness]
    assert found.objective.tolist() == costs
