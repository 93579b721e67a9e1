from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.catalogue import sheet, sheets
from orders.configuration import (
    Group,
    ImpossibleConfiguration,
    ProductSheet,
    Rule,
    Value,
    check,
    describe,
    digest,
    feasible,
    matches,
    price,
    store,
    store_each,
)
from orders.models import Configuration, OptionValue
from tests.factories import NOW, OAK, lamp, product


def choice(code, *values, **fields):
    return Group(code, code.title(), "select", values=tuple(Value(v, v) for v in values), **fields)


def goods(*groups, rules=()):
    return ProductSheet(
        1, "X", "Thing", 1, "f", "F", Decimal(10), groups=groups, rules=tuple(rules)
    )


def refusal(of, raw):
    with pytest.raises(ImpossibleConfiguration) as refused:
        check(of, raw)
    return refused.value.errors


@pytest.mark.parametrize(
    ("condition", "values", "answer"),
    [
        ({}, {}, True),
        ({"material": ["oak"]}, {"material": "oak"}, True),
        ({"material": "oak"}, {"material": "oak"}, True),
        ({"material": ["oak"]}, {"material": "steel"}, False),
        ({"material": ["oak"]}, {}, False),
        ({"material": ["oak"], "gift": True}, {"material": "oak", "gift": "no"}, False),
        ({"gift": True}, {"gift": "yes"}, True),
        ({"extras": ["plug", "dimmer"]}, {"extras": ["dimmer"]}, True),
        ({"extras": ["plug"]}, {"extras": []}, False),
        ({"height": {"min": 10, "max": 40}}, {"height": "40"}, True),
        ({"height": {"min": 10, "max": 40}}, {"height": "40.5"}, False),
        ({"height": {"min": 9}}, {"height": "10"}, True),  # as numbers, not as texts
        ({"height": {"max": 40}}, {}, False),
        ({"height": [40]}, {"height": "40"}, True),
        ({"height": {"max": 40}}, {"height": "tall"}, False),
        ({"day": {"min": "2026-03-01"}}, {"day": "2026-04-01"}, True),
        ({"engraving": {"set": True}}, {"engraving": "Bob"}, True),
        ({"engraving": {"set": True}}, {}, False),
        ({"engraving": {"set": False}}, {}, True),
    ],
)
def test_a_condition_matches_when_every_entry_holds(condition, values, answer):
    assert matches(condition, values) is answer


@pytest.mark.django_db
class TestLamp:
    @pytest.fixture
    def lamp(self):
        return sheet(lamp().pk)

    def test_a_good_choice_comes_back_in_one_spelling(self, lamp):
        raw = {
            "material": "oak",
            "finish": ["oiled"],
            "extras": ["plug", "dimmer", "plug"],
            "height": "42,50",
            "engraving": "  For   Bob ",
            "gift": "on",
        }
        assert check(lamp, raw) == {
            "material": "oak",
            "finish": "oiled",
            "extras": ["dimmer", "plug"],
            "height": "42.5",
            "engraving": "For Bob",
            "gift": "yes",
        }

    def test_unanswered_questions_are_absent_or_asked_for(self, lamp):
        assert check(lamp, {**OAK, "engraving": " "}) == OAK
        assert set(refusal(lamp, {"material": "oak"})) == {"finish", "height"}

    @pytest.mark.parametrize(
        "height", ["19", "62.5", "41", "NaN", "Infinity", "1e99", "tall", "--"]
    )
    def test_a_number_outside_limits_and_steps_is_refused(self, lamp, height):
        assert set(refusal(lamp, {**OAK, "height": height})) == {"height"}

    @pytest.mark.parametrize("height", ["20", "60", "22.5"])
    def test_limits_and_steps_themselves_are_fine(self, lamp, height):
        assert check(lamp, {**OAK, "height": height})["height"] == height

    def test_an_engraving_has_a_greatest_length_and_no_strange_signs(self, lamp):
        assert check(lamp, {**OAK, "engraving": "Alice & Bob!"})  # twelve
        assert set(refusal(lamp, {**OAK, "engraving": "Alice and Bob"})) == {"engraving"}
        assert set(refusal(lamp, {**OAK, "engraving": "A\x00B"})) == {"engraving"}

    def test_unknown_questions_and_values_are_refused(self, lamp):
        assert set(refusal(lamp, {**OAK, "price": "1.00"})) == {"price"}
        assert set(refusal(lamp, {**OAK, "material": "gold"})) == {"material"}
        assert set(refusal(lamp, {**OAK, "material": ["oak", "steel"]})) == {"material"}
        assert set(refusal(lamp, {**OAK, "extras": ["dimmer", "jet"]})) == {"extras"}

    def test_a_withdrawn_value_is_refused_by_name(self, lamp):
        OptionValue.objects.filter(code="oak").update(active=False)
        [message] = refusal(sheet(lamp.product_id), OAK)["material"]
        assert "Oak" in message

    def test_wood_requires_a_finish(self, lamp):
        assert refusal(lamp, {**OAK, "finish": "none"}) == {"finish": ["Wood needs a finish."]}

    def test_steel_excludes_an_engraving(self, lamp):
        steel = {"material": "steel", "finish": "none", "height": "40"}
        assert check(lamp, steel) == steel
        assert set(refusal(lamp, {**steel, "engraving": "Bob"})) == {"engraving"}

    def test_a_tall_lamp_gets_its_plug(self, lamp):
        assert check(lamp, {**OAK, "height": "50"})["extras"] == ["plug"]

    def test_the_price_adds_up(self, lamp):
        # 100 base + 35.50 walnut + 12 painted + 15 dimmer + 4.25 plug + 30 cm above 20 at 0.50
        # + 9.90 engraving + 3 gift = 194.65
        values = check(
            lamp,
            {
                "material": "walnut",
                "finish": "painted",
                "extras": ["dimmer"],
                "height": "50",
                "engraving": "Bob",
                "gift": "yes",
            },
        )
        answer = price(lamp, values)
        assert answer.unit == Decimal("194.65")
        assert sum(amount for _, amount in answer.parts) == answer.unit
        assert ("Material: Walnut", Decimal("35.50")) in answer.parts

    def test_no_gift_costs_nothing(self, lamp):
        assert price(lamp, {**OAK, "gift": "no"}).unit == price(lamp, OAK).unit == Decimal("135.00")

    def test_it_can_be_put_into_words(self, lamp):
        assert describe(lamp, OAK) == [
            ("Material", "Oak"),
            ("Finish", "Oiled"),
            ("Height", "40 cm"),
        ]

    def test_feasible_values_depend_on_the_other_answers(self, lamp):
        assert feasible(lamp, {"material": "oak"})["finish"] == ["oiled", "painted"]
        assert feasible(lamp, {"material": "steel"})["finish"] == ["oiled", "painted", "none"]
        assert feasible(lamp, {"finish": "none"})["material"] == ["steel"]
        assert feasible(lamp, {"engraving": "Bob"})["material"] == ["oak", "walnut"]
        assert feasible(lamp, {"engraving": "Bob", "finish": "none"})["material"] == []

    def test_the_same_choice_is_stored_once(self, lamp):
        first = store(lamp.product_id, {"a": "1", "b": ["x"]}, NOW)
        assert store(lamp.product_id, {"b": ["x"], "a": "1"}, NOW) == first
        assert Configuration.objects.count() == 1
        assert digest({"a": "1"}) != digest({"a": "2"})

    def test_one_choice_of_each_product_is_stored_like_every_other(
        self, lamp, django_assert_num_queries
    ):
        shade = product("shade")
        oak = store(lamp.product_id, {"material": "oak"}, NOW)
        chosen = {lamp.product_id: {"material": "oak"}, shade.pk: {}}
        stored = store_each(chosen, NOW)
        assert stored == {lamp.product_id: oak.pk, shade.pk: store(shade.pk, {}, NOW).pk}
        with django_assert_num_queries(1):
            assert store_each(chosen, NOW) == stored

    def test_sheets_take_the_same_queries_for_many_products(
        self, lamp, django_assert_max_num_queries
    ):
        for number in range(5):
            product(f"P{number}")
        with django_assert_max_num_queries(4):
            assert len(sheets()) == 6


