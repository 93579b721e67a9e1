"""Plans that stay near the one that people have seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from production.scheduling import Stability, check, dispatch, schedule
from production.scheduling.dispatch import Dispatcher
from production.scheduling.nervousness import places
from production.scheduling.rules import RULES
from production.scheduling.stability import calm_of

from .shops import examples, job, machine, problem, shops

many = examples(60)


def two_orders():
    """Bob is due a little sooner, but everybody has seen Alice in front of him."""
    shop = problem(
        [machine()],
        job("alice", ({"saw": 60}, {}), due=120),
        job("bob", ({"saw": 60}, {}), due=100),
    )
    return shop, {"alice1": ("saw", 0), "bob1": ("saw", 60)}


@pytest.mark.parametrize(
    ("price", "first"), [(0, "bob"), (9, "bob"), (11, "alice"), (1_000, "alice")]
)
def test_two_orders_change_places_only_where_that_saves_more_than_both_departures_cost(
    price, first
):
    """Alice first makes Bob 20 minutes late; bringing him forward moves two operations."""
    shop, before = two_orders()
    plan = schedule(shop, iterations=2_000, stability=Stability(before, price))
    assert plan.operations[0].job_id == first
    assert plan.totals.objective == (20 if first == "alice" else 0)


def test_far_work_may_leave_its_place_freely():
    shop, before = two_orders()
    calm = Stability(before, price=1_000, until=60)
    assert schedule(shop, iterations=2_000, stability=calm).totals.objective == 20
    freer = Stability(before, price=1_000, until=0)
    assert schedule(shop, iterations=2_000, stability=freer).totals.objective == 0


def test_departures_are_counted_apart_from_the_objective():
    shop, before = two_orders()
    stability = Stability(before, price=9)
    plan = schedule(shop, iterations=2_000, stability=stability)
    assert (plan.totals.objective, stability.cost(plan)) == (0, 18)


def test_a_start_within_the_tolerance_is_no_departure():
    shop, _ = two_orders()
    plan = dispatch(shop, "edd")
    seen = {"bob1": ("saw", 10), "alice1": ("saw", 85)}
    assert Stability(seen, price=7, tolerance=10).cost(plan) == 7
    assert Stability(seen, price=7, tolerance=25).cost(plan) == 0


def test_neither_price_nor_tolerance_may_be_negative():
    with pytest.raises(ValueError, match="negative"):
        Stability({}, price=-1)


@many
@given(shop=shops(), tolerance=st.integers(0, 40), until=st.integers(0, 300))
def test_the_tables_count_the_departures_that_the_plan_shows(shop, tolerance, until):
    seen = places(dispatch(shop, "fifo"))
    stability = Stability(seen, 3, until, tolerance)
    dispatcher = Dispatcher(shop)
    draft = dispatcher.best(RULES["edd"])
    calm = calm_of(shop, dispatcher.shop, stability)
    paid = dispatcher.priced(draft, calm)[1] - dispatcher.cost(draft)[1]
    assert paid == stability.cost(dispatcher.recorded(draft))


@many
@given(shop=shops(), price=st.sampled_from([0, 5, 500]), seed=st.integers(0, 9))
def test_a_calm_plan_passes_the_checker_and_comes_out_twice_the_same(shop, price, seed):
    stability = Stability(places(dispatch(shop, "fifo")), price, until=200, tolerance=0)
    plan = schedule(shop, seed=seed, iterations=1_000, stability=stability)
    assert check(shop, plan) == []
    assert plan == schedule(shop, seed=seed, iterations=1_000, stability=stability)
