"""How the floor works its queues, by hand."""

from dataclasses import replace

import pytest

from production.scheduling import Pin, SetupMatrix, dispatch
from production.simulation import Disturbance, DisturbanceError, Policy, simulate
from tests.production.scheduling.shops import job, machine, problem


def starts(shop, plan, **policy):
    found = simulate(shop, plan, replications=1, policy=Policy(**policy))
    return {
        one.job_id: int(start) for one, start in zip(found.operations, found.starts[0], strict=True)
    }


def late_material(shop, job_id, minute):
    """The same shop, but the material of one order comes later than its plan believes."""
    jobs = (replace(one, release=minute) if one.id == job_id else one for one in shop.jobs)
    return replace(shop, jobs=tuple(jobs))


@pytest.fixture
def saw():
    return problem(
        [machine(setup_family="red")],
        job("alice", ({"saw": 20}, {"setup_family": "red"}), due=30, release=10),
        job("bob", ({"saw": 20}, {"setup_family": "red"}), due=60),
        job("carol", ({"saw": 20}, {"setup_family": "blue"}), due=90),
        setups=[SetupMatrix("saw", default=5)],
    )


@pytest.fixture
def plan(saw):
    """Alice at 10, as only her order is awaited, then Bob and Carol."""
    first = dispatch(saw, "edd")
    row = {"alice": (10, 30, 0), "bob": (30, 50, 0), "carol": (55, 75, 5)}
    moved = (
        replace(
            one,
            setup_start=row[one.job_id][0] - row[one.job_id][2],
            start=row[one.job_id][0],
            end=row[one.job_id][1],
            setup_minutes=row[one.job_id][2],
        )
        for one in first.operations
    )
    return replace(first, operations=tuple(sorted(moved, key=lambda one: one.start)))


def test_everybody_waits_for_who_is_next(saw, plan):
    late = late_material(saw, "alice", 200)
    assert starts(late, plan) == {"alice": 200, "bob": 220, "carol": 245}


def test_who_is_late_by_more_than_the_patience_is_overtaken(saw, plan):
    """Alice should begin at 10. At 40 the saw takes Bob, at 60 and after 5 minutes of change-over
    Carol; back to red, Alice follows at 200, for her set-up was made in the meantime."""
    late = late_material(saw, "alice", 200)
    assert starts(late, plan, patience=30) == {"bob": 40, "carol": 65, "alice": 200}
    # she comes before the saw is free again: behind Carol, and the change-over takes its time
    late = late_material(saw, "alice", 70)
    assert starts(late, plan, patience=30) == {"bob": 40, "carol": 65, "alice": 90}
    # she comes while it works for Bob
    late = late_material(saw, "alice", 50)
    assert starts(late, plan, patience=30) == {"bob": 40, "alice": 60, "carol": 85}


def test_it_looks_only_so_far_behind_the_next_one(saw, plan):
    late = late_material(late_material(saw, "alice", 200), "bob", 100)
    assert starts(late, plan, patience=0) == {"carol": 15, "bob": 105, "alice": 200}
    assert starts(late, plan, patience=0, look=1) == {"bob": 100, "carol": 125, "alice": 200}


def test_patience_counts_hours_in_which_the_machine_is_open():
    hours = ((0, 60), (1_000, 1_060))
    shop = problem(
        [machine(windows=hours)],
        job("alice", ({"saw": 20}, {}), due=30, release=50),
        job("bob", ({"saw": 20}, {}), due=90, release=55),
    )
    plan = dispatch(shop, "edd")
    assert [(one.job_id, one.start) for one in plan.operations] == [("alice", 50), ("bob", 1_010)]
    late = late_material(shop, "alice", 2_000)
    # 10 minutes until 60, and 20 of the next day
    assert starts(late, plan, patience=30)["bob"] == 1_020


def test_frozen_work_is_not_passed():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 20}, {}), due=30),
        job("bob", ({"saw": 20}, {"pinned": Pin("saw", 100)}), due=90),
        job("carol", ({"saw": 20}, {"pinned": None}), due=990, release=120),
    )
    plan = dispatch(shop, "edd")
    late = late_material(late_material(shop, "alice", 500), "carol", 0)
    assert starts(late, plan, patience=0) == {"alice": 500, "bob": 520, "carol": 540}


def test_work_may_begin_so_many_minutes_before_its_plan(saw, plan):
    early = late_material(saw, "alice", 0)
    assert starts(early, plan, ahead=0) == {"alice": 10, "bob": 30, "carol": 55}
    assert starts(early, plan, ahead=4) == {"alice": 6, "bob": 26, "carol": 51}
    assert starts(early, plan) == {"alice": 0, "bob": 20, "carol": 45}


def test_what_must_not_cure_too_long_never_begins_before_its_plan():
    """The desk is closed until 500, so the plan paints at 450 although it could at once."""
    shop = problem(
        [machine(), machine("desk", ((500, 900),))],
        job("alice", ({"saw": 20}, {"max_lag_after": 30}), ({"desk": 10}, {})),
    )
    plan = dispatch(shop, "edd")
    found = simulate(shop, plan, replications=1)
    assert found.starts.tolist() == [[450, 500]]
    assert found.overstayed.tolist() == [0, 0]


def test_a_successor_that_comes_too_late_is_counted():
    shop = problem(
        [machine(), machine("desk")],
        job("bob", ({"desk": 20}, {}), due=0),
        job("alice", ({"saw": 20}, {"max_lag_after": 5}), ({"desk": 10}, {})),
    )
    plan = dispatch(shop, "edd")
    assert [one.start for one in plan.operations] == [0, 0, 20]
    found = simulate(shop, plan, {"desk": Disturbance(variation=0.5)}, replications=100)
    waited = found.starts[:, 2] - found.ends[:, 1]
    expected = (waited > 5).mean()
    assert 0.1 < expected < 0.9
    saw = next(at for at, one in enumerate(plan.operations) if one.machine_id == "saw")
    assert found.overstayed[saw] == pytest.approx(expected)


def test_only_what_is_left_of_started_work_varies():
    shop = problem(
        [machine(windows=((-100, 10_000),))],
        job("alice", ({"saw": 100}, {"pinned": Pin("saw", -60)}), due=0),
    )
    plan = dispatch(shop, "edd")
    found = simulate(shop, plan, {"saw": Disturbance(variation=1)}, replications=300)
    assert (found.starts == -60).all()
    assert found.ends.min() > 0
    assert found.ends.mean() == pytest.approx(40, rel=0.2)
    assert found.ends.std() > 20


def test_a_policy_that_makes_no_sense_is_refused():
    with pytest.raises(DisturbanceError):
        Policy(ahead=-1)
