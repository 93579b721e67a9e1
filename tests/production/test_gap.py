from datetime import datetime, time, timedelta

import pytest

from forecasting.models import OptionScore
from orders.models import BehaviourEvent, Order, OrderLine
from production import gap
from production.calendars import plant_zone
from production.models import GapMeasurement, Plan
from tests.production.workshop import MONDAY, NOW, forecast, line, product

pytestmark = pytest.mark.django_db

SUNDAY_BEFORE = NOW - timedelta(days=1)
WEEK_AFTER = NOW + timedelta(days=7)


def snapshot(demand, as_of=SUNDAY_BEFORE, status="superseded"):
    weeks = {sku: {MONDAY.isoformat(): pieces} for sku, pieces in demand.items()}
    return Plan.objects.create(
        as_of=as_of, created_at=as_of, solver="edd", status=status, snapshot=weeks
    )


def figure(measure, product=None):
    return GapMeasurement.objects.get(measure=measure, week=MONDAY, product=product)


@pytest.fixture
def week():
    """Wanted 10 lamps and 30 mugs."""
    lamp, mug = product("lamp"), product("mug")
    line(lamp, 4)
    line(lamp, 6, who="Bob")
    line(mug, 30, placed=NOW + timedelta(days=5))
    return lamp, mug


def test_volume_is_the_difference_over_what_was_wanted():
    assert gap.volume({1: 10, 2: 30}, {1: 12, 2: 20}) == pytest.approx(12 / 40)


def test_volume_counts_what_nobody_wanted():
    assert gap.volume({1: 10}, {1: 10, 2: 5}) == pytest.approx(0.5)


def test_mix_is_half_the_difference_of_the_shares():
    # Shares ¼, ¾ against ½, ½.
    assert gap.mix({1: 10, 2: 30}, {1: 7, 2: 7}) == pytest.approx(0.25)


def test_mix_does_not_see_the_scale():
    assert gap.mix({1: 10, 2: 30}, {1: 1, 2: 3}) == pytest.approx(0)


def test_mix_is_one_where_nothing_is_shared():
    assert gap.mix({1: 10}, {2: 10}) == pytest.approx(1)


def test_bias_is_positive_where_too_much_was_foreseen():
    assert gap.bias({1: 10, 2: 30}, {1: 20, 2: 40}) == pytest.approx(0.5)


def test_a_week_is_compared_with_the_plan_from_before_it(week):
    lamp, mug = week
    early = snapshot({"lamp": 12, "mug": 20})
    snapshot({"lamp": 10, "mug": 30}, as_of=NOW + timedelta(days=1), status="published")
    measured = gap.measure(WEEK_AFTER)
    assert measured.weeks == (MONDAY,)
    shop = figure("volume")
    assert shop.value == pytest.approx(0.3)
    assert (shop.wanted, shop.answered) == (40, 32)
    assert shop.details["plan"] == early.pk
    # Two lamps and ten mugs at 10 each.
    assert shop.details["money"] == pytest.approx(120)
    assert shop.details["bias"] == pytest.approx(-0.2)
    assert figure("volume", mug).value == pytest.approx(1 / 3)
    # ½ |10/40 − 12/32|
    assert figure("mix", lamp).value == pytest.approx(0.0625)
    assert figure("mix").value == pytest.approx(0.125)


def test_a_plan_made_at_the_moment_in_which_the_week_begins_knows_nothing_of_it_and_answers(week):
    snapshot({"lamp": 1}, as_of=NOW - timedelta(days=7))
    midnight = datetime.combine(MONDAY, time(), tzinfo=plant_zone())
    at_once = snapshot({"lamp": 12, "mug": 20}, as_of=midnight)
    gap.measure(WEEK_AFTER)
    assert figure("volume").details["plan"] == at_once.pk


def test_the_summary_names_each_measure_of_the_week(week):
    snapshot({"lamp": 12, "mug": 20})
    assert gap.measure(WEEK_AFTER).summary() == "2026-03-02: volume 0.300, mix 0.125"


