"""Whatever makes a difference to the forecast is learned the same night."""

from datetime import timedelta

import pytest

from config import cycle, wording
from forecasting import footing, outlook, runs
from forecasting.models import ForecastPoint, TrainingRun
from forecasting.overriding import Wish, override
from journal.footing import Fact
from orders.models import (
    AvailabilityPeriod,
    OptionValue,
    OrderLine,
    Return,
)
from orders.models import ProductFamily as Family
from production.models import (
    Pegging,
    PlanEntry,
)
from tests.config.nightly.nights import (
    DAY,
    LONG_AGO,
    TONIGHT,
    WEEK,
    bands,
    did,
    foreseen,
    live,
    series_of,
    undone,
)
from tests.production.workshop import NOW, line

pytestmark = pytest.mark.django_db


def test_a_corrected_week_is_learned_as_a_full_cycle_would(shop, first):
    """One of twelve products: its methods go on, and so do the bands around all of them."""
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    with undone():
        row = cycle.run(TONIGHT)
        assert did(row)["forecast"] == "forecast_renewed"
        assert "1 of 12 products had changed weeks" in wording.did(row.steps[2])
        run, little, spread = live(), foreseen(), bands()
        points = series_of(shop[2]).points.get(week=LONG_AGO.date())
        assert points.raw == 9 + 1 + (10 * 4) % 5
    with undone():
        cycle.run(TONIGHT, everything=True)
        assert live().metrics["chosen"] == run.metrics["chosen"]
        assert little == foreseen()  # exactly
        for key, quantiles in bands().items():  # learned of this week's errors, or of today's
            mean = max(quantiles)
            assert spread[key] == pytest.approx(quantiles, abs=0.25 * mean + 0.25)


def test_a_renewed_forecast_shows_how_its_methods_did_in_the_contest_they_won(shop, first):
    before = sorted(live().accuracies.values_list("method", "demand_class", "rmsse"))
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    cycle.run(TONIGHT)
    run = live()
    assert run.data_cut == TONIGHT
    assert sorted(run.accuracies.values_list("method", "demand_class", "rmsse")) == before
    assert [note["code"] for note in run.notes] == ["choice_goes_on"]


def test_corrections_that_add_up_to_many_products_are_due_a_contest(shop, first):
    """Each night corrects one product; against the last contest it is two of twelve in the end."""
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT))["forecast"] == "forecast_renewed"
    line(shop[3], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT + DAY))["forecast"] == "forecast"


def an_old_order_is_imported(lamp):
    line(lamp, 9, placed=LONG_AGO, who="Carol")


def an_old_line_is_cancelled(lamp):
    sold = OrderLine.objects.filter(configuration__product=lamp, order__placed_at__lt=NOW - WEEK)
    sold.filter(pk=sold.first().pk).update(status="cancelled")


def goods_come_back(lamp):
    sold = OrderLine.objects.filter(configuration__product=lamp, status="delivered").first()
    customer = sold.order.customer
    Return.objects.create(line=sold, product=lamp, customer=customer, quantity=1, at=TONIGHT)


def it_moves_to_another_family(lamp):
    lamp.family = Family.objects.create(code="shades", name="Shades")
    lamp.save()


def it_was_not_on_sale(lamp):
    AvailabilityPeriod.objects.create(
        product=lamp, start=LONG_AGO.date(), end=(LONG_AGO + WEEK).date(), reason="sold out"
    )


def a_colour_is_withdrawn(lamp):
    OptionValue.objects.filter(group__product=lamp, code="blue").delete()


@pytest.mark.parametrize(
    "happens",
    [
        an_old_order_is_imported,
        an_old_line_is_cancelled,
        goods_come_back,
        it_moves_to_another_family,
        it_was_not_on_sale,
        a_colour_is_withdrawn,
    ],
)
def test_a_forecast_is_learned_anew_where_its_product_is_another(shop, first, happens):
    before = live()
    happens(shop[5])
    row = cycle.run(TONIGHT)
    assert did(row)["forecast"] == "forecast_renewed"
    assert row.steps[2]["facts"]["renewed"] == 1
    assert live() != before
    assert outlook.published().run == live()


def test_what_people_said_lives_on_in_a_renewed_forecast_and_reaches_the_work_orders(shop, first):
    week = NOW.date() + WEEK
    override(series_of(shop[4]), Wish(week, 40, "a fair"), by="staff:alice", now=NOW)
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT))["forecast"] == "forecast_renewed"
    assert overridden(shop[4], week) == 40
    assert pieces_foreseen(shop[4], week) == 40


def test_a_corrected_override_reaches_the_work_orders_though_the_forecast_stands(shop, first):
    week = NOW.date() + WEEK
    for pieces in (40, 25):
        override(series_of(shop[4]), Wish(week, pieces, "a fair"), by="staff:alice", now=NOW)
    row = cycle.run(TONIGHT)
    assert did(row)["forecast"] == "forecast_stands"
    assert pieces_foreseen(shop[4], week) == 25
    assert PlanEntry.objects.filter(
        plan__status="published", job__work_order__pegging__forecast_week=week, job__quantity=25
    ).exists()


def overridden(of, week):
    points = ForecastPoint.objects.filter(forecast__run=live(), series__product=of, week=week)
    return points.get().override


def pieces_foreseen(of, week):
    pegs = Pegging.objects.filter(work_order__configuration__product=of, forecast_week=week)
    return sum(pegs.exclude(work_order__status="cancelled").values_list("quantity", flat=True))


def test_after_going_back_to_an_earlier_model_the_cycle_compares_with_that_one(shop, first):
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    cycle.run(TONIGHT)
    runs.roll_back("forecast", by="staff:alice", now=TONIGHT, why="odd")
    row = cycle.run(TONIGHT + timedelta(hours=1))
    assert did(row)["forecast"] == "forecast_renewed"
    assert live().data_cut == TONIGHT + timedelta(hours=1)


def test_what_a_left_out_method_would_need_is_still_said_after_a_renewal(shop, first):
    facts = {"method": "boosted trees", "have": 12, "needed": 60}
    TrainingRun.objects.filter(pk=live().pk).update(notes=[{"code": "few_periods", "facts": facts}])
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT))["forecast"] == "forecast_renewed"
    wanting = [fact for one in footing.footing(TONIGHT) for fact in one.better]
    assert Fact("longer_history", {"have": 12, "needed": 60}) in wanting
