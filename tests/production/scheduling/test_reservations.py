"""Capacity that is held: stretches of a machine in which only some orders run."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    RULES,
    Fault,
    NotPlainError,
    Operation,
    Pin,
    Problem,
    Reservation,
    ReservationError,
    SetupMatrix,
    Timetable,
    UnknownReferenceError,
    check,
    dispatch,
    inserted,
    repaired,
    schedule,
    shortest,
)
from production.scheduling.nervousness import places
from production.simulation import simulate

from .shops import examples, job, machine, problem, shops, times

many = examples(100)
FOR_BOB = Reservation("saw", 20, 50, ("bob",))


def planned(shop: Problem) -> dict[str, tuple[int, int, int]]:
    plan = schedule(shop)
    assert check(shop, plan) == []
    return times(plan)


def shop_of(*orders, held=(FOR_BOB,), **more) -> Problem:
    return problem([machine()], *orders, reservations=tuple(held), **more)


def test_others_keep_out_of_what_is_held_and_whom_it_is_for_uses_it():
    """Alice's 30 minutes do not fit in front of 20, though nothing else is there before 25."""
    alice = job("alice", ({"saw": 30}, {}), due=0)
    bob = job("bob", ({"saw": 25}, {}), due=500, release=25)
    assert planned(shop_of(alice, bob)) == {"bob1": (25, 25, 50), "alice1": (50, 50, 80)}


def test_work_that_fits_in_front_goes_in_front():
    alice = job("alice", ({"saw": 20}, {}), due=0)
    assert planned(shop_of(alice)) == {"alice1": (0, 0, 20)}


def test_whom_it_is_for_may_run_elsewhere_too():
    bob = job("bob", ({"saw": 60}, {}), due=0)
    assert planned(shop_of(bob)) == {"bob1": (0, 0, 60)}


def test_a_class_of_orders_has_what_is_held_for_it_and_forecast_work_is_in_no_class():
    held = Reservation("saw", 0, 100, weight=5)
    alice = job("alice", ({"saw": 10}, {}), due=0)
    bob = job("bob", ({"saw": 10}, {}), due=0, weight=5)
    blank = job("blank", ({"saw": 10}, {}), due=0, weight=9, firm=False)
    at = planned(shop_of(alice, bob, blank, held=[held]))
    assert at == {"bob1": (0, 0, 10), "alice1": (100, 100, 110), "blank1": (110, 110, 120)}


def test_the_change_over_keeps_out_too():
    """Alice's change-over of 10 and her 15 minutes do not fit in front of 20."""
    alice = job("alice", ({"saw": 15}, {"setup_family": "oak"}), due=0)
    shop = problem(
        [machine(setup_family="pine")],
        alice,
        setups=[SetupMatrix("saw", default=10)],
        reservations=(FOR_BOB,),
    )
    assert planned(shop) == {"alice1": (50, 60, 75)}


def test_what_is_held_in_front_of_the_fence_has_lapsed():
    alice = job("alice", ({"saw": 30}, {}), due=0)
    assert planned(shop_of(alice, fence=21)) == {"alice1": (0, 0, 30)}
    assert planned(shop_of(alice, fence=20)) == {"alice1": (50, 50, 80)}


def test_what_is_pinned_stands_where_it_is():
    alice = job("alice", ({"saw": 30}, {"pinned": Pin("saw", 10)}), due=0)
    assert planned(shop_of(alice)) == {"alice1": (10, 10, 40)}


def test_another_machine_is_not_held():
    alice = job("alice", ({"saw": 30, "old": 45}, {}), due=0)
    shop = problem([machine(), machine("old")], alice, reservations=(FOR_BOB,))
    plan = schedule(shop)
    assert (check(shop, plan), plan.operations[0].machine_id, plan.finish["alice"]) == (
        [],
        "old",
        45,
    )


def test_a_promise_and_a_repair_keep_out_of_what_is_held():
    carol = job("carol", ({"saw": 15}, {}), due=0)
    shop = shop_of(carol)
    plan = schedule(shop)
    new = job("new", ({"saw": 10}, {}))
    answer = Timetable(shop, plan).earliest_finish(new)
    assert answer is not None
    assert answer.finish == 60
    wider = replace(shop, jobs=(*shop.jobs, new))
    assert check(wider, inserted(wider, plan, answer)) == []
    late = replace(shop, jobs=(replace(carol, release=10),))
    mended = repaired(late, places(plan))
    assert (check(late, mended), times(mended)) == ([], {"carol1": (50, 50, 65)})