def test_only_the_products_asked_for_are_measured(week):
    lamp, _ = week
    snapshot({"lamp": 12})
    gap.measure(WEEK_AFTER, product_ids=[lamp.pk])
    assert figure("volume").value == pytest.approx(0.2)


def test_a_product_that_was_planned_and_not_wanted_is_all_gap(week):
    stool = product("stool")
    snapshot({"lamp": 10, "stool": 5})
    gap.measure(WEEK_AFTER)
    assert figure("volume", stool).value == 1


def test_a_first_cycle_says_that_it_has_nothing_to_compare(week):
    measured = gap.measure(WEEK_AFTER)
    assert not GapMeasurement.objects.filter(measure__in=["volume", "mix"]).exists()
    assert "nothing to compare" in measured.notes[0]


def test_a_plan_that_does_not_reach_the_week_is_not_compared(week):
    plan = snapshot({})
    plan.snapshot = {"lamp": {"2026-02-09": 3}}
    plan.save()
    assert "nothing to compare" in gap.measure(WEEK_AFTER).notes[0]


def test_a_plan_that_foresaw_nothing_of_todays_products_says_so(week):
    snapshot({"discontinued": 3})
    assert "foresaw nothing" in gap.measure(WEEK_AFTER).notes[0]


def test_a_rejected_plan_is_never_compared(week):
    snapshot({"lamp": 10}, status="rejected")
    assert "nothing to compare" in gap.measure(WEEK_AFTER).notes[0]


def test_a_week_without_orders_says_so():
    snapshot({"lamp": 10})
    assert "nothing was wanted" in gap.measure(WEEK_AFTER).notes[0]


def test_a_week_that_is_not_over_is_not_measured(week):
    snapshot({"lamp": 10, "mug": 30})
    assert gap.measure(NOW + timedelta(days=3)).weeks == (MONDAY - timedelta(days=7),)


def test_measuring_again_replaces_the_figures(week):
    snapshot({"lamp": 12, "mug": 20})
    assert gap.measure(WEEK_AFTER).rows == gap.measure(WEEK_AFTER).rows
    assert GapMeasurement.objects.filter(measure="volume", product=None).count() == 1


def test_the_forecast_behind_the_plan_is_named(week):
    lamp, _ = week
    published = forecast({(lamp, MONDAY): 12.0}, as_of=SUNDAY_BEFORE)
    snapshot({"lamp": 12})
    gap.measure(WEEK_AFTER)
    assert figure("volume").details["forecast"] == published.pk


def event(kind, of, at, who):
    BehaviourEvent.objects.create(
        kind=kind,
        product=of,
        subject=who,
        at=at,
        day=at.date(),
        dedup_key=f"{BehaviourEvent.objects.count()}",
        consent="measure",
    )


def earlier_needs(of, answered, all_of_them):
    """Baskets of two months ago, some of them ordered the day after."""
    for number in range(all_of_them):
        at = NOW - timedelta(days=60)
        event("basket", of, at, f"early {number}")
        if number < answered:
            event("order", of, at + timedelta(days=1), f"early {number}")


def test_what_was_wanted_in_vain_counts_as_often_as_such_wishes_became_orders(week):
    lamp, mug = week
    earlier_needs(mug, answered=5, all_of_them=20)
    for hour in range(5):
        event("abandon", lamp, NOW + timedelta(hours=hour), "Carol")
    event("basket", lamp, NOW, "Dan")
    event("abandon", lamp, NOW, "Erin")
    event("order", lamp, NOW + timedelta(days=1), "Erin")  # counted by her order
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    shop, lamps = figure("volume"), figure("volume", lamp)
    # Carol and Dan, one of four such needs becomes an order: 10 + 2 · ¼ lamps and 30 mugs.
    assert (lamps.wanted, shop.wanted) == (10.5, 40.5)
    assert lamps.details["ordered"] == 10
    assert lamps.details["not_ordered"] == 0.5
    assert lamps.details["unmet_needs"] == 2
    assert shop.details["conversion"] == 0.25
    assert shop.value == pytest.approx((1.5 + 10) / 40.5)


