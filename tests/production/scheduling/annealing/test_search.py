"""The search behind the rules: exact judgements, the optimum of tiny shops, the same plan again."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    Effort,
    Machine,
    Pin,
    Pool,
    Problem,
    Schedule,
    SetupMatrix,
    Stability,
    check,
    dispatch,
    improving,
    schedule,
)
from production.scheduling.annealing.annealing import Window, anneal
from production.scheduling.annealing.pricing import set_prices
from production.scheduling.arrays import Records, Shop
from production.scheduling.chance import chance
from production.scheduling.dispatch import Dispatcher, rules_called
from production.scheduling.gaps import units_of
from production.scheduling.nervousness import places
from production.scheduling.rows import choose_all, costs, decode, room_for
from production.scheduling.stability import calm_of, departures
from tests.production.scheduling.shops import examples, job, jobs, machine, problem, shops

many = examples(60)
COLOURS = SetupMatrix("paint", {("white", "black"): 10, ("black", "white"): 40})


# Tiny shops, worked out by hand


def test_colours_are_grouped_where_every_rule_changes_over_too_often():
    """All are due late enough: white, white, black, black needs one change-over of 10 minutes."""
    colours = ["white", "black", "white", "black"]
    shop = problem(
        [machine("paint", setup_family="white")],
        *(
            job(f"order{i}", ({"paint": 30}, {"setup_family": colour}), due=200, release=i)
            for i, colour in enumerate(colours)
        ),
        setups=[COLOURS],
    )
    plan = schedule(shop, only="fifo")
    assert dispatch(shop, "fifo").totals.setup_minutes == 60
    assert (plan.totals.setup_minutes, plan.totals.weighted_tardiness) == (10, 0)


def test_the_weightier_order_goes_first_where_both_cannot_be_in_time():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {}), due=60, weight=1),
        job("bob", ({"saw": 60}, {}), due=70, weight=10),
    )
    plan = schedule(shop, only="edd")
    assert plan.finish == {"bob": 60, "alice": 120}
    assert plan.totals.objective == 60


def test_a_pinned_step_stays_whatever_it_costs():
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {"pinned": Pin("saw", 0)}), due=500),
        job("bob", ({"saw": 60}, {}), due=60, weight=10),
    )
    plan = schedule(shop)
    assert plan.finish == {"alice": 60, "bob": 120}


def test_what_work_tied_by_a_maximum_lag_waits_for_stays_in_front_of_it():
    """Sawing the frame after Alice's board would be cheaper, but its table has its place."""
    shop = problem(
        [machine("saw"), machine("paint")],
        job("frame", ({"saw": 30}, {})),
        job(
            "table",
            ({"paint": 10}, {"max_lag_after": 5}),
            ({"paint": 10}, {}),
            predecessors=("frame",),
        ),
        job("alice", ({"saw": 30}, {}), due=30, weight=10, release=1),
    )
    ruled, plan = dispatch(shop, "fifo"), schedule(shop, only="fifo")
    assert ruled.finish == {"frame": 30, "table": 50, "alice": 60}
    assert (plan.finish, check(shop, plan)) == (ruled.finish, [])


# Against every plan there is


def cheapest(shop: Problem) -> int:
    """The least cost of all orders of work and choices of machines, in plain arithmetic.

    For machines and pools of one that never rest, jobs without lags, set-ups per machine.
    """
    steps = [one.id for one in shop.jobs for _ in one.operations]
    places = [operation.alternatives for operation in shop.operations()]
    return min(
        cost_of(shop, sequence, choice)
        for sequence in set(permutations(steps))
        for choice in product(*(range(len(some)) for some in places))
    )


def cost_of(shop: Problem, sequence: tuple[str, ...], choice: tuple[int, ...]) -> int:
    number = {operation.id: i for i, operation in enumerate(shop.operations())}
    begun = dict.fromkeys(shop.job, 0)
    ready = {one.id: max(0, one.release) for one in shop.jobs}
    free = {one.id: (0, one.setup_family) for one in shop.machines}
    given_back = dict.fromkeys(shop.pool, 0)
    setups = 0
    for job_id in sequence:
        operation = shop.job[job_id].operations[begun[job_id]]
        begun[job_id] += 1
        place = operation.alternatives[choice[number[operation.id]]]
        since, family = free[place.machine_id]
        setup = shop.matrix[place.machine_id].between(family, operation.setup_family)
        since = max([since, *(given_back[one] for one in operation.pools)])
        end = max(since + setup, ready[job_id]) + place.minutes
        given_back |= dict.fromkeys(operation.pools, end)
        setups += setup
        free[place.machine_id], ready[job_id] = (end, operation.setup_family), end
    late = sum(one.weight * max(0, ready[one.id] - one.due) for one in shop.jobs)
    return late + setups


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    names = ["M0", "M1"]
    found = []
    for i in range(draw(st.integers(2, 3))):
        one = draw(jobs(f"J{i}", names, pins=False, crews=("P",)))
        steps = tuple(
            replace(step, min_lag_after=0, max_lag_after=None, splittable=True)
            for step in one.operations[:2]
        )
        found.append(replace(one, operations=steps, firm=True, due=draw(st.integers(0, 120))))
    machines = tuple(Machine(name, "G", ((0, 5_000),), "red") for name in names)
    minutes = {("red", "blue"): 15, ("blue", "red"): 5, ("red", "green"): 30}
    matrix = SetupMatrix("G", minutes, default=10)
    return Problem(machines, tuple(found), (matrix,), (Pool("P", 1, ((0, 5_000),)),))


