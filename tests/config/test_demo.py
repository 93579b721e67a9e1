"""The demo shop as data: what it sells, how that is made, the truth that history is drawn from."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.db import transaction
from django.test import RequestFactory

from config.demo import floor, history, making, seeding
from config.demo.holidays import easter, public_holidays
from config.demo.products import FAMILIES, GRID, ITEMS, SKUS
from config.demo.truth import PIECES, Truth, choice_shares, lead_shares, mean_pieces
from orders import waiting
from orders.catalogue import check, price, sheets
from orders.models import OptionGroup, Order, OrderLine
from orders.views.pictures import picture
from production import routings
from production.models import Machine, Material, SetupRule, WorkCenter

ANCHOR = date(2026, 11, 23)


def silently(total):
    return lambda count: None


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    """A small demo shop for all tests of this module, which only read it."""
    with django_db_blocker.unblock(), transaction.atomic():
        seeding.seed(ANCHOR, scale=0.1, weeks=12, watch=silently)
        yield {sheet.sku: sheet for sheet in sheets().values()}
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def told(shop):
    """Thirty weeks at full size, drawn but not written."""
    return history.draw(Truth(ANCHOR, 0, 1.0, 30), shop)


def test_the_shop_is_as_large_as_promised(shop):
    assert len(shop) >= 8
    assert len({sheet.family_code for sheet in shop.values()}) == len(FAMILIES) == 4
    printers = Machine.objects.filter(work_center__kind=WorkCenter.Kind.PRINT)
    assert printers.count() == 6
    assert printers.values("work_center").distinct().count() == 2
    kinds = set(OptionGroup.objects.values_list("kind", flat=True))
    assert kinds == {"select", "multi", "number", "text", "bool", "date"}
    assert {rule.kind for sheet in shop.values() for rule in sheet.rules} == {
        "requires",
        "excludes",
        "derives",
    }


def test_every_name_has_a_chinese_one():
    named: list[Any] = [
        *FAMILIES,
        *ITEMS,
        *(question for item in ITEMS for question in item.questions),
        *(choice for item in ITEMS for question in item.questions for choice in question.choices),
        *(rule for item in ITEMS for rule in item.rules),
        *floor.CELLS,
        *making.MATERIALS,
        *(step for steps in making.STEPS.values() for step in steps),
    ]
    assert [one for one in named if not one.en or not one.zh] == []


def test_the_same_anchor_and_seed_tell_the_same_story(shop):
    small = Truth(ANCHOR, 3, 0.2, 12)
    assert history.draw(small, shop) == history.draw(Truth(ANCHOR, 3, 0.2, 12), shop)


def test_another_seed_tells_another_story(shop):
    stories = [history.draw(Truth(ANCHOR, seed, 0.2, 12), shop) for seed in (3, 4)]
    assert stories[0].sales != stories[1].sales


def test_everything_sold_is_possible_and_costs_what_it_costs_today(shop, told):
    for line in _different(told):
        assert check(shop[line.sku], line.values) == line.values
        assert price(shop[line.sku], line.values).unit == line.unit_price > 0


def test_everything_sold_can_be_made_on_some_machine_from_some_material(shop, told):
    makings = routings.makings()
    able = {
        (center, word)
        for center, words in Machine.objects.values_list("work_center__code", "capabilities")
        for word in ["", *words]
    }
    for line in _different(told):
        frozen = routings.freeze(makings[shop[line.sku].product_id], line.values, line.quantity)
        steps = frozen["operations"]
        assert {(step["work_center"], step["capability"]) for step in steps} <= able
        assert [step["work_center"] for step in steps][-2:].count("inspection") <= 1
        assert steps[-1]["work_center"] == "packing"
        assert len(frozen["materials"]) >= 2, line


def _different(told):
    lines = {(line.sku, repr(line.values)): line for sale in told.sales for line in sale.lines}
    assert {sku for sku, _values in lines} == set(SKUS)
    return lines.values()


def test_every_first_choice_of_a_finite_question_is_sold_sometimes(told):
    sold = Counter(
        (line.sku, group, value)
        for line in _different(told)
        for group, chosen in line.values.items()
        for value in (chosen if isinstance(chosen, list) else [chosen])
    )
    offered = {
        (item.sku, question.code, choice.code)
        for item in ITEMS
        for question in item.questions
        for choice in question.choices
    }
    assert offered - set(sold) == set()


def test_orders_are_poisson_around_the_true_mean(shop, told):
    weekly = told.truth.weekly()
    past = weekly[weekly["week"] < pd.Timestamp(ANCHOR)]
    counts = _weekly_lines(told)
    table = past.assign(count=[counts[row.sku, row.week.date()] for row in past.itertuples()])
    outage = told.outages[0]
    out = (table["sku"] == outage.sku) & table["week"].between(
        pd.Timestamp(outage.start) - timedelta(days=6), pd.Timestamp(outage.end)
    )
    table = table[~out & (table["lines"] > 3)]
    for _sku, rows in table.groupby("sku"):
        mean = rows["lines"].sum()
        assert abs(rows["count"].sum() - mean) < 4 * mean**0.5
    spread = ((table["count"] - table["lines"]) ** 2 / table["lines"]).mean()
    assert 0.75 < spread < 1.3  # variance over mean; 1 for a Poisson count


def _weekly_lines(told):
    return Counter(
        (line.sku, sale.placed_at.date() - timedelta(days=sale.placed_at.weekday()))
        for sale in told.sales
        if sale.status != "cancelled"
        for line in sale.lines
    )


def test_looks_lead_orders_by_a_week(told):
    orders = _weekly_lines(told)
    views = Counter(
        (one.sku, one.at.date() - timedelta(days=one.at.weekday()))
        for one in told.signals
        if one.kind == "view"
    )
    mondays = [told.truth.opening + timedelta(weeks=week) for week in range(2, told.truth.weeks)]
    skus = [sku for sku in SKUS if sku not in {"LAMP-LUNA", "ORG-GRID"}]
    looks = np.array([[views[sku, day] for day in mondays[:-2]] for sku in skus])
    ahead = list(pairwise(mondays[1:]))
    later = np.array([[orders[sku, a] + orders[sku, b] for a, b in ahead] for sku in skus])
    rng = np.random.default_rng(0)
    by_chance = [_agreement(rng.permuted(looks, axis=1), later) for _ in range(200)]
    assert _agreement(looks, later) > max(by_chance)


def _agreement(looks, later):
    """Correlation within products: each product's own level is taken out."""
    pairs = [array - array.mean(axis=1, keepdims=True) for array in (looks, later)]
    return float(np.corrcoef(pairs[0].ravel(), pairs[1].ravel())[0, 1])


