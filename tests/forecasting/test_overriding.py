"""A person replaces a week: with a reason, undoable, kept in the next forecast."""

from datetime import timedelta

import pytest

from forecasting import overriding, runs
from forecasting.models import DemandSeries, ForecastPoint
from forecasting.overriding import CannotOverride, Wish
from tests.forecasting.shop import NOW, trained, weekly_shop

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)
MONDAY = NOW.date()


@pytest.fixture
def mug():
    product = weekly_shop()[0]
    trained()
    return DemandSeries.objects.get(product=product)


def say(series, expected, why="Trade fair", week=MONDAY):
    return overriding.override(series, Wish(week, expected, why), by="staff:alice", now=NOW)


def at(week=MONDAY, **series):
    return ForecastPoint.objects.filter(
        week=week,
        forecast__run__status="champion",
        **{f"series__{k}": v for k, v in series.items()},
    ).get()


def test_a_week_is_replaced_and_says_who_and_why(mug):
    point = say(mug, 40)
    assert point.expected == 40
    point = at(pk=mug.pk)
    assert (point.override, point.override_by, point.override_why) == (
        40,
        "staff:alice",
        "Trade fair",
    )
    assert point.mean == pytest.approx(4, abs=0.2)  # the forecast itself is kept


def test_family_and_shop_follow_their_product(mug):
    before = at(level="shop").expected, at(family=mug.product.family).expected
    say(mug, 40)
    more = 40 - at(pk=mug.pk).mean
    assert at(level="shop").expected == pytest.approx(before[0] + more)
    assert at(family=mug.product.family).expected == pytest.approx(before[1] + more)
    assert at(level="shop", week=(NOW + WEEK).date()).override is None


def test_going_back_puts_everything_back(mug):
    say(mug, 40)
    say(mug, None, "The fair was called off")
    assert at(pk=mug.pk).override is None
    assert at(level="shop").override is None


def test_every_change_is_in_the_journal(mug):
    say(mug, 40)
    say(mug, 50, "Even more stands")
    say(mug, None, "Called off")
    told = overriding.changes(at(pk=mug.pk).forecast, mug)
    assert [one.to_status for one in told] == ["foreseen", "overridden", "overridden"]
    assert told[1].why == "40 → 50: Even more stands"
    assert {one.by for one in told} == {"staff:alice"}


def test_the_next_forecast_keeps_what_was_said_about_weeks_ahead(mug):
    ahead = (NOW + 2 * WEEK).date()
    say(mug, 40, week=ahead)
    say(mug, 7, week=MONDAY)
    newer = trained(NOW + WEEK)
    assert newer.status == "champion"
    assert at(ahead, pk=mug.pk).override == 40
    assert at(ahead, level="shop").override is not None
    assert ForecastPoint.objects.filter(forecast__run=newer, series=mug, override=7).count() == 0


def test_a_replay_of_an_older_day_learns_nothing_from_it(mug):
    say(mug, 40)
    older = trained(NOW - WEEK)
    assert not ForecastPoint.objects.filter(
        forecast=older.forecast, override__isnull=False
    ).exists()


def go_back():
    return runs.roll_back("forecast", by="staff:bob", now=NOW, why="Too high")


def test_going_back_to_the_earlier_forecast_keeps_what_was_said_since(mug):
    trained(NOW + WEEK)
    ahead = (NOW + 2 * WEEK).date()
    say(mug, 40, week=ahead)
    go_back()
    point = at(ahead, pk=mug.pk)
    assert (point.override, point.override_by) == (40, "staff:alice")
    assert at(ahead, level="shop").expected == pytest.approx(
        at(ahead, level="shop").mean + 40 - point.mean
    )
    [told] = overriding.changes(point.forecast, mug)
    assert (told.by, told.why) == ("staff:alice", f"{point.mean:g} → 40: Trade fair")


def test_going_back_keeps_a_week_that_was_taken_back_as_forecast(mug):
    ahead = (NOW + 2 * WEEK).date()
    say(mug, 40, week=ahead)
    trained(NOW + WEEK)
    say(mug, None, "Called off", week=ahead)
    go_back()
    assert at(ahead, pk=mug.pk).override is None
    assert at(ahead, level="shop").override is None
    told = overriding.changes(at(ahead, pk=mug.pk).forecast, mug)[0]
    assert (told.to_status, told.by, told.why) == ("foreseen", "staff:bob", overriding.TAKEN_BACK)


def test_going_back_keeps_what_was_said_about_weeks_the_later_forecast_does_not_reach(mug):
    say(mug, 40, week=MONDAY)
    trained(NOW + WEEK)
    go_back()
    assert at(MONDAY, pk=mug.pk).override == 40


def test_a_forecast_put_live_by_hand_takes_over_what_was_said_meanwhile(mug):
    older = trained(NOW - WEEK)
    assert older.status == "challenger"
    say(mug, 40)
    runs.promote(older, by="staff:bob", now=NOW, why="The newer one is too high")
    assert at(MONDAY, pk=mug.pk).override == 40


@pytest.mark.parametrize(
    ("expected", "why"), [(-1, "x"), (1e9, "x"), (float("nan"), "x"), (5, " ")]
)
def test_nonsense_is_refused(mug, expected, why):
    with pytest.raises(CannotOverride):
        say(mug, expected, why)


def test_a_week_outside_the_forecast_is_refused(mug):
    with pytest.raises(CannotOverride, match="beyond"):
        say(mug, 5, week=(NOW + 30 * WEEK).date())


def test_sums_cannot_be_overridden(mug):
    with pytest.raises(CannotOverride, match="sum"):
        say(DemandSeries.objects.get(level="shop"), 5)


def test_taking_back_what_was_never_said_is_refused(mug):
    with pytest.raises(CannotOverride, match="as_forecast"):
        say(mug, None)
