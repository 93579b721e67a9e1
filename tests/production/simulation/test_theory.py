"""The floor against queueing theory and arithmetic."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from production.scheduling import dispatch
from production.simulation import Disturbance, DisturbanceError, Shape, simulate
from production.simulation.disturbances import _failures, _scrapped
from tests.production.scheduling.shops import job, machine, problem

LONG = 10_000_000


@pytest.fixture(scope="module")
def queue():
    """20,000 orders arrive by chance, 200 minutes apart; one machine takes 100 minutes for each."""
    gaps = np.random.default_rng(11).exponential(200, 20_000).round().astype(int).tolist()
    orders = [
        job(f"order{at}", ({"saw": 100}, {}), due=0, release=release)
        for at, release in enumerate(accumulate(gaps))
    ]
    shop = problem([machine(windows=((0, LONG),))], *orders)
    return shop, dispatch(shop, "fifo")


@pytest.mark.parametrize(
    ("disturbance", "wait"),
    [
        # M/M/1: λ / (μ (μ − λ)) with λ = 1/200 and μ = 1/100
        (Disturbance(variation=1, shape=Shape.GAMMA), 100),
        # M/G/1, Pollaczek and Khinchine: ρ / (1 − ρ) × (1 + c²) / 2 × 100
        (Disturbance(variation=0.5), 62.5),
        (Disturbance(variation=2), 250),
        (Disturbance(), 50),
    ],
    ids=["exponential", "lognormal", "wild", "constant"],
)
def test_orders_wait_as_long_as_the_theory_of_queues_says(queue, disturbance, wait):
    shop, plan = queue
    found = simulate(shop, plan, {"saw": disturbance}, replications=8, seed=3)
    released = [shop.job[one.job_id].release for one in plan.operations]
    assert (found.starts - released).mean() == pytest.approx(wait, rel=0.1)
    assert found.utilisation()[:, 0].sum(axis=1).mean() == pytest.approx(0.5, rel=0.03)


def one_step(minutes=1_000, orders=200):
    shop = problem(
        [machine(windows=((0, LONG),))],
        *(job(f"order{at}", ({"saw": minutes}, {}), due=0) for at in range(orders)),
    )
    return shop, dispatch(shop, "fifo")


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_yield_of_half_doubles_the_work(pieces):
    shop, plan = one_step()
    wanted = {operation.id: pieces for operation in shop.operations()}
    half = {"saw": Disturbance(good=0.5)}
    found = simulate(shop, plan, half, replications=100, pieces=wanted)
    assert found.worked.mean() == pytest.approx(2_000, rel=0.02)
    # the made pieces are negative binomial: variance of (1 − p) / p² for each good one
    assert found.worked.std() == pytest.approx(1_000 * (2 / pieces) ** 0.5, rel=0.04)
    assert (found.makespan == found.worked.sum(axis=1)).all()


def test_breakdowns_take_the_share_that_their_means_say():
    """Every 400 minutes of work cost 100 of repair: 1,000 minutes take 1,250."""
    shop, plan = one_step()
    found = simulate(
        shop, plan, {"saw": Disturbance(between_failures=400, repair=100)}, replications=100
    )
    assert (found.worked == 1_000).all()
    assert found.repairs.mean() == pytest.approx(250, rel=0.02)
    # a Poisson number (2.5) of exponential repairs: variance 2 × 2.5 × 100²
    assert found.repairs.std() == pytest.approx(100 * 5**0.5, rel=0.03)
    work, setup, repair = found.utilisation()[:, 0].mean(axis=0)
    assert (work, setup, repair) == (pytest.approx(0.8, rel=0.01), 0, pytest.approx(0.2, rel=0.03))


@pytest.mark.parametrize("shape", Shape)
def test_times_keep_their_mean_and_spread_as_they_are_told(shape):
    shop, plan = one_step(10_000)
    found = simulate(shop, plan, {"saw": Disturbance(variation=0.3, shape=shape)}, replications=200)
    assert found.worked.mean() == pytest.approx(10_000, rel=0.01)
    assert found.worked.std() == pytest.approx(3_000, rel=0.02)


def test_the_luck_of_one_operation_is_not_that_of_another():
    shop, plan = one_step(10_000, 50)
    found = simulate(shop, plan, {"saw": Disturbance(variation=0.3)}, replications=400)
    alike = np.corrcoef(found.worked, rowvar=False)
    assert np.abs(alike - np.eye(50)).max() < 0.25
    in_turn = np.corrcoef(found.worked[:-1].ravel(), found.worked[1:].ravel())[0, 1]
    assert abs(in_turn) < 0.03


def test_figures_that_make_no_sense_are_refused():
    shop, plan = one_step(10, 1)
    for wrong in ({"variation": -1}, {"good": 0}, {"good": 1.1}, {"between_failures": 0}):
        with pytest.raises(DisturbanceError):
            Disturbance(**wrong)
    with pytest.raises(DisturbanceError, match="desk"):
        simulate(shop, plan, {"desk": Disturbance()})
    with pytest.raises(DisturbanceError, match="once"):
        simulate(shop, plan, replications=0)
    with pytest.raises(DisturbanceError, match="piece"):
        simulate(shop, plan, pieces={"order01": 0})


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    mean=st.floats(0, 100),
    luck=st.lists(st.floats(1e-9, 1 - 1e-9), min_size=1, max_size=20),
    wanted=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    good=st.floats(0.3, 0.999),
)
def test_the_quick_quantiles_are_those_of_scipy(mean, luck, wanted, good):
    one = np.array([luck])
    found = _failures(np.full_like(one, mean), one)
    assert found.tolist() == stats.poisson.ppf(one, mean).tolist()
    pieces = np.array(wanted)
    many = np.tile(np.array(luck)[:, None], len(wanted))
    assert _scrapped(pieces, good, many).tolist() == stats.nbinom.ppf(many, pieces, good).tolist()
