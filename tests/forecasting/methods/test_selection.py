import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from forecasting.methods.backtesting import rolling_origins
from forecasting.methods.baselines import Mean, Naive, SeasonalNaive
from forecasting.methods.method import (
    CorruptArtefact,
    Method,
    Note,
    NotEnoughData,
    Progress,
    Repeating,
    silent,
)
from forecasting.methods.pooled import Pooled
from forecasting.methods.quantiles import Bands
from forecasting.methods.selection import (
    Measures,
    Selection,
    UnusableChoice,
    choose,
    renew,
    wins,
)
from forecasting.methods.series import Panel
from forecasting.methods.smoothing import Smoothing
from tests.forecasting.methods.panels import panel, poisson_shop

SIMPLE: list[Method] = [SeasonalNaive(), Naive(), Mean(), Smoothing()]


@dataclass(frozen=True)
class Watcher:
    """Notes how much it was shown."""

    seen: list[int]
    name: str = "watcher"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        self.seen.append(panel.shape[1])
        return Naive().fit(panel)


@dataclass(frozen=True)
class Hungry:
    """Never has enough."""

    name: str = "hungry"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        raise NotEnoughData(1, 9, of="orders", stand_in="seasonal naive")


def test_origins_are_a_horizon_apart_and_stay_in_the_second_half():
    assert rolling_origins(97, 8, 3) == (73, 81, 89)
    assert rolling_origins(40, 8, 3) == (20, 26, 32)
    assert rolling_origins(21, 8, 3) == (12, 13)
    assert rolling_origins(15, 8, 3) == ()


def test_methods_see_nothing_after_the_origin_and_all_in_the_end():
    watcher = Watcher([])
    choose(poisson_shop(3, 40), 4, [watcher])
    assert watcher.seen == [28, 32, 36, 40]


def test_a_seasonal_shop_chooses_seasonal_naive():
    wave = 20 + 15 * np.sin(2 * np.pi * np.arange(64) / 8)
    noise = np.random.default_rng(1).poisson(1, (12, 64))
    chosen = choose(panel(wave + noise, season=8), 4, SIMPLE)
    assert "seasonal naive" in chosen.chosen["all"]
    assert chosen.metrics["seasonal naive"]["all"].rmsse < chosen.metrics["mean"]["all"].rmsse


def test_a_level_shop_prefers_averages_to_the_last_week():
    chosen = choose(poisson_shop(30, 60), 4, SIMPLE)
    assert not {"naive", "seasonal naive"} & set(chosen.chosen["all"])
    assert abs(chosen.metrics["mean"]["all"].bias) < 0.1


def test_each_class_chooses_for_itself():
    rng = np.random.default_rng(3)
    walk = np.abs(np.cumsum(rng.normal(0, 3, (12, 60)), axis=1)) + 40
    rare = rng.poisson(0.3, (12, 60)) * 4.0
    chosen = choose(panel(np.vstack([walk, rare])), 3, [Naive(), Mean()])
    assert chosen.chosen["smooth"] == ("naive",)
    rare_class = chosen.classes[-1]
    assert "mean" in chosen.chosen[str(rare_class)]


def test_the_combination_is_the_mean_of_what_was_chosen():
    shop = poisson_shop(12, 60)
    chosen = choose(shop, 4, SIMPLE)
    names = chosen.chosen[str(chosen.classes[0])]
    parts = [one.fit(shop).predict(4)[0] for one in SIMPLE if one.name in names]
    np.testing.assert_allclose(chosen.mean[0], np.mean(parts, axis=0))


def test_quantiles_rise_around_the_mean():
    chosen = choose(poisson_shop(15, 60), 4, SIMPLE)
    assert chosen.quantiles.shape == (15, 4, 9)
    assert (np.diff(chosen.quantiles, axis=2) >= 0).all()
    assert 0.6 < chosen.metrics["combined"]["all"].coverage80 < 0.95


def test_too_short_a_history_gets_equal_weights_and_says_so():
    shop = poisson_shop(4, 21)
    chosen = choose(shop, 8, [Naive(), Mean()])
    assert chosen.chosen == {"all": ("naive", "mean")}
    parts = [one.fit(shop).predict(8) for one in (Naive(), Mean())]
    np.testing.assert_allclose(chosen.mean, np.mean(parts, axis=0))
    assert Note("few_origins", {"tested": 2, "needed": 3}) in chosen.notes


def test_no_history_to_test_on_still_gives_a_forecast():
    chosen = choose(panel([[3.0, 4.0], [0.0, 0.0]]), 8, SIMPLE)
    assert chosen.mean.shape == (2, 8)
    assert chosen.metrics == {}
    assert (np.diff(chosen.quantiles, axis=2) >= 0).all()


