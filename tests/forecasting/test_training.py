"""A forecast from orders to a published version, on three products and sixty weeks."""

from datetime import timedelta

import numpy as np
import pytest

from forecasting import outlook, runs, training
from forecasting.methods.selection import Selection
from forecasting.methods.series import Panel
from forecasting.models import (
    Accuracy,
    DemandPoint,
    DemandSeries,
    Forecast,
    ForecastPoint,
    OptionShare,
)
from tests.factories import line, order, product
from tests.forecasting.shop import NOW, QUICK, trained, weekly_shop

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


@pytest.fixture
def shop():
    return weekly_shop()


def means(forecast, **series):
    points = ForecastPoint.objects.filter(
        forecast=forecast, **{f"series__{k}": v for k, v in series.items()}
    )
    return list(points.order_by("week").values_list("mean", flat=True))


def test_what_is_sold_every_week_is_foreseen_every_week(shop):
    mug, bowl, _lamp = shop
    run = trained()
    assert run.status == "champion", run.notes
    live = outlook.published()
    assert means(live, product=mug) == pytest.approx([4, 4, 4, 4], abs=0.2)
    assert means(live, product=bowl) == pytest.approx([2, 2, 2, 2], abs=0.2)


def test_the_levels_agree(shop):
    trained()
    live = outlook.published()
    by_product = [means(live, product=one) for one in shop]
    total = [sum(week) for week in zip(*by_product, strict=True)]
    assert means(live, level="shop") == pytest.approx(total, abs=0.01)
    families = [means(live, family=one) for one in {shop[0].family, shop[2].family}]
    assert [sum(week) for week in zip(*families, strict=True)] == pytest.approx(total, abs=0.01)


def test_the_first_week_is_the_one_of_the_data_cut_and_bands_are_ordered(shop):
    trained()
    points = list(ForecastPoint.objects.filter(series__product=shop[0]).order_by("week"))
    assert points[0].week == NOW.date()
    assert len(points) == QUICK["horizon"]
    assert all(point.quantiles == sorted(point.quantiles) for point in points)
    assert all(len(point.quantiles) == 9 for point in points)


def test_what_was_learned_from_can_be_looked_up(shop):
    trained()
    kept = DemandPoint.objects.filter(series__product=shop[0])
    assert kept.count() == 60
    assert set(kept.values_list("raw", "cleaned", "rule")) == {(4.0, 4.0, "")}


def test_a_later_training_writes_only_the_weeks_that_are_new(shop):
    trained(NOW - WEEK)
    first = set(DemandPoint.objects.values_list("pk", flat=True))
    trained()
    now = set(DemandPoint.objects.values_list("pk", flat=True))
    assert first < now
    assert len(now - first) == 3  # one week of three products


def test_options_are_foreseen_as_they_were_chosen(shop):
    trained()
    shares = dict(OptionShare.objects.filter(product=shop[0]).values_list("value", "share"))
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert shares["red"] == pytest.approx(0.75, abs=0.08)


def test_every_method_tested_is_accounted_for(shop):
    run = trained()
    overall = {one.method: one for one in Accuracy.objects.filter(run=run, demand_class="")}
    assert set(overall) == {"seasonal naive", "mean", "combined"}
    assert any(one.chosen for one in overall.values())
    assert run.metrics["products"] == 3
    assert run.metrics["weeks"] == 60


def test_training_is_blind_to_what_came_later(shop):
    mug, *_ = shop
    before = trained(NOW - 8 * WEEK)
    order([line(mug, quantity=900)], at=NOW - 2 * WEEK)
    again = trained(NOW - 8 * WEEK)
    assert means(before.forecast, product=mug) == means(again.forecast, product=mug)


def test_the_same_run_twice_gives_the_same_numbers(shop):
    first, second = trained(), trained()
    for one in shop:
        assert means(first.forecast, product=one) == means(second.forecast, product=one)


def test_only_the_products_asked_for_are_foreseen(shop):
    trained(product_ids=[shop[1].pk])
    assert set(outlook.weekly()["product_id"]) == {shop[1].pk}


def test_a_shop_without_orders_is_told_so_in_plain_words():
    run = trained()
    assert run.status == "failed"
    assert run.notes == ["Nothing was ordered before this day, so nothing can be forecast."]


def test_a_young_shop_gets_a_forecast_and_a_note():
    weekly_shop(5)
    run = trained()
    assert run.status == "champion"
    told = {note["code"]: note["facts"] for note in run.notes}
    assert told["few_origins"] == {"tested": 0, "needed": 3}


def test_an_unknown_method_fails_and_the_live_forecast_stays(shop):
    live = trained()
    broken = trained(methods=["crystal ball"])
    assert broken.status == "failed"
    assert outlook.published() == live.forecast


def test_a_replay_of_an_older_day_never_goes_live(shop):
    live = trained()
    older = trained(NOW - 10 * WEEK)
    assert older.status == "challenger"
    assert outlook.published() == live.forecast
    assert outlook.published(NOW - 9 * WEEK) == older.forecast


def test_an_attempt_that_was_cut_short_leaves_nothing_double(shop):
    run = runs.request("forecast", data_cut=NOW, by="x", now=NOW, params=QUICK)
    half = Forecast.objects.create(run=run, as_of=NOW)
    series = DemandSeries.objects.create(level="product", product=product("MUG"))
    ForecastPoint.objects.create(forecast=half, series=series, week=NOW.date(), mean=1, method="x")
    assert outlook.published() is None
    runs.train(run.pk, clock=lambda: NOW)
    assert Forecast.objects.count() == 1
    assert len(means(outlook.published(), product=shop[0])) == 4


def test_a_family_that_began_last_week_gets_its_products_bands_together():
    """It cannot be tested itself; a band of no width would pretend to be sure."""
    starts = np.arange("2025-01-06", "2026-03-02", 7, dtype="datetime64[D]")
    values = np.full((2, starts.size), np.nan)
    values[:, -1] = [3.0, 4.0]
    quantiles = np.repeat(np.array([[[10.0]], [[20.0]]]), 9, axis=2)
    quantiles[:, 0, 8] = [13, 24]
    mean = np.array([[10.0], [20.0]])
    new, week = np.array(["new", "new"]), np.array(["2026-03-02"], dtype="datetime64[D]")
    young = Selection(("1", "2"), week, mean, quantiles, new, {}, {}, (), ())
    summed, band = training._summed(Panel(values, ("1", "2"), starts), young, [0, 1])
    assert (summed[0], band[0, 0], band[0, 8]) == (30, 30, 35)
