import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.methods import metrics
from forecasting.methods.quantiles import Errors, bands, movement, of_sum, without_backtests

SOME = arrays(np.float64, (3, 4, 2), elements=st.floats(0, 1e6))


@settings(max_examples=60, deadline=None)
@given(actual=SOME, mean=SOME, new=arrays(np.float64, (4, 3), elements=st.floats(0, 1e6)))
def test_quantiles_rise_and_are_never_negative(actual, mean, new):
    classes = np.array(["smooth", "smooth", "lumpy", "new"])
    moved = np.full((3, 4), 2.0)
    learned = bands(Errors(actual, mean, moved, classes))
    around = learned.around(new, np.array([1.0, np.nan, 0.5, 3.0]), classes)
    assert around.shape == (4, 3, 9)
    assert (around >= 0).all()
    assert (np.diff(around, axis=2) >= 0).all()


def test_quantiles_of_known_noise_cover_what_they_say():
    rng = np.random.default_rng(8)
    level = rng.uniform(5, 50, (1, 400, 1))
    actual = rng.poisson(level, (3, 400, 4)).astype(float)
    mean = np.repeat(np.repeat(level, 3, 0), 4, 2)
    moved = np.sqrt(2 * level[:, :, 0]).repeat(3, 0)
    classes = np.full(400, "smooth")
    learned = bands(Errors(actual, mean, moved, classes))
    fresh = rng.poisson(level[0], (400, 4)).astype(float)
    around = learned.around(mean[0], moved[0], classes)
    assert abs(metrics.coverage80(fresh, around) - 0.8) < 0.04


def test_each_class_gets_its_own_width():
    rng = np.random.default_rng(4)
    classes = np.repeat(["calm", "wild"], 50)
    mean = np.full((3, 100, 2), 10.0)
    actual = mean + rng.normal(0, np.where(classes == "calm", 0.1, 4.0)[None, :, None], mean.shape)
    learned = bands(Errors(actual, mean, np.ones((3, 100)), classes))
    around = learned.around(mean[0], np.ones(100), classes)
    width = around[:, 0, 8] - around[:, 0, 0]
    assert width[99] > 10 * width[0]


def test_later_steps_may_be_wider():
    rng = np.random.default_rng(4)
    mean = np.full((3, 100, 2), 50.0)
    actual = mean + rng.normal(0, [1.0, 8.0], mean.shape)
    learned = bands(Errors(actual, mean, np.ones((3, 100)), np.full(100, "smooth")))
    around = learned.around(mean[0], np.ones(100), np.full(100, "smooth"))
    assert around[0, 1, 8] - around[0, 1, 0] > 3 * (around[0, 0, 8] - around[0, 0, 0])


def test_without_backtests_the_series_own_ups_and_downs_serve():
    values = np.random.default_rng(1).poisson(9, (20, 30)).astype(float)
    classes = np.full(20, "smooth")
    learned = without_backtests(values, classes)
    around = learned.around(np.full((20, 2), 9.0), movement(values), classes)
    assert 4 < around[0, 0, 0] < 7
    assert 11 < around[0, 0, 8] < 15


def test_one_silent_series_without_any_error_gets_its_forecast_as_every_quantile():
    values = np.zeros((1, 5))
    learned = without_backtests(values, np.array(["new"]))
    around = learned.around(np.zeros((1, 2)), movement(values), np.array(["new"]))
    assert not around.any()


def test_what_sells_every_week_borrows_from_its_like_not_from_what_hardly_sells():
    # Three steady series are off by up to 2 around 10; sixty others sell 10 one week in four.
    rng = np.random.default_rng(6)
    steady = 10 + rng.uniform(-2, 2, (3, 3, 4))
    seldom = np.where(rng.random((3, 60, 4)) < 0.25, 10.0, 0.0)
    actual = np.concatenate([steady, seldom], axis=1)
    mean = np.concatenate([np.full((3, 3, 4), 10.0), np.full((3, 60, 4), 1.0)], axis=1)
    classes = np.array(["smooth"] + ["erratic"] * 2 + ["intermittent"] * 60)
    moved = np.concatenate([np.full((3, 3), 2.0), np.full((3, 60), 4.0)], axis=1)
    learned = bands(Errors(actual, mean, moved, classes))
    around = learned.around(mean[0], moved[0], classes)
    assert 7.9 < around[0, 0, 0] < around[0, 0, 8] < 12.1


def test_the_band_of_a_sum_is_narrower_than_all_bands_together():
    # distances of 3 and 4 to means of 10 and 20 are 5 together
    mean = np.array([[10.0], [20.0]])
    quantiles = np.repeat(mean[:, :, None], 9, axis=2)
    quantiles[:, 0, 0], quantiles[:, 0, 8] = [7, 16], [13, 24]
    summed = of_sum(mean, quantiles)[0]
    assert (summed[0], summed[4], summed[8]) == (25, 30, 35)
