"""What is learned from: full weeks, returns netted, closed weeks filled in, nothing from later."""

from datetime import date, timedelta

import numpy as np
import pytest

from forecasting.history import NoHistory, gather, week_of
from orders.catalogue import mark_unavailable
from orders.models import BehaviourEvent, Return
from tests.factories import customer, line, order, product
from tests.forecasting.shop import MONDAY, NOW, sell, weekly_shop

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def row(history, of):
    return history.panel.values[history.products.index(of.pk)]


def test_every_full_week_is_counted_and_the_present_one_is_left_out():
    mug, bowl, lamp = weekly_shop(10)
    order([line(mug, quantity=50)], at=NOW - timedelta(hours=1))
    history = gather(NOW)
    assert row(history, mug).tolist() == [4] * 10
    assert row(history, bowl).tolist() == [2] * 10
    assert history.panel.starts[-1] == np.datetime64((MONDAY - WEEK).date())
    assert history.families == tuple(
        {mug.pk: mug, bowl.pk: bowl, lamp.pk: lamp}[pk].family_id for pk in history.products
    )


def test_an_earlier_day_does_not_see_later_orders():
    mug, *_ = weekly_shop(10)
    assert row(gather(NOW - 3 * WEEK), mug).tolist() == [4] * 7


def test_silence_at_the_end_is_no_demand_and_not_the_end_of_the_series():
    mug = product("MUG")
    order([line(mug, quantity=3)], at=NOW - 4 * WEEK)
    order([line(product("BOWL"))], at=NOW - 1 * WEEK)
    assert row(gather(NOW), mug).tolist() == [3, 0, 0, 0]


@pytest.mark.parametrize("who", ["Alice", None])
def test_what_came_back_was_not_wanted(who):
    mug = product("MUG")
    by = customer(who) if who else None
    sold = order([line(mug, quantity=5)], at=NOW - 2 * WEEK, by=by).lines.get()
    Return.objects.create(line=sold, product=mug, customer=by, quantity=2, at=NOW - WEEK)
    assert row(gather(NOW), mug)[0] == 3


def test_a_week_that_was_closed_is_filled_in_and_marked():
    mug, bowl, _lamp = weekly_shop(20)
    closed = (MONDAY - 5 * WEEK).date()
    for late in mug.configurations.all():
        late.lines.filter(
            order__placed_at__gte=MONDAY - 5 * WEEK, order__placed_at__lt=MONDAY - 4 * WEEK
        ).delete()
    mark_unavailable(mug.pk, closed, closed + 6 * DAY, "no clay")
    history = gather(NOW)
    place = history.products.index(mug.pk)
    assert history.series.censored[place, -5]
    assert history.series.raw[place, -5] == 0
    assert history.panel.values[place, -5] == pytest.approx(4, abs=0.5)
    assert not history.series.censored[history.products.index(bowl.pk)].any()


def test_visits_are_carried_by_week_and_product():
    mug, bowl, _lamp = weekly_shop(6)
    for number in range(3):
        BehaviourEvent.objects.create(
            kind="view",
            subject=f"visitor {number}",
            product=bowl,
            dwell_seconds=20,
            at=NOW - 2 * WEEK,
            day=(NOW - 2 * WEEK).date(),
            dedup_key=str(number),
            consent="measure",
        )
    views = gather(NOW).panel.signals["views"]
    places = gather(NOW).products
    assert views[places.index(bowl.pk)].tolist() == [0, 0, 0, 0, 3, 0]
    assert not views[places.index(mug.pk)].any()


def test_only_the_products_asked_for_are_gathered():
    mug, *_ = weekly_shop(4)
    assert gather(NOW, [mug.pk]).products == (mug.pk,)


def test_nothing_ordered_is_said_in_plain_words():
    with pytest.raises(NoHistory, match="Nothing was ordered"):
        gather(NOW)


def test_a_shop_in_its_first_week_has_to_wait():
    mug = product("MUG")
    order([line(mug)], at=NOW - timedelta(minutes=5))
    with pytest.raises(NoHistory, match="No week is complete"):
        gather(NOW)


def test_a_week_begins_on_monday_in_the_plants_time(settings):
    settings.PLANT_TIME_ZONE = "Asia/Shanghai"
    assert week_of(MONDAY - timedelta(hours=3)) == date(2026, 3, 2)
    settings.PLANT_TIME_ZONE = "Europe/Berlin"
    assert week_of(MONDAY - timedelta(hours=3)) == date(2026, 2, 23)


def test_an_order_is_sold_to_whom_it_was_sold():
    mug, *_ = weekly_shop(1)
    sell(mug.configurations.all()[0], 1, NOW - 3 * WEEK, "Bob")
    assert row(gather(NOW), mug).tolist() == [1, 0, 4]
