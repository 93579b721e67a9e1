"""What the floors above are told: as published, at any day, overrides included."""

from datetime import date, timedelta

import pytest

from forecasting import outlook, overriding
from forecasting.models import DemandSeries
from tests.forecasting.shop import NOW, trained, weekly_shop

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


def test_before_the_first_forecast_there_is_nothing():
    assert outlook.published() is None
    assert outlook.weekly().empty
    assert outlook.option_model() is None
    assert outlook.option_shares(1) == {}


def test_an_earlier_day_gets_what_was_foreseen_then():
    mug, *_ = weekly_shop()
    old, new = trained(NOW - 4 * WEEK), trained(NOW)
    assert outlook.published() == new.forecast
    assert outlook.published(NOW - WEEK) == old.forecast
    assert outlook.published(NOW - 5 * WEEK) is None
    then = outlook.weekly(NOW - WEEK, [mug.pk])
    assert then["week"].min() == (NOW - 4 * WEEK).date()


def test_overrides_are_part_of_what_is_expected():
    mug, bowl, _lamp = weekly_shop()
    trained()
    series = DemandSeries.objects.get(product=mug)
    wish = overriding.Wish(NOW.date(), 40, "Trade fair")
    overriding.override(series, wish, by="staff:alice", now=NOW)
    weekly = outlook.weekly().set_index(["product_id", "week"])["expected"]
    assert weekly[mug.pk, NOW.date()] == 40
    assert weekly[bowl.pk, NOW.date()] == pytest.approx(2, abs=0.2)


def test_open_orders_consume_the_forecast():
    mug, *_ = weekly_shop()
    trained()
    weekly = outlook.weekly(product_ids=[mug.pk])
    left = outlook.remaining(weekly, {(mug.pk, NOW.date()): 3.0})
    first = left.set_index("week")["left"]
    assert first[NOW.date()] == pytest.approx(weekly["expected"].iloc[0] - 3, abs=1e-6)
    assert first[(NOW + WEEK).date()] == pytest.approx(weekly["expected"].iloc[1], abs=1e-6)


def test_orders_beyond_the_forecast_leave_nothing_and_never_less():
    mug, *_ = weekly_shop()
    trained()
    left = outlook.remaining(outlook.weekly(), {(mug.pk, NOW.date()): 500.0})
    assert left["left"].min() == 0


def test_nothing_foreseen_leaves_nothing():
    assert list(outlook.remaining(outlook.weekly(), {}).columns) == [*outlook.WEEKLY, "left"]


def test_a_damaged_model_file_is_survived(own_models):
    mug, *_ = weekly_shop()
    run = trained()
    (own_models / run.artefact).write_bytes(b"rubbish")
    assert outlook.option_model() is None
    assert outlook.option_shares(mug.pk)["colour"]["red"] > 0.5
    assert not outlook.weekly().empty


def test_a_model_file_that_is_gone_is_survived(own_models):
    weekly_shop()
    (own_models / trained().artefact).unlink()
    assert outlook.option_model() is None


def test_the_model_agrees_with_the_published_shares():
    mug, *_ = weekly_shop()
    trained()
    model = outlook.option_model()
    told = model.probabilities(str(mug.pk), "colour", ["red", "blue"])
    shares = outlook.option_shares(mug.pk)["colour"]
    assert told == pytest.approx(shares, abs=1e-5)


def test_the_shares_of_many_products_are_one_question(django_assert_num_queries):
    products = weekly_shop()
    trained()
    with django_assert_num_queries(2):  # the live forecast and its shares
        outlook.option_shares_of([one.pk for one in products])


def test_weeks_are_dates():
    weekly_shop()
    trained()
    assert {type(week) for week in outlook.weekly()["week"]} == {date}