@settings(many, max_examples=12)
@given(shop=tiny())
def test_the_search_finds_the_cheapest_plan_of_a_tiny_shop(shop):
    plan = schedule(shop, seed=3, iterations=20_000)
    assert plan.totals.objective == cheapest(shop)


# Against the decoder and the checker


def laid_out(shop: Problem) -> tuple[Shop, Records, np.ndarray]:
    dispatcher = Dispatcher(shop)
    draft = dispatcher.best(rules_called("edd"))
    plan = (draft.firm or draft).plan.copy()
    order = dispatcher.by_start(plan)
    units_of(dispatcher.shop, plan)
    assert decode(dispatcher.shop, plan, order, room_for(dispatcher.shop))
    return dispatcher.shop, plan, order


@many
@given(shop=shops(pins=False), seed=st.integers(0, 99), price=st.sampled_from([0, 1, 40]))
def test_what_a_move_is_judged_to_cost_is_what_it_costs(shop, seed, price):
    """With the horizon at the end of the list nothing is estimated, departures included."""
    tables, plan, order = laid_out(shop)
    if not len(order):
        return
    known = places(dispatch(shop, "fifo"))
    calm = calm_of(shop, tables, Stability(known, price, until=200, tolerance=5))
    before = sum(costs(tables, plan, order)) + departures(calm, plan)
    size = len(order)
    best, urgent = np.zeros((2, size), np.int32), np.zeros(size, np.int32)
    marks, touched = np.zeros(size, np.int32), np.zeros(size + 1, np.int32)
    set_prices(tables, plan, order, 100.0)
    window = Window(0, size, size)
    gained, timed = anneal(
        tables, plan, order, marks, touched, chance(seed), window, 300, 20.0, 1.0, urgent, best,
        calm,
    )  # fmt: skip
    choose_all(tables, plan, best[0], best[1])
    tables.seats["unit"] = tables.seats["kept"]
    decode(tables, plan, best[0], room_for(tables))
    after = sum(costs(tables, plan, best[0])) + departures(calm, plan)
    assert after - before == gained <= 0
    assert timed > 0 or gained == 0


@many
@given(shop=shops(), seed=st.integers(0, 99))
def test_a_searched_plan_passes_the_checker_and_costs_no_more_than_its_rule(shop, seed):
    plan = schedule(shop, seed=seed, only="edd", iterations=2_000)
    ruled = dispatch(shop, "edd")
    assert check(shop, plan) == []
    assert weight_aside(shop, plan) <= weight_aside(shop, ruled)
    if weight_aside(shop, plan) == weight_aside(shop, ruled):
        assert plan.totals.objective <= ruled.totals.objective


def weight_aside(shop: Problem, plan: Schedule) -> int:
    return sum(shop.job[one.job_id].weight for one in plan.set_aside)


# Anytime, and the same again


def crowd(size: int = 40) -> Problem:
    """One painter, four colours, everything due too soon."""
    return problem(
        [machine("paint"), machine("saw")],
        *(
            job(
                f"order{i}",
                ({"saw": 7 + i % 5}, {}),
                ({"paint": 10}, {"setup_family": "wbrg"[i % 4]}),
                due=5 * i,
                weight=1 + i % 3,
            )
            for i in range(size)
        ),
        setups=[SetupMatrix("paint", default=20)],
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_seed_and_iterations_fix_the_plan_whatever_the_threads(threads):
    effort = Effort(width=20, ahead=10)
    first = schedule(crowd(), seed=5, iterations=20_000, effort=effort)
    again = schedule(crowd(), seed=5, iterations=20_000, effort=effort, threads=threads)
    assert first == again
    assert first.totals.objective < dispatch(crowd()).totals.objective


def test_progress_tells_a_cost_that_only_falls():
    told: list[tuple[int, int]] = []
    plan = schedule(
        crowd(),
        iterations=20_000,
        effort=Effort(width=20, ahead=10),
        progress=lambda made, cost: told.append((made, cost)),
    )
    costs_told = [cost for _, cost in told]
    assert costs_told == sorted(costs_told, reverse=True)
    assert costs_told[-1] == plan.totals.objective
    assert [made for made, _ in told] == sorted(made for made, _ in told)


def test_progress_ends_with_the_cost_of_the_plan_that_is_kept(monkeypatch):
    """What the search found may leave forecast jobs no place; then the rule's own plan stands."""
    monkeypatch.setattr(improving, "_cheaper", lambda dispatcher, draft, search, rule: draft)
    told: list[int] = []
    effort = Effort(width=20, ahead=10)
    plan = schedule(
        crowd(), iterations=20_000, effort=effort, progress=lambda made, cost: told.append(cost)
    )
    assert told[-1] == told[0] == plan.totals.objective
    assert min(told) < told[-1]


def test_a_deadline_ends_the_search_between_two_windows():
    asked: list[int] = []

    def over() -> bool:
        asked.append(1)
        return len(asked) > 60

    told: list[int] = []
    plan = schedule(crowd(), deadline=over, progress=lambda made, cost: told.append(made))
    assert check(crowd(), plan) == []
    assert 1 < len(told) <= 60


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"moves": 0}, {"hot": 0.5, "cold": 1.0}, {"tolerance": 0.0}]
)
def test_an_effort_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"window|temperatures"):
        Effort(**wrong)