def test_the_checker_catches_work_in_what_is_held():
    alice = job("alice", ({"saw": 30}, {}), due=0)
    plan = schedule(problem([machine()], alice))
    assert [one.fault for one in check(shop_of(alice), plan)] == [Fault.RESERVED]


def test_reservations_that_make_no_sense_are_refused():
    alice = job("alice", ({"saw": 30}, {}))
    with pytest.raises(ReservationError):
        Reservation("saw", 10, 10)
    with pytest.raises(UnknownReferenceError):
        shop_of(alice, held=[Reservation("axe", 0, 10)])
    with pytest.raises(ReservationError):
        problem([machine(unlimited=True)], alice, reservations=(FOR_BOB,))
    with pytest.raises(ReservationError):
        simulate(shop_of(alice), schedule(shop_of(alice)))
    with pytest.raises(NotPlainError):
        shortest(shop_of(alice))


# Random shops


@pytest.mark.parametrize("rule", sorted(RULES))
@many
@given(shop=shops(held=True))
def test_every_plan_of_every_rule_passes_the_checker(rule, shop):
    assert check(shop, dispatch(shop, rule)) == []


@settings(many, max_examples=60)
@given(shop=shops(held=True, batches=True, lots=True), seed=st.integers(0, 99))
def test_a_searched_plan_passes_the_checker_and_so_does_a_repaired_one(shop, seed):
    plan = schedule(shop, seed=seed, only="edd", iterations=400)
    assert check(shop, plan) == []
    assert check(shop, repaired(shop, places(plan))) == []


@many
@given(shop=shops(held=True), minutes=st.integers(1, 60))
def test_a_promised_job_leaves_a_plan_that_passes_the_checker(shop, minutes):
    plan, names = dispatch(shop, "edd"), [one.id for one in shop.machines]
    new = job("new", (dict.fromkeys(names, minutes), {"setup_family": "red"}))
    answer = Timetable(shop, plan).earliest_finish(new)
    if answer is not None:
        wider = replace(shop, jobs=(*shop.jobs, new))
        assert check(wider, inserted(wider, plan, answer)) == []


# Against every plan there is


def cheapest(shop: Problem) -> int:
    """The least cost of all orders at one machine, in plain arithmetic."""
    return min(_cost(shop, order) for order in permutations(shop.operations()))


def _cost(shop: Problem, order: tuple[Operation, ...]) -> int:
    free, family, cost = 0, shop.machines[0].setup_family, 0
    for one in order:
        whole, minutes = shop.job[one.job_id], one.alternatives[0].minutes
        setup = shop.matrix["saw"].between(family, one.setup_family)
        start = max(free + setup, whole.release)
        for held in sorted(shop.reservations, key=lambda each: each.start):
            mine = whole.id in held.job_ids
            if not mine and start - setup < held.end and start + minutes > held.start:
                start = max(start, held.end + setup)
        free, family = start + minutes, one.setup_family
        cost += setup + whole.weight * max(0, free - whole.due)
    return cost


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    orders = [
        job(
            f"J{number}",
            ({"saw": draw(st.integers(5, 40))}, {"setup_family": draw(st.sampled_from("ab"))}),
            due=draw(st.integers(0, 150)),
            release=draw(st.sampled_from([0, 0, 20])),
            weight=draw(st.sampled_from([1, 3])),
        )
        for number in range(draw(st.integers(2, 4)))
    ]
    starts = draw(st.lists(st.sampled_from([10, 50, 90, 130]), min_size=1, max_size=3, unique=True))
    lucky = st.sampled_from(["J0", "J1"])
    held = [
        Reservation("saw", start, start + draw(st.integers(5, 40)), (draw(lucky),))
        for start in starts
    ]
    saw = machine(setup_family="a")
    return problem([saw], *orders, setups=[SetupMatrix("saw", default=8)], reservations=tuple(held))


@settings(many, max_examples=15)
@given(shop=tiny())
def test_the_search_finds_the_cheapest_plan_of_a_tiny_shop(shop):
    assert schedule(shop, seed=3, iterations=20_000).totals.objective == cheapest(shop)
