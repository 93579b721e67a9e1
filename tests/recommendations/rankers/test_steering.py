import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommendations.rankers.steering import rerank

UNIT = arrays(np.float64, 12, elements=st.floats(0, 1, allow_subnormal=False))


@given(UNIT, UNIT, UNIT, st.integers(0, 15))
def test_no_steering_is_the_plain_list_bit_for_bit(relevance, free, cost, n):
    plain = np.argsort(-relevance, kind="stable")[:n]
    list_ = rerank(relevance, free, cost, lam=0.0, n=n)
    assert list_.items.tolist() == plain.tolist()
    assert list_.score.tobytes() == relevance[plain].tobytes()
    assert not list_.steered.any()


@given(UNIT, UNIT, UNIT, st.floats(0, 100), st.floats(0, 1), st.integers(1, 12))
def test_relevance_never_falls_below_the_floor(relevance, free, cost, lam, floor, n):
    list_ = rerank(relevance, free, cost, lam, floor, n)
    plain = np.sort(relevance)[::-1][:n].mean()
    assert relevance[list_.items].mean() >= floor * plain - 1e-12
    assert 0 <= list_.lam <= lam


def test_free_capacity_lifts_and_a_setup_lowers_an_item():
    relevance = np.array([1.00, 0.99, 0.98])
    list_ = rerank(relevance, np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), 0.1, n=2)
    assert list_.items.tolist() == [2, 1]
    assert list_.steered.tolist() == [True, False]


def test_lambda_is_cut_where_the_floor_would_break():
    # Full strength swaps in an item of relevance 0; the floor of 95 % forbids it.
    list_ = rerank(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.zeros(2), lam=10.0, n=1)
    assert list_.items.tolist() == [0]
    assert list_.lam == pytest.approx(1.0, abs=1e-4)


def test_items_barred_from_the_list_stay_out_whatever_the_shop_wants():
    list_ = rerank(np.array([-np.inf, 0.5]), np.array([9.0, 0.0]), np.zeros(2), lam=5.0)
    assert list_.items.tolist() == [1]


@pytest.mark.parametrize(("lam", "floor"), [(-1.0, 0.9), (np.inf, 0.9), (1.0, 1.1), (1.0, -0.1)])
def test_impossible_settings_are_refused(lam, floor):
    with pytest.raises(ValueError, match="lam"):
        rerank(np.ones(2), np.ones(2), np.ones(2), lam, floor)
