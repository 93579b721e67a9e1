import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.methods import metrics
from forecasting.methods.boosting import Boosting
from forecasting.methods.features import at_origin, at_target
from forecasting.methods.method import NotEnoughData, Table
from forecasting.methods.series import Panel
from forecasting.methods.smoothing import Smoothing
from tests.forecasting.methods.panels import panel, poisson_shop, weeks

QUICK = Boosting(horizon=3, rows=4000, trees=25, leaves=8)


def shop_with_views(rows: int = 25, periods: int = 80) -> Panel:
    """Orders follow the views of the week before."""
    rng = np.random.default_rng(5)
    views = rng.gamma(2.0, 20.0, (rows, periods))
    values = np.zeros((rows, periods))
    values[:, 1:] = rng.poisson(views[:, :-1] / 4)
    price = np.full((rows, periods + 3), 10.0)
    base = panel(values)
    return dataclasses.replace(base, signals={"views": views}, known={"price": price})


@settings(max_examples=25, deadline=None)
@given(origin=st.integers(9, 60), step=st.integers(1, 3), seed=st.integers(0, 99))
def test_features_do_not_change_when_the_future_does(origin, step, seed):
    now = shop_with_views(4, 64)
    rng = np.random.default_rng(seed)
    values, views = now.values.copy(), now.signals["views"].copy()
    values[:, origin:] = rng.poisson(500, values[:, origin:].shape)
    views[:, origin:] = rng.gamma(9, 99, views[:, origin:].shape)
    other = dataclasses.replace(now, values=values, signals={"views": views})
    np.testing.assert_array_equal(at_origin(now, origin), at_origin(other, origin))
    np.testing.assert_array_equal(at_target(now, origin, step), at_target(other, origin, step))


def test_features_see_the_week_before_the_origin():
    now = shop_with_views(4, 64)
    values = now.values.copy()
    values[:, 29] += 1
    other = dataclasses.replace(now, values=values)
    assert (at_origin(now, 30) != at_origin(other, 30)).any()


def test_a_price_known_in_advance_is_seen():
    now = shop_with_views(2, 30)
    dearer = now.known["price"].copy()
    dearer[:, 31] = 20.0
    other = dataclasses.replace(now, known={"price": dearer})
    assert (at_target(now, 30, 2) != at_target(other, 30, 2)).any()


def test_features_at_an_origin_equal_those_of_a_panel_that_ends_there():
    now = shop_with_views(3, 60)
    past, _rows = now.as_of(40)
    np.testing.assert_array_equal(at_origin(now, 40), at_origin(past, 40))
    np.testing.assert_array_equal(at_target(now, 40, 2), at_target(past, 40, 2))


def test_a_leading_signal_helps():
    full = shop_with_views()
    past, _rows = full.as_of(79)
    actual = full.values[:, 79:80]
    blind = dataclasses.replace(past, signals={}, known={})
    with_views = metrics.wape(actual, QUICK.fit(past, 1).predict(1))
    without = metrics.wape(actual, QUICK.fit(blind, 1).predict(1))
    assert with_views < 0.7 * without


def test_last_seasons_peak_comes_again():
    rng = np.random.default_rng(2)
    mean = np.where(np.arange(60) % 13 < 3, 40.0, 5.0)
    full = panel(rng.poisson(mean, (20, 60)).astype(float), season=13)
    past, _rows = full.as_of(52)  # the peak begins with the next week
    trees = metrics.wape(full.values[:, 52:55], QUICK.fit(past, 1).predict(3))
    flat = metrics.wape(full.values[:, 52:55], Smoothing().fit(past).predict(3))
    assert trees < 0.5 * flat


def test_the_same_seed_gives_the_same_forecast_and_another_one_does_not():
    shop = poisson_shop()
    first, again, other = (QUICK.fit(shop, seed).predict(3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_forecasts_are_never_negative_and_survive_silent_and_young_series():
    shop = poisson_shop(mean=2.0)
    values = shop.values.copy()
    values[0] = 0.0
    values[1, :-2] = np.nan
    forecast = QUICK.fit(panel(values), 1).predict(3)
    assert np.isfinite(forecast).all()
    assert (forecast >= 0).all()


def test_what_is_stored_serves_the_same_forecast():
    fitted = QUICK.fit(poisson_shop(), 1)
    again = Table.from_arrays(fitted.to_arrays())
    np.testing.assert_array_equal(again.predict(3), fitted.predict(3))


def test_thin_data_are_told_in_plain_words():
    values = np.zeros((2, 60))
    values[:, :57] = 1.0
    with pytest.raises(NotEnoughData) as thin:
        Boosting().fit(panel(values))
    assert str(thin.value) == "114 of about 400 orders needed; seasonal naive stands in"
    assert thin.value.note("boosted trees").facts["have"] == 114


def test_a_short_history_is_told_in_plain_words():
    with pytest.raises(NotEnoughData, match="10 of about 20 periods needed"):
        Boosting(horizon=8).fit(poisson_shop(50, 10))


def test_hidden_demand_is_not_learned():
    shop = poisson_shop(10, 40)
    wrong = shop.values.copy()
    mask = np.zeros(shop.shape, dtype=bool)
    wrong[:, 39] = 900.0
    mask[:, 39] = True
    odd = Panel(wrong, shop.ids, weeks(40), censored=mask)
    targets = QUICK.examples(odd, np.random.default_rng(0)).target
    assert targets.max() < 20
