import numpy as np
import pandas as pd
import pytest

from forecasting.methods.baselines import Mean, Naive, SeasonalNaive
from forecasting.methods.method import CorruptArtefact, HorizonTooLong, Repeating, Table
from forecasting.methods.pooled import Pooled
from forecasting.methods.registry import METHODS, UnknownMethod, methods_for
from forecasting.methods.smoothing import ALPHAS, Smoothing, smooth
from tests.forecasting.methods.panels import panel, poisson_shop

NAN = float("nan")


def test_seasonal_naive_repeats_last_season():
    fitted = SeasonalNaive().fit(panel([[9.0, 1, 2, 3]], season=3))
    assert fitted.predict(5).tolist() == [[1, 2, 3, 1, 2]]


def test_seasonal_naive_gives_a_young_series_its_mean():
    fitted = SeasonalNaive().fit(panel([[1.0, 2, 3, 4], [NAN, NAN, 2, 4]], season=3))
    assert fitted.predict(2).tolist() == [[2, 3], [3, 3]]


def test_naive_repeats_the_last_period():
    assert Naive().fit(panel([[4.0, 7.0]])).predict(2).tolist() == [[7, 7]]


def test_mean_looks_at_its_window():
    assert Mean(window=2).fit(panel([[90.0, 4, 6]])).predict(1).tolist() == [[5]]


def test_smoothing_agrees_with_pandas_for_every_alpha():
    values = np.array([3.0, 0, 5, 2, 8, 1])
    level, error = smooth(values[None])
    for place, alpha in enumerate(ALPHAS):
        path = pd.Series(values).ewm(alpha=alpha, adjust=False).mean().to_numpy()
        assert level[0, place] == pytest.approx(path[-1])
        assert error[0, place] == pytest.approx(((values[1:] - path[:-1]) ** 2).sum())


def test_smoothing_starts_where_the_series_starts():
    late = Smoothing().fit(panel([[NAN, NAN, 0.0, 4, 2, 6]])).predict(1)
    alone = Smoothing().fit(panel([[0.0, 4, 2, 6]])).predict(1)
    assert late.tolist() == alone.tolist()


def test_smoothing_follows_a_step():
    stepped = Smoothing().fit(panel([[2.0] * 10 + [20.0] * 10])).predict(1)
    assert stepped[0, 0] == pytest.approx(20.0, rel=0.01)


ALONE = [name for name in METHODS if name not in ("boosted trees", "pooled mean")]


@pytest.mark.parametrize("name", ALONE)
def test_any_simple_method_survives_a_silent_a_constant_and_a_short_series(name):
    thin = panel([[0.0, 0, 0], [5.0, 5, 5], [NAN, NAN, 2]])
    forecast = methods_for(4, [name])[0].fit(thin).predict(4)
    np.testing.assert_allclose(forecast, np.repeat([[0.0], [5.0], [2.0]], 4, axis=1))


@pytest.mark.parametrize("name", [name for name in METHODS if name != "boosted trees"])
def test_a_model_forecasts_the_same_after_storage(name):
    fitted = methods_for(4, [name])[0].fit(poisson_shop(3))
    again = type(fitted).from_arrays(fitted.to_arrays())
    np.testing.assert_array_equal(again.predict(4), fitted.predict(4))


def test_a_young_series_leans_on_what_is_usual_an_old_one_on_itself():
    # Two grown series sell 2 and 4 a week after their first: usual is 3. One sold 9 last week and
    # nothing is known of it since; one sold 9, then 7 and 1: (8 + 4 · 3) / (2 + 4).
    grown = [[5.0, *[2.0] * 8], [5.0, *[4.0] * 8]]
    young = [[*[NAN] * 8, 9.0], [*[NAN] * 6, 9.0, 7.0, 1.0]]
    mean = Pooled().fit(panel(grown + young)).predict(1)[:, 0]
    assert mean == pytest.approx([(16 + 12) / 12, (32 + 12) / 12, 3.0, 20 / 6])


def test_where_all_is_new_what_was_sold_is_spread_over_two_months():
    # four and twelve pieces in the first week of all: 16 / (2 · 8) each
    assert Pooled().fit(panel([[4.0], [12.0]])).predict(1).tolist() == [[1.0], [1.0]]


def test_a_method_that_nobody_registered_is_named():
    with pytest.raises(UnknownMethod, match="tea leaves"):
        methods_for(4, ["tea leaves"])


@pytest.mark.parametrize("arrays", [{}, {"pattern": np.ones(3)}, {"pattern": np.array([[NAN]])}])
def test_a_corrupt_artefact_is_refused(arrays):
    with pytest.raises(CorruptArtefact):
        Repeating.from_arrays(arrays)


def test_a_stored_forecast_does_not_invent_periods():
    with pytest.raises(HorizonTooLong):
        Table(np.ones((1, 3))).predict(4)