def test_seasonal_naive_stands_in_when_no_method_has_enough():
    shop = poisson_shop(4, 60)
    chosen = choose(shop, 4, [Hungry()])
    np.testing.assert_allclose(chosen.mean, SeasonalNaive().fit(shop).predict(4))
    lacking = Note(
        "few_orders", {"method": "hungry", "have": 1, "needed": 9, "stand_in": "seasonal naive"}
    )
    assert lacking in chosen.notes


def test_a_method_without_enough_data_leaves_the_others_alone():
    chosen = choose(poisson_shop(12, 60), 4, [Mean(), Hungry()])
    assert chosen.chosen["all"] == ("mean",)
    assert "hungry" not in chosen.metrics


def test_when_time_is_up_what_was_tested_serves():
    calls = iter([False, False, False, True, True, True])
    chosen = choose(poisson_shop(12, 60), 4, [Mean(), Smoothing()], deadline=lambda: next(calls))
    assert set(chosen.metrics) == {"mean", "combined"}
    assert Note("no_time", {"method": "exponential smoothing"}) in chosen.notes


def test_no_time_at_all_still_gives_a_forecast():
    shop = poisson_shop(4, 60)
    chosen = choose(shop, 4, SIMPLE, deadline=lambda: True)
    np.testing.assert_allclose(chosen.mean, SeasonalNaive().fit(shop).predict(4))


def test_progress_rises_to_one():
    told: list[float] = []
    choose(poisson_shop(4, 60), 4, SIMPLE, progress=lambda share, _what: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_hidden_weeks_do_not_judge_a_method():
    shop = poisson_shop(12, 60)
    values, mask = shop.values.copy(), np.zeros(shop.shape, dtype=bool)
    values[:, 59], mask[:, 59] = 5000.0, True
    odd = dataclasses.replace(shop, values=values, censored=mask)
    assert choose(odd, 4, [Mean()]).metrics["mean"]["all"].rmsse < 2


def test_young_series_are_left_out_of_origins_before_their_birth():
    shop = poisson_shop(12, 60)
    values = shop.values.copy()
    values[0, :57] = np.nan
    chosen = choose(panel(values), 4, SIMPLE)
    assert np.isfinite(chosen.mean).all()
    assert chosen.classes[0] == "new"


def with_a_newcomer(pieces=30.0):
    """Twelve series of about 4 a week, one of which began last week with very many."""
    values = poisson_shop(12, 60).values.copy()
    values[0, :59], values[0, 59] = np.nan, pieces
    return panel(values)


def test_what_began_last_week_is_not_expected_to_sell_as_much_every_week():
    shop = with_a_newcomer()
    chosen = choose(shop, 4, [Naive(), Pooled()])
    assert chosen.chosen["new"] == ("pooled mean",)
    usual = np.median(np.nanmean(shop.values[1:], axis=1))
    np.testing.assert_allclose(chosen.mean[0], usual, rtol=0.1)
    assert Note("new_products", {"products": 1, "stand_in": "pooled mean"}) in chosen.notes


def test_what_is_new_follows_what_did_best_by_those_who_were_new_before():
    # Everything that ever began went on as it had begun: then the last week tells the most.
    values = np.full((58, 60), np.nan)
    for row in range(58):
        values[row, row:] = 1.0 + row
    chosen = choose(panel(values), 4, [Naive(), Pooled()])
    assert "new" in chosen.classes
    assert chosen.chosen["new"] == ("naive",)


def test_a_live_choice_that_stays_says_nothing_about_what_is_new():
    kept = choose(with_a_newcomer(), 4, [Mean(), Pooled()], incumbent={"all": ("mean",)})
    assert kept.chosen["new"] == ("pooled mean",)


def test_the_default_pool_runs():
    chosen = choose(poisson_shop(20, 40, mean=8.0), 2)
    assert "boosted trees" in chosen.metrics
    assert np.isfinite(chosen.mean).all()


def test_a_stored_forecast_comes_back():
    chosen = choose(poisson_shop(3, 40), 4, SIMPLE)
    again = Selection.from_arrays(chosen.to_arrays())
    assert again.ids == chosen.ids
    np.testing.assert_array_equal(again.quantiles, chosen.quantiles)


def test_a_stored_forecast_with_a_part_missing_or_cut_is_refused():
    whole = choose(poisson_shop(3, 40), 4, SIMPLE).to_arrays()
    with pytest.raises(CorruptArtefact):
        Selection.from_arrays({key: whole[key] for key in whole if key != "mean"})
    with pytest.raises(CorruptArtefact):
        Selection.from_arrays({**whole, "mean": whole["mean"][:2]})


CHAMPION = Measures(rmsse=0.8, wape=0.5, bias=0.02, wql=0.4, coverage80=0.8)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"rmsse": 0.7}, True),
        ({"rmsse": 0.8}, False),
        ({"rmsse": 0.799}, False),
        ({"rmsse": 0.7, "bias": 0.2}, False),
        ({"rmsse": 0.7, "bias": -0.2}, False),
        ({"rmsse": 0.7, "wql": 0.45}, False),
        ({"rmsse": float("nan")}, False),
    ],
)
def test_a_challenger_wins_only_when_it_is_clearly_better(change, expected):
    assert wins(dataclasses.replace(CHAMPION, **change), CHAMPION) is expected


