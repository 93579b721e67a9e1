"""The shortest plan of a plain job shop."""

import pytest

from production.scheduling import NotPlainError, Pin, Pool, Schedule, SetupMatrix, check, shortest
from tests.production.scheduling.shops import job, machine, problem


def planned(*jobs_, machines=("saw", "drill"), **more) -> Schedule:
    return shortest(problem([machine(name) for name in machines], *jobs_, **more), iterations=500)


def test_two_jobs_that_cross_each_other_share_both_machines_without_a_gap():
    """Alice saws 3 and drills 2, Bob drills 4 and saws 2: 6 minutes, no less than Bob needs."""
    alice = job("alice", ({"saw": 3}, {}), ({"drill": 2}, {}))
    bob = job("bob", ({"drill": 4}, {}), ({"saw": 2}, {}))
    plan = planned(alice, bob)
    assert plan.totals.makespan == 6
    assert check(problem([machine("saw"), machine("drill")], alice, bob), plan) == []


def test_work_goes_to_the_slower_machine_where_the_faster_one_is_busy():
    one, two = (job(name, ({"saw": 4, "drill": 6}, {})) for name in ("alice", "bob"))
    assert planned(one, two).totals.makespan == 6


def test_glue_dries_before_the_next_step():
    glued = job("alice", ({"saw": 3}, {"min_lag_after": 10}), ({"drill": 2}, {}))
    assert planned(glued).totals.makespan == 15


@pytest.mark.parametrize(
    ("jobs_", "more", "why"),
    [
        ([job("alice", ({"saw": 3}, {"pinned": Pin("saw", 0)}))], {}, "pinned"),
        ([job("alice", ({"saw": 3}, {}), release=5)], {}, "cannot begin at once"),
        ([job("alice", ({"saw": 3}, {"max_lag_after": 5}), ({"saw": 3}, {}))], {}, "tied"),
        ([job("alice", ({}, {}))], {}, "no machine"),
        (
            [job("alice", ({"saw": 3}, {"pools": ("welder",)}))],
            {"pools": (Pool("welder", 1, ((0, 90),)),)},
            "needs a pool",
        ),
        ([job("alice", ({"saw": 3}, {}))], {"setups": [SetupMatrix("saw", default=5)]}, "change"),
    ],
)
def test_a_shop_with_more_to_it_is_refused_by_name(jobs_, more, why):
    with pytest.raises(NotPlainError, match=why):
        planned(*jobs_, **more)


def test_a_machine_that_rests_is_refused_by_name():
    shop = problem([machine(windows=((0, 2), (5, 90)))], job("alice", ({"saw": 3}, {})))
    with pytest.raises(NotPlainError, match="saw is not open all the time"):
        shortest(shop, iterations=10)
