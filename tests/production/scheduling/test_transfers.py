"""Transfer batches: pieces go on to the next step before all are made."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    RULES,
    BatchError,
    Binding,
    Fault,
    Job,
    NotPlainError,
    Operation,
    Pin,
    Problem,
    Rack,
    Timetable,
    check,
    dispatch,
    inserted,
    schedule,
    shortest,
)
from production.simulation import simulate

from .shops import examples, job, jobs, machine, problem, shops, times

many = examples(100)
SHOP = (machine("saw"), machine("paint"))


def chairs(name: str, saw: int, paint: int, transfer: int = 1, **more: int) -> Job:
    """Four chairs, so many minutes for all of them at the saw and in paint."""
    steps: Any = ({"saw": saw}, {"transfer": transfer}), ({"paint": paint}, {})
    return job(name, *steps, quantity=4, **more)


def planned(shop: Problem) -> dict[str, tuple[int, int]]:
    plan = schedule(shop)
    assert check(shop, plan) == []
    return {name: span[1:] for name, span in times(plan).items()}


@pytest.mark.parametrize(
    ("transfer", "paint", "done"),
    [(0, 40, 80), (4, 40, 80), (1, 40, 50), (2, 40, 60), (3, 40, 70)],
)
def test_four_chairs_of_ten_minutes_at_two_steps_are_done_the_earlier_the_smaller_the_lots(
    transfer, paint, done
):
    """Whole: 40 + 40. Lots of one: paint begins at 10. Of two: at 20. Of three: at 30."""
    shop = problem(SHOP, chairs("alice", 40, paint, transfer))
    assert planned(shop)["alice2"] == (done - 40, done)


def test_a_quicker_second_step_waits_until_it_will_not_run_dry():
    """The last chair is sawn at 40 and takes 5 in paint: 45; begun at 25 paint never waits."""
    assert planned(problem(SHOP, chairs("alice", 40, 20)))["alice2"] == (25, 45)


def test_a_slower_second_step_begins_with_the_first_chair():
    assert planned(problem(SHOP, chairs("alice", 40, 80)))["alice2"] == (10, 90)


def test_every_lot_dries_before_the_next_step():
    """Each chair dries 15 minutes: the first is sawn at 10, so paint begins at 25."""
    shop = problem(SHOP, chairs("alice", 40, 40))
    first = replace(shop.jobs[0].operations[0], min_lag_after=15)
    shop = replace(
        shop, jobs=(replace(shop.jobs[0], operations=(first, shop.jobs[0].operations[1])),)
    )
    assert planned(shop)["alice2"] == (25, 65)


def test_the_paint_shop_may_work_while_the_saw_is_closed():
    """Sawn 0 to 20 and 60 to 80. Painted without a break the last chair is begun at 80 at the
    earliest: 50 to 90. What was sawn before the break is there long before."""
    shop = problem(
        [machine("saw", ((0, 20), (60, 100))), machine("paint")], chairs("alice", 40, 40)
    )
    assert planned(shop)["alice2"] == (50, 90)


def test_one_machine_for_both_steps_finishes_the_first_before_the_second():
    steps: Any = ({"saw": 40}, {"transfer": 1}), ({"saw": 40}, {})
    assert planned(problem(SHOP, job("alice", *steps, quantity=4)))["alice2"] == (40, 80)


def test_running_work_hands_on_what_it_has_made():
    """Four chairs are sawn from -20 to 20; paint could begin at once, and would be dry by 20."""
    steps: Any = ({"saw": 40}, {"transfer": 1, "pinned": Pin("saw", -20, 20)}), ({"paint": 40}, {})
    shop = problem(
        [machine("saw", ((-100, 500),)), machine("paint")], job("alice", *steps, quantity=4)
    )
    assert planned(shop)["alice2"] == (0, 40)


def test_an_oven_takes_all_pieces_at_once():
    oven = machine("oven", batch=Rack(3))
    steps: Any = ({"saw": 40}, {"transfer": 1}), ({"oven": 40}, {"size": 2})
    assert planned(problem([*SHOP, oven], job("alice", *steps, quantity=4)))["alice2"] == (40, 80)


def test_a_start_that_the_step_before_decides_says_so():
    plan = dispatch(problem(SHOP, chairs("alice", 40, 40)))
    assert plan.by_operation["alice2"].binding == Binding.PREDECESSOR


def test_the_checker_catches_a_lot_that_is_wanted_before_it_is_made():
    shop = problem(SHOP, chairs("alice", 40, 20))
    plan = dispatch(shop)
    early = tuple(
        replace(one, setup_start=24, start=24, end=44) if one.operation_id == "alice2" else one
        for one in plan.operations
    )
    faults = {one.fault for one in check(shop, replace(plan, operations=early))}
    assert Fault.PRECEDENCE in faults


def test_what_does_not_know_lots_refuses_them_and_a_promise_waits_for_all_pieces():
    shop = problem(SHOP, chairs("alice", 40, 40))
    plan = schedule(shop)
    with pytest.raises(BatchError):
        simulate(shop, plan)
    with pytest.raises(NotPlainError):
        shortest(shop)
    with pytest.raises(ValueError, match="nothing"):
        replace(shop.jobs[0].operations[0], transfer=-1)
    with pytest.raises(ValueError, match="pieces"):
        replace(shop.jobs[0], quantity=0)
    new = chairs("bob", 40, 40)
    answer = Timetable(shop, plan).earliest_finish(new)
    assert answer is not None
    assert answer.finish == 120
    wider = replace(shop, jobs=(*shop.jobs, new))
    assert check(wider, inserted(wider, plan, answer)) == []


# Random shops


@pytest.mark.parametrize("rule", sorted(RULES))
@many
@given(shop=shops(lots=True))
def test_every_plan_of_every_rule_passes_the_checker(rule, shop):
    assert check(shop, dispatch(shop, rule)) == []


@settings(many, max_examples=40)
@given(shop=shops(lots=True, batches=True), seed=st.integers(0, 99))
def test_a_searched_plan_with_lots_and_batches_passes_the_checker(shop, seed):
    assert check(shop, schedule(shop, seed=seed, only="edd", iterations=400)) == []


# Against every plan there is


def cheapest(shop: Problem) -> int:
    """The least cost of all orders at two machines that never rest, in plain arithmetic."""
    saws = [one.operations[0] for one in shop.jobs]
    paints = [one.operations[1] for one in shop.jobs]
    return min(
        _cost(shop, [*first, *second])
        for first in permutations(saws)
        for second in permutations(paints)
    )


def _cost(shop: Problem, order: list[Operation]) -> int:
    free, done = {"M0": 0, "M1": 0}, dict[str, int]()
    lots: dict[str, list[int]] = {}
    for one in order:
        place, whole = one.alternatives[0], shop.job[one.job_id]
        pieces = range(whole.quantity)
        since = max(0, whole.release)
        for piece, ready in enumerate(lots.get(one.job_id, [])):
            since = max(since, ready - place.minutes // whole.quantity * piece)
        start = max(free[place.machine_id], since)
        each = place.minutes // whole.quantity
        ends = [start + each * (piece + 1) for piece in pieces]
        free[place.machine_id] = done[one.job_id] = ends[-1]
        lots[one.job_id] = [
            ends[min(whole.quantity, (piece // one.transfer + 1) * one.transfer) - 1]
            for piece in pieces
        ]
    return sum(one.weight * max(0, done[one.id] - one.due) for one in shop.jobs)


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    found = []
    for number in range(draw(st.integers(2, 4))):
        one = draw(jobs(f"J{number}", ["M0"], pins=False))
        quantity = draw(st.integers(1, 5))
        steps = [
            ({name: quantity * draw(st.integers(2, 20))}, {"transfer": draw(st.integers(1, 3))})
            for name in ("M0", "M1")
        ]
        due = draw(st.integers(0, 120))
        found.append(job(one.id, *steps, due=due, weight=one.weight, quantity=quantity))
    return problem([machine("M0"), machine("M1")], *found)


@settings(many, max_examples=15)
@given(shop=tiny())
def test_the_search_finds_the_cheapest_plan_of_a_tiny_shop(shop):
    assert schedule(shop, seed=3, iterations=20_000).totals.objective == cheapest(shop)
