import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.methods.consumption import BadConsumption, consume

UNITS = arrays(np.float64, (3, 6), elements=st.integers(0, 50).map(float))


def test_an_order_consumes_its_own_period_first():
    result = consume(np.array([10.0, 10, 10]), np.array([0.0, 4, 0]))
    assert result.left.tolist() == [10, 6, 10]
    assert result.consumed.tolist() == [0, 4, 0]


def test_the_rest_goes_backward_nearest_first_then_forward():
    # 35 ordered: 10 own, 10 from the week before, 5 from two before, then 10 forward.
    forecast = np.array([9.0, 5, 10, 10, 30])
    result = consume(forecast, np.array([0.0, 0, 0, 35, 0]), backward=2, forward=1)
    assert result.left.tolist() == [9, 0, 0, 0, 20]
    assert result.beyond.tolist() == [0, 0, 0, 0, 0]


def test_what_finds_no_forecast_is_demand_beyond_it():
    result = consume(np.array([1.0, 2]), np.array([5.0, 0]), backward=1, forward=0)
    assert result.beyond.tolist() == [4, 0]
    assert result.left.tolist() == [0, 2]


def test_later_orders_keep_their_own_forecast_from_earlier_excess():
    result = consume(np.array([0.0, 10]), np.array([10.0, 10]), backward=0, forward=1)
    assert result.beyond.tolist() == [10, 0]


@given(forecast=UNITS, orders=UNITS, backward=st.integers(0, 7), forward=st.integers(0, 7))
def test_nothing_is_lost_or_invented(forecast, orders, backward, forward):
    result = consume(forecast, orders, backward, forward)
    np.testing.assert_allclose(result.consumed + result.left, forecast)
    np.testing.assert_allclose(
        result.consumed.sum(axis=1) + result.beyond.sum(axis=1), orders.sum(axis=1)
    )
    assert (result.left >= 0).all()
    assert (result.beyond >= 0).all()
    assert (result.beyond <= orders).all()


@given(forecast=UNITS, orders=UNITS)
def test_a_wide_window_leaves_either_forecast_or_excess(forecast, orders):
    result = consume(forecast, orders, 6, 6)
    expected = np.maximum(forecast.sum(axis=1) - orders.sum(axis=1), 0)
    np.testing.assert_allclose(result.left.sum(axis=1), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("forecast", "orders", "backward"),
    [
        ([1.0], [1.0, 2.0], 1),
        ([-1.0], [1.0], 1),
        ([1.0], [float("nan")], 1),
        ([1.0], [1.0], -1),
    ],
)
def test_bad_input_is_named(forecast, orders, backward):
    with pytest.raises(BadConsumption):
        consume(np.array(forecast), np.array(orders), backward)