def test_the_live_choice_stays_when_the_new_one_is_no_better():
    wave = 20 + 15 * np.sin(2 * np.pi * np.arange(64) / 8)
    shop = panel(np.tile(wave, (12, 1)), season=8)
    live = {"all": ("seasonal naive",)}
    again = choose(shop, 4, SIMPLE, incumbent=live)
    assert again.chosen == live
    assert not again.replaced_incumbent
    assert Note("choice_stays") in again.notes


def test_a_live_choice_that_is_worse_is_replaced():
    wave = 20 + 15 * np.sin(2 * np.pi * np.arange(64) / 8)
    shop = panel(np.tile(wave, (12, 1)), season=8)
    better = choose(shop, 4, SIMPLE, incumbent={"all": ("mean",)})
    assert better.chosen["all"] == ("seasonal naive",)
    assert better.replaced_incumbent


def test_a_live_choice_whose_method_is_gone_is_replaced():
    shop = poisson_shop(12, 64)
    assert choose(shop, 4, SIMPLE, incumbent={"all": ("oracle",)}).replaced_incumbent


# Between two contests


def corrected(shop: Panel, row: int) -> Panel:
    """One more week of a hundred pieces, for one series."""
    values = shop.values.copy()
    values[row, 30] += 100
    return dataclasses.replace(shop, values=values)


def test_a_corrected_series_gets_the_mean_of_a_full_run_and_the_others_stay():
    shop = poisson_shop(12, 64)
    before = choose(shop, 4, SIMPLE)
    assert before.bands is not None
    other = corrected(shop, 5)
    after = renew(before, other, {"P5"}, before.bands)
    full = choose(other, 4, SIMPLE, incumbent=before.chosen)
    assert full.chosen == before.chosen  # else there is nothing to compare
    np.testing.assert_array_equal(after.mean[5], full.mean[5])
    assert not np.array_equal(after.mean[5], before.mean[5])
    assert np.all(np.diff(after.quantiles[5], axis=1) >= 0)
    rest = np.arange(12) != 5
    np.testing.assert_array_equal(after.mean[rest], before.mean[rest])
    np.testing.assert_array_equal(after.quantiles[rest], before.quantiles[rest])


def test_series_that_came_and_went_are_renewed_by_name():
    shop = poisson_shop(4, 64)
    before = choose(shop.rows([0, 1, 2]), 4, SIMPLE)
    assert before.bands is not None
    after = renew(before, shop.rows([1, 2, 3]), {"P0", "P3"}, before.bands)
    assert after.ids == ("P1", "P2", "P3")
    np.testing.assert_array_equal(after.mean[:2], before.mean[1:])
    assert after.mean[2].min() > 0


def test_a_choice_that_cannot_run_any_more_is_not_renewed():
    shop = poisson_shop(3, 64)
    before = choose(shop, 4)
    assert before.bands is not None
    gone = dataclasses.replace(before, chosen={"all": ("boosted trees",)})
    with pytest.raises(UnusableChoice):  # three series are too few for it
        renew(gone, corrected(shop, 0), {"P0"}, before.bands)


def test_bands_come_back_from_their_arrays_and_a_part_of_them_does_not():
    learned = choose(poisson_shop(12, 64), 4, SIMPLE).bands
    assert learned is not None
    arrays = learned.to_arrays()
    again = Bands.from_arrays(arrays)
    assert again.tables.keys() == learned.tables.keys()
    for name, (spread, table) in learned.tables.items():
        assert again.tables[name][0] == spread
        np.testing.assert_array_equal(again.tables[name][1], table)
    with pytest.raises(CorruptArtefact):
        Bands.from_arrays({**arrays, "bands.names": arrays["bands.names"][:-1]})
