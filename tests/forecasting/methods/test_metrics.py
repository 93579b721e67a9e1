import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from forecasting.methods import metrics

NAN = float("nan")
HISTORY = np.array([[NAN, 0.0, 0.0, 3.0, 1.0, 1.0]])  # since 3: differences −2 and 0, scale 2
ACTUAL = np.array([[3.0, 1.0]])
FORECAST = np.array([[1.0, 1.0]])  # squared errors 4 and 0, mean 2


def test_the_naive_scale_starts_at_the_first_sale():
    assert metrics.naive_scale(HISTORY).tolist() == [2.0]


def test_rmsse_is_root_of_error_over_scale():
    assert metrics.rmsse(ACTUAL, FORECAST, HISTORY) == 1.0


def test_a_constant_series_has_no_scale_and_is_left_out():
    actual, forecast = np.vstack([ACTUAL, ACTUAL]), np.vstack([FORECAST, FORECAST])
    history = np.vstack([HISTORY, np.full((1, 6), 4.0)])
    assert metrics.rmsse(actual, forecast, history) == 1.0


def test_wrmsse_weights_by_recent_volume():
    # Errors 1 and 2; recent volumes 30 and 10: (30 + 20) / 40.
    history = np.array([[10.0, 9, 11], [3.0, 4, 3]])  # scales 2.5 and 1
    forecast = np.array([[0.0], [0.0]])
    actual = np.array([[np.sqrt(2.5)], [2.0]])
    assert metrics.wrmsse(actual, forecast, history) == pytest.approx(1.25)


def test_wrmsse_looks_at_the_last_periods_only():
    history = np.array([[100.0, 0, 1], [3.0, 4, 3]])
    scale = np.sqrt((10000 + 1) / 2)
    got = metrics.wrmsse(np.array([[scale], [2.0]]), np.zeros((2, 1)), history, last=1)
    assert got == pytest.approx((1 * 1 + 3 * 2) / 4)


def test_wape_and_bias_are_sums_over_sums():
    actual, forecast = np.array([[10.0, 0.0], [5.0, 5.0]]), np.array([[8.0, 1.0], [9.0, 5.0]])
    assert metrics.wape(actual, forecast) == pytest.approx(7 / 20)
    assert metrics.bias(actual, forecast) == pytest.approx(3 / 20)


def test_quantile_loss_matches_hand_arithmetic():
    # All quantiles 8, actual 10: pinball 2q, its mean 1; 2 · 1 / 10.
    assert metrics.wql(np.array([[10.0]]), np.full((1, 1, 9), 8.0)) == pytest.approx(0.2)


def test_quantile_loss_agrees_with_scikit_learn():
    rng = np.random.default_rng(3)
    actual = rng.poisson(5, (4, 3)).astype(float)
    quantiles = np.sort(rng.gamma(3, 2, (4, 3, 9)), axis=2)
    losses = [
        mean_pinball_loss(actual.ravel(), quantiles[:, :, k].ravel(), alpha=(k + 1) / 10)
        for k in range(9)
    ]
    expected = 2 * np.mean(losses) * actual.size / actual.sum()
    assert metrics.wql(actual, quantiles) == pytest.approx(expected)


def test_coverage_counts_the_ends_as_inside():
    quantiles = np.tile(np.arange(1.0, 10.0), (1, 4, 1))
    assert metrics.coverage80(np.array([[1.0, 9.0, 9.5, 0.0]]), quantiles) == 0.5


def test_mase_scales_by_the_seasonal_naive_error():
    # Seasonal differences 2 and 2; errors 1 and 3.
    history = np.array([[1.0, 5.0, 3.0, 7.0]])
    got = metrics.mase(np.array([[4.0, 4.0]]), np.array([[5.0, 7.0]]), history, season=2)
    assert got == 1.0


def test_smape_is_a_fraction_and_zero_against_zero_is_no_error():
    # 2·2/(3+1) = 1, and 0.
    assert metrics.smape(np.array([[3.0, 0.0]]), np.array([[1.0, 0.0]])) == 0.5


def test_hidden_demand_is_left_out_of_every_measure():
    hidden, short = np.array([[3.0, NAN]]), np.array([[3.0]])
    mean, mean_short = np.array([[1.0, 50.0]]), np.array([[1.0]])
    quantiles = np.full((1, 2, 9), 2.0)
    assert metrics.rmsse(hidden, mean, HISTORY) == metrics.rmsse(short, mean_short, HISTORY)
    assert metrics.wape(hidden, mean) == metrics.wape(short, mean_short)
    assert metrics.bias(hidden, mean) == metrics.bias(short, mean_short)
    assert metrics.smape(hidden, mean) == metrics.smape(short, mean_short)
    assert metrics.mase(hidden, mean, HISTORY) == metrics.mase(short, mean_short, HISTORY)
    assert metrics.wql(hidden, quantiles) == metrics.wql(short, quantiles[:, :1])
    assert metrics.coverage80(hidden, quantiles) == metrics.coverage80(short, quantiles[:, :1])


def test_nothing_known_is_not_a_number():
    nothing = np.array([[NAN]])
    assert np.isnan(metrics.wape(nothing, np.ones((1, 1))))
    assert np.isnan(metrics.rmsse(nothing, np.ones((1, 1)), HISTORY))