def test_every_look_that_led_to_an_order_came_before_it(told):
    first: dict[tuple[int, str], datetime] = {}
    for one in told.signals:
        if one.kind == "view":
            first.setdefault((one.visitor, one.sku), one.at)
    ordered = [one for one in told.signals if one.kind == "order"]
    warm = told.truth.opening + timedelta(days=35)  # earlier looks lie before the history
    late = [one for one in ordered if one.at.date() > warm]
    before = [first[one.visitor, one.sku] < one.at for one in late]
    assert len(before) > 500
    assert all(before)


def test_a_product_that_is_sold_out_is_wanted_in_vain(told):
    [outage] = told.outages
    sold = [
        sale
        for sale in told.sales
        if outage.start <= sale.placed_at.date() <= outage.end
        and any(line.sku == outage.sku for line in sale.lines)
    ]
    left = [
        one
        for one in told.signals
        if one.kind == "abandon"
        and one.sku == outage.sku
        and outage.start <= one.at.date() <= outage.end
    ]
    assert sold == []
    assert len(left) > 15


def test_sage_wins_share_over_the_years():
    colour = next(question for question in GRID.questions if question.code == "colour")
    begin, end = (choice_shares(colour, years) for years in (0, 1.5))
    assert end["sage"] > 2 * begin["sage"]
    assert sum(end.values()) == pytest.approx(1)


def test_lead_shares_add_up_and_span_days_to_weeks():
    shares = lead_shares()
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == 0
    assert 7 < (shares * np.arange(len(shares))).sum() < 14


