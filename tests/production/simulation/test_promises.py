"""What a promise must add to hold often enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from production.scheduling import dispatch
from production.simulation import Disturbance, TooFewError, allowance, held, simulate
from tests.production.scheduling.shops import job, machine, problem


def test_a_promise_adds_what_most_orders_were_behind():
    planned = [100, 200, 300, 400, 500, 600, 700, 800, 900]
    actual = [90, 205, 300, 460, 510, 620, 700, 830, 1_900]
    # behind by -10, 0, 0, 5, 10, 20, 30, 60, 1000: the 5th for P50, the 9th for P90
    assert allowance(planned, actual, 0.5) == 10
    assert allowance(planned, actual, 0.9) == 1_000
    assert allowance(planned, actual, 0.8) == 60
    assert held(planned, actual, 10) == pytest.approx(5 / 9)
    assert held(planned, actual, 60) == pytest.approx(8 / 9)


def test_orders_that_are_done_early_make_promises_shorter():
    assert allowance([100] * 3, [80, 90, 85], 0.5) == -15


def test_a_few_finishes_say_nothing_about_rare_delays():
    with pytest.raises(TooFewError):
        allowance([0] * 8, range(8), 0.9)
    assert allowance([0] * 9, range(9), 0.9) == 8
    with pytest.raises(TooFewError):
        allowance([], [], 0.5)
    with pytest.raises(TooFewError):
        held([], [], 5)
    for level in (0, 1):
        with pytest.raises(ValueError, match="between"):
            allowance([0], [0], level)


@given(
    behind=st.lists(st.integers(-500, 500), min_size=20, max_size=60),
    level=st.sampled_from([0.5, 0.9]),
)
def test_what_is_added_is_enough_for_the_past_and_not_a_minute_more(behind, level):
    planned = [1_000] * len(behind)
    actual = [1_000 + minutes for minutes in behind]
    added = allowance(planned, actual, level)
    assert held(planned, actual, added) >= level
    assert held(planned, actual, added - 1) < level + 1 / len(behind)


def test_promises_made_from_a_simulation_hold_on_another_floor_of_the_kind():
    orders = [job(f"order{at}", ({"saw": 60}, {}), due=0, release=70 * at) for at in range(200)]
    shop = problem([machine(windows=((0, 100_000),))], *orders)
    plan = dispatch(shop, "fifo")
    rough = {"saw": Disturbance(variation=0.5)}
    planned = np.array([plan.finish[order.id] for order in orders])
    seen = simulate(shop, plan, rough, replications=50, seed=1)
    later = simulate(shop, plan, rough, replications=50, seed=2)
    for level in (0.5, 0.9):
        added = allowance(planned, seen.finish, level)
        assert held(planned, later.finish, added) == pytest.approx(level, abs=0.05)
