"""One choice stands for all that a routing cannot tell apart, and none is left out."""

from decimal import Decimal
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from orders.configuration import (
    Group,
    ImpossibleConfiguration,
    ProductSheet,
    Rule,
    Value,
    check,
    explore,
    matches,
)


def sheet(*groups, rules=()):
    return ProductSheet(
        1, "shelf", "Shelf", 1, "shelves", "Shelves", Decimal(50), groups=groups, rules=rules
    )


def select(code, *values, **more):
    return Group(code, code, "select", values=tuple(Value(v, v) for v in values), **more)


WOOD = select("wood", "oak", "ash", "walnut", "beech")
WIDTH = Group(
    "width", "width", "number", minimum=Decimal(20), maximum=Decimal(120), step=Decimal(5)
)
TEXT = Group("text", "text", "text", required=False)


def answers(found, *conditions):
    return sorted(tuple(matches(one, choice) for one in conditions) for choice in found.choices)


def test_a_product_without_questions_has_one_choice():
    assert explore(sheet(), []).choices == ({},)


def test_values_that_no_condition_names_stand_for_each_other():
    found = explore(sheet(WOOD), [{"wood": ["oak", "ash"]}])
    assert len(found.choices) == 2
    assert answers(found, {"wood": ["oak", "ash"]}) == [(False,), (True,)]


def test_a_limit_that_falls_between_two_steps_is_tried_on_both_sides():
    # 20, 25, … 120: above 42 begins at 45, up to 42 ends at 40.
    found = explore(sheet(WIDTH), [{"width": {"min": 42}}])
    assert {choice["width"] for choice in found.choices} <= {"20", "40", "45", "120"}
    assert answers(found, {"width": {"min": 42}}) == [(False,), (True,)]


def test_what_no_width_can_be_is_never_answered():
    assert answers(explore(sheet(WIDTH), [{"width": {"min": 121}}]), {"width": {"min": 121}}) == [
        (False,)
    ]


def test_an_open_question_is_a_choice_too():
    found = explore(sheet(TEXT), [{"text": {"set": True}}])
    assert answers(found, {"text": {"set": True}}) == [(False,), (True,)]


def test_what_a_rule_forbids_is_not_explored():
    wide_oak = Rule("excludes", {"wood": ["oak"]}, {"width": {"min": 100}})
    found = explore(
        sheet(WOOD, WIDTH, rules=(wide_oak,)), [{"wood": "oak"}, {"width": {"min": 100}}]
    )
    assert answers(found, {"wood": "oak"}, {"width": {"min": 100}}) == [
        (False, False),
        (False, True),
        (True, False),
    ]


def test_what_a_rule_sets_is_what_conditions_meet():
    painted = Rule("derives", {"wood": ["beech"]}, {"finish": "paint"})
    finish = select("finish", "oil", "paint")
    found = explore(sheet(WOOD, finish, rules=(painted,)), [{"wood": "beech", "finish": "oil"}])
    assert answers(found, {"wood": "beech", "finish": "oil"}) == [(False,), (False,), (False,)]


def test_any_of_several_extras_is_tried_together_and_alone():
    extras = Group("extras", "x", "multi", required=False, values=tuple(Value(v, v) for v in "abc"))
    found = explore(sheet(extras), [{"extras": "a"}, {"extras": "b"}])
    assert answers(found, {"extras": "a"}, {"extras": "b"}) == list(
        product((False, True), repeat=2)
    )
    assert found.complete


def test_it_says_when_there_were_too_many_to_try():
    many = [select(f"g{n}", "a", "b") for n in range(20)]
    found = explore(sheet(*many), [{group.code: "a"} for group in many], most=500)
    assert found.choices
    assert not found.complete


codes = st.sampled_from(["a", "b", "c"])
entries = st.lists(codes, min_size=1, max_size=2)
conditions = st.dictionaries(st.sampled_from(["one", "two"]), entries, max_size=2)
consequences = st.dictionaries(st.sampled_from(["one", "two"]), entries, min_size=1, max_size=2)
rules = st.lists(
    st.builds(Rule, st.sampled_from(["requires", "excludes", "derives"]), conditions, consequences),
    max_size=3,
)


@given(asked=st.lists(conditions, min_size=1, max_size=3), rules=rules)
def test_it_finds_exactly_what_trying_every_choice_finds(asked, rules):
    shelf = sheet(select("one", *"abc"), select("two", *"abc", required=False), rules=tuple(rules))
    tried = set()
    for one, two in product("abc", ["", *"abc"]):
        try:
            values = check(shelf, {"one": one, "two": two})
        except ImpossibleConfiguration:
            continue
        tried.add(tuple(matches(condition, values) for condition in asked))
    assert set(answers(explore(shelf, asked), *asked)) == tried
