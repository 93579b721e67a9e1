"""Every starter set in an empty shop: it can be sold, made and planned as it stands."""

from datetime import UTC, date, datetime
from itertools import product as combinations

import pytest
from django.utils import translation

from config.beginning import writing
from config.beginning.saving import save
from config.beginning.starters import FOLDER, starter, starters, tables
from orders.catalogue import ImpossibleConfiguration, check, sheets, usual
from orders.models import Order, Product, ProductFamily
from production import netting, planning, routings
from production.models import Machine, Material, Operation, Plan, WorkCenter

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
TODAY, DUE = MONDAY.date(), date(2026, 4, 30)
CODES = ["furniture", "gifts", "kits", "orthoses", "printed"]


@pytest.fixture(params=CODES)
def begun(request):
    """An empty shop that began with a set."""
    chosen = starter(request.param)
    assert chosen is not None
    save(tables(chosen, "CHF"), by="staff:alice", at=MONDAY)
    return chosen


def choices(sheet):
    """Every choice of the questions with listed answers that the rules allow, with the usual,
    the least and the greatest measures."""
    measures = [group for group in sheet.groups if group.kind == "number"]
    groups = [group for group in sheet.groups if group.kind in ("select", "multi", "bool")]
    listed = [
        [[], *([code] for code in group.codes), list(group.codes)]
        if group.kind == "multi"
        else ["yes", "no"]
        if group.kind == "bool"
        else list(group.codes) + ([] if group.required else [""])
        for group in groups
    ]
    sizes = [
        {},
        {group.code: str(group.minimum) for group in measures},
        {group.code: str(group.maximum) for group in measures},
    ]
    for asked, answers in combinations(sizes, combinations(*listed)):
        chosen = {group.code: answer for group, answer in zip(groups, answers, strict=True)}
        try:
            yield check(sheet, {**usual(sheet, TODAY), **asked, **chosen})
        except ImpossibleConfiguration:
            continue


def test_the_sets_are_these():
    assert sorted(path.parent.name for path in FOLDER.glob("*/starter.toml")) == CODES


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_set_says_in_one_sentence_what_it_is_for(language):
    with translation.override(language):
        for one in starters():
            assert one.name
            assert len(one.text) > 10
            assert one.text.endswith("." if language == "en" else "。")


def test_a_set_is_a_small_shop_of_its_trade(begun):
    assert 2 <= ProductFamily.objects.count() <= 3
    assert 4 <= Product.objects.count() <= 8
    assert 3 <= WorkCenter.objects.count() <= 6
    assert Machine.objects.count() > WorkCenter.objects.count()
    assert set(Product.objects.values_list("currency", flat=True)) == {"CHF"}


def test_every_name_of_a_set_is_told_in_chinese(begun):
    for rows in (Product, ProductFamily, WorkCenter, Operation, Material):
        untold = [one for one in rows.objects.all() if not one.translations.get("zh-hans")]
        assert untold == [], rows


def test_every_product_of_a_set_is_planned_without_a_refusal(begun):
    for sku in Product.objects.values_list("sku", flat=True):
        order = {"product": sku, "quantity": 2, "due_on": DUE, "customer": "Alice"}
        save(writing.order_tables(order, TODAY), by="staff:alice", at=MONDAY)
    netted = netting.run(MONDAY)
    assert netted.refused == ()
    planned = planning.run(MONDAY)
    assert (planned.refused, planned.plan.violations) == (0, [])
    assert planned.plan.status == Plan.Status.PUBLISHED
    assert Order.objects.count() == Product.objects.count()


def test_every_choice_that_the_rules_allow_can_be_made(begun):
    able: dict[int, set[str]] = {center.pk: set() for center in WorkCenter.objects.all()}
    for machine in Machine.objects.all():
        able[machine.work_center_id] |= {"", *machine.capabilities}
    makings, found = routings.makings(), 0
    for pk, sheet in sheets().items():
        reached: dict[str, set[str]] = {}
        for values in choices(sheet):
            found += 1
            frozen = routings.freeze(makings[pk], values, 1)
            assert len(frozen["operations"]) >= 2
            assert frozen["materials"]
            for step in frozen["operations"]:
                assert step["capability"] in able[step["work_center_id"]], (sheet.sku, step)
            for code, value in values.items():
                reached.setdefault(code, set()).update(
                    value if isinstance(value, list) else [value]
                )
        for group in sheet.groups:
            if group.kind == "select":
                assert reached[group.code] == set(group.codes), (sheet.sku, group.code)
    assert found > 50


def test_no_step_or_part_of_a_set_is_out_of_reach(begun):
    makings = routings.makings()
    for pk, sheet in sheets().items():
        every = list(choices(sheet))
        made = [routings.freeze(makings[pk], values, 1) for values in every]
        steps = {step["sequence"] for frozen in made for step in frozen["operations"]}
        assert steps == {step.sequence for step in makings[pk].operations}, sheet.sku
        parts = {part["material"] for frozen in made for part in frozen["materials"]}
        assert parts == {part.material.code for part in makings[pk].materials}, sheet.sku
