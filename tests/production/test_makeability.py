"""What cannot be made is found before a customer orders it."""

import pytest
from django.utils import translation

from orders.models import ConfigurationRule, OptionGroup
from production.makeability import examine, obstacles
from production.models import BOM, BOMLine, Machine, Material, Operation, Shift
from tests.production.workshop import NOW, center, product

pytestmark = pytest.mark.django_db

WOODS = ("oak", "ash")


def found(of):
    return examine([of.pk], now=NOW)[of.pk]


def codes(of):
    """The codes of what was found; the quick look at a whole shop says the same of what blocks."""
    findings = found(of).findings
    blocking = tuple(finding for finding in findings if finding.blocks)
    assert obstacles([of.pk], now=NOW) == ({of.pk: blocking} if blocking else {})
    return [finding.code for finding in findings]


def test_a_product_whose_every_choice_has_its_steps_and_machines_is_fine():
    saw, paint = center("saw"), center("paint")
    lamp = product("lamp", (saw, {}), (paint, {"condition": {"colour": ["oak"]}}), colours=WOODS)
    assert found(lamp).makeable
    assert codes(lamp) == []
    assert found(lamp).complete


def test_a_product_without_a_routing_is_named():
    assert codes(product("lamp")) == ["no_routing"]


def test_the_choice_that_no_step_applies_to_is_named_in_words():
    lamp = product("lamp", (center(), {"condition": {"colour": ["oak"]}}), colours=WOODS)
    [finding] = found(lamp).findings
    assert finding.text == (
        "No step applies to this choice: Colour: ash. Widen the condition of a step."
    )
    assert not found(lamp).makeable


def test_a_shop_without_products_has_no_obstacles():
    assert obstacles([], now=NOW) == {}


def test_a_choice_without_steps_and_a_step_without_a_machine_are_both_said():
    lamp = product("lamp", (center(), {"condition": {"colour": ["oak"]}}), colours=WOODS)
    assert codes(lamp) == ["no_steps"]
    Machine.objects.all().delete()
    assert codes(lamp) == ["no_steps", "no_machine"]


def test_a_whole_shop_is_looked_at_in_batches(django_assert_num_queries, monkeypatch):
    saw, paint = center("saw"), center("paint")
    when = {"condition": {"colour": ["oak"]}}
    lamps = [product(f"lamp{n}", (saw, {}), (paint, when), colours=WOODS).pk for n in range(4)]
    bare = product("bare").pk
    asked = [*lamps, bare]
    with django_assert_num_queries(5):  # machines and their hours in four; steps
        assert list(obstacles(asked, now=NOW)) == [bare]
    Machine.objects.filter(work_center=paint).delete()
    with django_assert_num_queries(9):  # and the sheets of products that are in doubt
        assert list(obstacles(asked, now=NOW)) == asked
    monkeypatch.setattr("production.makeability.AT_ONCE", 2)
    assert list(obstacles(asked, now=NOW)) == asked


def test_a_step_without_a_machine_blocks():
    saw = center("saw")
    lamp = product("lamp", (saw, {}))
    Machine.objects.update(active=False)
    assert codes(lamp) == ["no_machine"]


def test_a_skill_that_no_machine_of_the_cell_has_blocks():
    lamp = product("lamp", (center(capability="fine"), {"capability": "coarse"}))
    assert codes(lamp) == ["no_skill"]


def test_a_cell_that_never_opens_blocks():
    lamp = product("lamp", (center(), {}))
    Shift.objects.all().delete()
    assert codes(lamp) == ["no_hours"]


def test_a_machine_is_missed_only_where_a_choice_needs_it():
    saw, paint = center("saw"), center("paint")
    lamp = product("lamp", (saw, {}), (paint, {"condition": {"colour": ["gold"]}}), colours=WOODS)
    Machine.objects.filter(work_center=paint).delete()
    assert codes(lamp) == ["unknown_answer"]


def test_a_condition_on_a_question_that_is_gone_is_named():
    lamp = product("lamp", (center(), {}), (center("mill"), {"condition": {"size": ["large"]}}))
    assert codes(lamp) == ["unknown_question"]


def test_a_value_that_the_rules_let_nobody_choose_is_a_hint():
    lamp = product("lamp", (center(), {}), colours=WOODS)
    ConfigurationRule.objects.create(
        product=lamp, kind="excludes", condition={}, consequence={"colour": ["ash"]}, message="No."
    )
    assert codes(lamp) == ["never_chosen"]
    assert found(lamp).makeable


def test_a_material_that_no_choice_uses_is_a_hint():
    lamp = product("lamp", (center(), {}), colours=WOODS)
    OptionGroup.objects.create(
        product=lamp, code="height", name="Height", kind="number", minimum=10, maximum=40
    )
    glue = Material.objects.create(code="glue", name="Glue", unit="kg")
    BOMLine.objects.create(
        bom=BOM.objects.create(product=lamp),
        material=glue,
        quantity=1,
        condition={"colour": ["oak", "ash"], "height": {"min": 50}},
    )
    [finding] = found(lamp).findings
    assert finding.text == (
        "The material “Glue” is never used: nobody can choose Colour: oak / ash; Height: 50 – …."
    )
    assert found(lamp).makeable


def test_every_finding_can_be_said_in_chinese():
    lamp = product("lamp", (center(), {"condition": {"colour": ["oak"]}}), colours=WOODS)
    with translation.override("zh-hans"):
        [finding] = found(lamp).findings
        assert finding.text == "这一选择没有适用的工序：Colour: ash。请放宽某道工序的条件。"


def test_a_thousand_products_take_as_many_queries_as_one(django_assert_num_queries):
    saw = center()
    lamps = [product(f"lamp{number}", (saw, {}), colours=WOODS) for number in range(5)]
    Operation.objects.filter(routing__product=lamps[0]).update(condition={"colour": ["oak"]})
    with django_assert_num_queries(11):
        examine([lamps[0].pk], now=NOW)
    with django_assert_num_queries(11):
        examine([lamp.pk for lamp in lamps], now=NOW)