def test_mean_pieces_is_the_mean_of_the_mixture():
    # persons: .86·1 + .11·2 + .03·3 = 1.17; companies: .6 + .6 + .96 + .96 + 1.0 = 4.12
    assert mean_pieces("furniture") == pytest.approx(0.9 * 1.17 + 0.1 * 4.12)
    assert all(sum(share for _n, share in PIECES[kind]) == pytest.approx(1) for kind in PIECES)


def test_the_next_two_weeks_are_busy_but_possible(shop, told):
    makings = routings.makings()
    load: Counter[str] = Counter()
    for sale in told.sales:
        for line in sale.lines:
            if line.status == "promised":
                making_of = makings[shop[line.sku].product_id]
                frozen = routings.freeze(making_of, line.values, line.quantity)
                load.update({step["work_center"]: step["minutes"] for step in frozen["operations"]})
    # 10 days of 16 hours and 2 Saturdays of 8; 10 days of 8.5 hours
    printers = 3 * (10 * 16 + 2 * 8) * 60
    hands = 10 * 510
    shares = {
        "print-a": load["print-a"] / printers,
        "print-b": load["print-b"] / printers,
        "mill": load["mill"] / (2 * hands),
        "paint": load["paint"] / hands,
        "assembly": load["assembly"] / (3 * hands),
        "laser": load["laser"] / (2 * hands),
    }
    assert 0.6 < max(shares.values()) < 1, shares


def test_open_orders_wait_with_a_promise_and_old_ones_are_done(shop):
    lines = waiting.open_lines(datetime.combine(ANCHOR, time(), UTC))
    assert lines
    assert {line.status for line in lines} == {"promised"}
    assert all(line.due >= ANCHOR for line in lines)
    old = Order.objects.filter(placed_at__date__lt=ANCHOR - timedelta(days=40))
    assert set(old.values_list("status", flat=True)) <= {"closed", "cancelled"}
    delivered = OrderLine.objects.filter(status="delivered")
    assert not delivered.filter(delivered_at=None).exists()
    assert not OrderLine.objects.filter(promises=None).exists()


def test_a_new_colour_is_quicker_than_a_new_plastic(shop):
    rules = SetupRule.objects.filter(work_center__code="print-a")
    minutes = {(rule.from_family, rule.to_family): rule.minutes for rule in rules}
    assert minutes["pla/white", "pla/sage"] < minutes["", ""]
    assert minutes["pla/white", "white"] == 0
    paint = SetupRule.objects.filter(work_center__code="paint")
    dark_to_light = paint.get(from_family="night", to_family="white").minutes
    assert dark_to_light > paint.get(from_family="white", to_family="night").minutes


def test_materials_are_on_hand(shop):
    assert not Material.objects.filter(moves=None).exists()


def test_easter_and_its_holidays_are_the_known_ones():
    # timeanddate.com, Germany 2026 and 2027
    assert [easter(2026), easter(2027)] == [date(2026, 4, 5), date(2027, 3, 28)]
    assert [day.isoformat() for day in public_holidays(2026)] == [
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-01",
        "2026-05-14",
        "2026-05-25",
        "2026-10-03",
        "2026-12-25",
        "2026-12-26",
    ]


# Pictures


@pytest.mark.parametrize("sku", SKUS)
def test_every_product_has_a_drawing_of_its_own(shop, sku):
    answer = picture(RequestFactory().get("/"), sku)
    assert answer["Content-Type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - drawn by ourselves just now
    assert root.tag.endswith("svg")
    names = {item.picture for item in ITEMS}
    assert len(names) == len(ITEMS)


def test_the_drawing_wears_the_chosen_colour(shop):
    red, grey = (
        picture(RequestFactory().get("/", {"colour": colour}), "PLANT-TERRA").content.decode()
        for colour in ("coral", "graphite")
    )
    assert "#dd6b57" in red
    assert "#484b50" in grey
    assert "#dd6b57" not in grey


def test_the_drawing_takes_no_colour_from_outside(shop):
    answer = picture(RequestFactory().get("/", {"colour": '"/><script>'}), "PLANT-TERRA")
    assert "script" not in answer.content.decode()


def test_engraved_words_are_shown_as_words(shop):
    answer = picture(RequestFactory().get("/", {"engraving": "<b>Alice</b>"}), "GIFT-BOARD")
    assert "&lt;b&gt;Alice" in answer.content.decode()