def test_feasible_looks_ahead_over_open_questions():
    # a needs b=x, c=y forbids b=x: with c=y, a=1 could never be finished
    of = goods(
        choice("a", "1", "2"),
        choice("b", "x", "y"),
        choice("c", "x", "y"),
        rules=[
            Rule("requires", {"a": ["1"]}, {"b": ["x"]}),
            Rule("excludes", {"c": ["y"]}, {"b": ["x"]}),
        ],
    )
    assert feasible(of, {"c": "y"})["a"] == ["2"]
    assert feasible(of, {"c": "x"})["a"] == ["1", "2"]


def test_a_derived_value_leaves_no_other_choice():
    of = goods(
        choice("a", "1", "2"),
        choice("b", "x", "y"),
        rules=[Rule("derives", {"a": ["1"]}, {"b": ["y"]})],
    )
    assert feasible(of, {"a": "1"})["b"] == ["y"]
    assert check(of, {"a": "1", "b": "x"}) == {"a": "1", "b": "y"}


def test_rules_that_derive_in_a_circle_come_to_an_end():
    of = goods(
        choice("a", "1", "2"),
        rules=[
            Rule("derives", {"a": ["1"]}, {"a": ["2"]}),
            Rule("derives", {"a": ["2"]}, {"a": ["1"]}),
        ],
    )
    assert check(of, {"a": "1"})["a"] in {"1", "2"}


def test_a_price_never_falls_below_zero():
    cheap = Group("a", "A", "select", values=(Value("1", "1", Decimal(-25)),))
    answer = price(goods(cheap), {"a": "1"})
    assert answer.unit == 0
    assert sum(amount for _, amount in answer.parts) == 0


codes = st.sampled_from(["1", "2", "3"])
names = st.sampled_from(["a", "b", "c"])
entries = st.dictionaries(names, st.lists(codes, min_size=1, max_size=2), min_size=1, max_size=2)
rules = st.lists(
    st.builds(Rule, st.sampled_from(["requires", "excludes"]), entries, entries), max_size=4
)


@given(rules, st.dictionaries(names, codes, max_size=2))
def test_a_feasible_value_is_one_that_some_whole_choice_contains(made, known):
    of = replace(goods(*(choice(code, "1", "2", "3") for code in "abc")), rules=tuple(made))
    whole = []
    for a in "123":
        for b in "123":
            for c in "123":
                try:
                    whole.append(check(of, {"a": a, "b": b, "c": c}))
                except ImpossibleConfiguration:
                    continue
    for code, possible in feasible(of, known).items():
        others = {name: value for name, value in known.items() if name != code}
        fitting = {
            values[code] for values in whole if all(values[k] == v for k, v in others.items())
        }
        assert fitting <= set(possible)  # never hides what can be ordered
        if fitting:
            assert set(possible) == fitting