def test_the_conversion_is_learned_from_before_the_week_alone(week):
    lamp, mug = week
    earlier_needs(mug, answered=10, all_of_them=20)
    event("abandon", lamp, NOW, "Carol")
    # A basket of three weeks ago may still be ordered, and one of this week surely was: neither
    # teaches anything about this week.
    event("basket", mug, NOW - timedelta(days=21), "Frank")
    event("basket", mug, NOW, "Grace")
    event("order", mug, NOW + timedelta(hours=1), "Grace")
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    assert figure("volume").details["conversion"] == 0.5
    assert figure("volume", lamp).wanted == 10.5


def test_nineteen_earlier_wishes_are_too_few_to_believe_what_became_of_them(week):
    lamp, mug = week
    earlier_needs(mug, answered=10, all_of_them=19)
    event("abandon", lamp, NOW, "Carol")
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    shop = figure("volume")
    assert (shop.details["conversion"], shop.details["learned_from"]) == (None, 19)
    assert figure("volume", lamp).wanted == 10


def test_without_visitors_orders_alone_count(week):
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    assert figure("volume").wanted == figure("volume").details["ordered"] == 40
    assert figure("volume").details["conversion"] is None


def test_wishes_weigh_nothing_while_nobody_knows_what_becomes_of_them(week):
    event("abandon", week[0], NOW, "Carol")
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    assert figure("volume", week[0]).wanted == 10
    assert figure("volume", week[0]).details["unmet_needs"] == 1


def test_what_was_planned_and_never_ordered_is_worth_its_list_price(week):
    stool = product("stool")  # 10 each
    snapshot({"lamp": 10, "mug": 30, "stool": 5})
    gap.measure(WEEK_AFTER)
    assert figure("volume").details["money"] == pytest.approx(50)
    assert figure("volume").details["currency"] == "EUR"
    assert figure("volume", stool).value == 1


def test_what_was_paid_in_another_currency_prices_nothing(week):
    lamp, _mug = week
    snapshot({"lamp": 12, "mug": 20})
    paid = OrderLine.objects.filter(configuration__product=lamp)
    Order.objects.filter(lines__in=paid).update(currency="CNY")
    paid.update(unit_price=77)
    gap.measure(WEEK_AFTER)
    # two lamps and ten mugs at their list prices of 10 each
    assert figure("volume").details["money"] == pytest.approx(120)


def test_amounts_of_two_currencies_are_not_added(week):
    mug = week[1]
    mug.currency = "CNY"
    mug.save()
    snapshot({"lamp": 12, "mug": 20})
    gap.measure(WEEK_AFTER)
    assert "money" not in figure("volume").details


def test_choice_is_the_mean_surprise_of_the_lines(week):
    lamp, mug = week
    for of, bits, baseline in ((lamp, 1.0, 2.0), (lamp, 2.0, 2.0), (mug, 3.0, 5.0)):
        one = line(of)
        OptionScore.objects.create(line=one, bits=bits, baseline_bits=baseline, scored_at=NOW)
    gap.measure(WEEK_AFTER)
    shop = figure("choice")
    assert shop.value == pytest.approx(2.0)
    assert shop.details["baseline_bits"] == pytest.approx(3.0)
    assert shop.details["saved_bits"] == pytest.approx(1.0)
    assert figure("choice", lamp).value == pytest.approx(1.5)


def test_time_is_the_wait_beyond_the_requested_date():
    lamp = product("lamp")
    for days in (-2, 0, 4):
        one = line(lamp)
        one.committed_date = one.requested_date + timedelta(days=days)
        one.save()
    gap.measure(WEEK_AFTER)
    shop = figure("time")
    # 0, 0 and 4 days; one of three is later than asked for.
    assert shop.value == pytest.approx(4 / 3)
    assert shop.details["later_share"] == pytest.approx(1 / 3)
