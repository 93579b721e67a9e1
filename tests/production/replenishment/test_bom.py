from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from production.replenishment.bom import (
    BomCycleError,
    BomLine,
    InvalidBomError,
    Need,
    Quantity,
    check_cycles,
    condition_from,
    explode,
)

LAMP = {
    "lamp": [
        BomLine("shade", 1, condition=condition_from({"shade": ["paper", "linen"]})),
        BomLine("arm", 2),
        BomLine("dimmer", 1, condition=condition_from({"dimmable": [True]})),
    ],
    "arm": [BomLine("screw", 4, substitutes=("long screw",)), BomLine("tube", Decimal("0.30"))],
}


def totals(needs: list[Need]) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for need in needs:
        found[need.item] = found.get(need.item, 0) + need.quantity
    return found


def test_parts_multiply_through_the_levels():
    needs = explode(LAMP, "lamp", 5, {"shade": "paper", "dimmable": True})
    assert totals(needs) == {
        "shade": 5,
        "arm": 10,
        "screw": 40,
        "tube": Decimal("3.00"),
        "dimmer": 5,
    }
    assert [(n.item, n.level, n.parent) for n in needs if n.item == "screw"] == [
        ("screw", 2, "arm")
    ]


def test_lines_whose_condition_fails_stay_out():
    needs = totals(explode(LAMP, "lamp", 1, {"shade": "glass", "dimmable": False}))
    assert "shade" not in needs
    assert "dimmer" not in needs


def test_an_option_not_chosen_matches_nothing():
    assert "shade" not in totals(explode(LAMP, "lamp", 1, {}))


def test_substitutes_travel_along_as_data():
    screw = next(n for n in explode(LAMP, "lamp", 1, {}) if n.item == "screw")
    assert screw.substitutes == ("long screw",)


def test_scrap_raises_what_is_needed():
    # A fifth is lost, so 8 good ones take 8 / 0.8 = 10.
    bom = {"box": [BomLine("board", 2, scrap=Decimal("0.2"))]}
    assert explode(bom, "box", 4, {})[0].quantity == 10


def test_whole_numbers_stay_whole_without_scrap():
    assert all(isinstance(n.quantity, int) for n in explode({"a": [BomLine("b", 3)]}, "a", 7, {}))


@pytest.mark.parametrize(
    ("rule", "choice", "holds"),
    [
        ({"min": 10, "max": 20}, 10, True),
        ({"min": 10, "max": 20}, 20, True),
        ({"min": 10, "max": 20}, Decimal("20.01"), False),
        ({"min": 10}, "12.5", True),
        ({"max": 20}, "wide", False),
        ({"max": 20}, True, False),
        (["red", "blue"], "blue", True),
        (["red", "blue"], "green", False),
        (["red"], ["green", "red"], True),
        ([3], 3, True),
        ([True], True, True),
        ([True], False, False),
        ([], "red", False),
    ],
)
def test_a_rule_matches_what_it_says(rule, choice, holds):
    assert condition_from({"option": rule}).holds({"option": choice}) is holds


def test_every_rule_of_a_condition_must_hold():
    both = condition_from({"colour": ["red"], "width": {"min": 10}})
    assert both.holds({"colour": "red", "width": 10})
    assert not both.holds({"colour": "red", "width": 9})


@pytest.mark.parametrize(
    "data",
    [
        {"width": "10"},
        {"width": {}},
        {"width": {"over": 3}},
        {"width": {"min": "wide"}},
        {"width": {"min": 5, "max": 4}},
    ],
)
def test_a_condition_of_another_shape_is_refused(data):
    with pytest.raises(InvalidBomError, match="width"):
        condition_from(data)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, Decimal("NaN")])
def test_a_line_needs_an_exact_quantity_above_zero(quantity):
    with pytest.raises(InvalidBomError):
        BomLine("screw", quantity)


@pytest.mark.parametrize("scrap", [Decimal(1), Decimal("-0.1"), 0.1])
def test_a_line_cannot_lose_everything(scrap):
    with pytest.raises(InvalidBomError):
        BomLine("screw", 1, scrap=scrap)


def test_a_circle_is_named():
    bom = {"a": [BomLine("b")], "b": [BomLine("c")], "c": [BomLine("b")]}
    with pytest.raises(BomCycleError) as circle:
        explode(bom, "a", 1, {})
    assert circle.value.path == ("b", "c", "b")


def test_a_circle_behind_a_condition_shows_when_the_bill_is_checked():
    bom = {"a": [BomLine("b")], "b": [BomLine("a", condition=condition_from({"x": ["y"]}))]}
    assert [n.item for n in explode(bom, "a", 1, {})] == ["b"]
    with pytest.raises(BomCycleError):
        check_cycles(bom)


def test_a_part_under_two_parents_is_no_circle():
    bom = {"a": [BomLine("b"), BomLine("c")], "b": [BomLine("d", 2)], "c": [BomLine("d", 3)]}
    check_cycles(bom)
    assert totals(explode(bom, "a", 1, {}))["d"] == 5


@given(st.integers(0, 1000), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_a_chain_of_parts_needs_the_product_of_its_quantities(quantity, chain):
    bom = {str(i): [BomLine(str(i + 1), q)] for i, q in enumerate(chain)}
    expected = quantity
    for q in chain:
        expected *= q
    assert explode(bom, "0", quantity, {})[-1].quantity == expected
