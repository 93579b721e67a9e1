import json
from datetime import date, timedelta
from itertools import product as every

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.methods.options import (
    CorruptOptionModel,
    InfeasibleValue,
    NoFeasibleValue,
    OptionModel,
    Sale,
    frequencies_last_quarter,
)

START = date(2024, 1, 1)
WOODS, SIZES = ["oak", "ash", "elm"], ["small", "large"]
FEASIBLE = {"wood": WOODS, "size": SIZES}


def sale(product: str = "table", day: int = 0, family: str = "tables", **choices: str) -> Sale:
    return Sale(product, family, choices, START + timedelta(days=day))


SALES = st.lists(
    st.builds(
        lambda product, day, wood, size: sale(product, day, wood=wood, size=size),
        st.sampled_from(["table", "desk"]),
        st.integers(0, 900),
        st.sampled_from(WOODS),
        st.sampled_from(SIZES),
    ),
    max_size=12,
)


def test_without_a_sale_all_feasible_values_are_equal():
    assert OptionModel().probabilities("table", "wood", ["oak", "ash"]) == {"oak": 0.5, "ash": 0.5}


def test_pooling_matches_hand_arithmetic():
    # One sale, prior 1: shop (1+.5)/2 = .75, family (1+.75)/2 = .875, product .9375.
    model = OptionModel.fit([sale(wood="oak")], prior=1.0)
    assert model.probabilities("table", "wood", ["oak", "ash"])["oak"] == pytest.approx(0.9375)


def test_a_new_product_borrows_from_its_family():
    model = OptionModel.fit([sale(wood="oak")] * 30 + [sale("vase", family="vases", wood="ash")])
    borrowed = model.probabilities("bench", "wood", WOODS, family="tables")
    assert borrowed["oak"] > 0.8
    assert borrowed["oak"] > model.probabilities("bench", "wood", WOODS, family="vases")["oak"]


def test_a_sale_one_half_life_old_counts_half():
    model = OptionModel.fit(
        [sale(day=0, wood="oak"), sale(day=50, wood="ash")], half_life_days=50, prior=1e-9
    )
    assert model.probabilities("table", "wood", WOODS)["oak"] == pytest.approx(1 / 3, rel=1e-6)


def test_only_feasible_values_get_a_share():
    model = OptionModel.fit([sale(wood="oak")] * 50 + [sale(wood="ash")])
    shares = model.probabilities("table", "wood", ["ash", "elm"])
    assert set(shares) == {"ash", "elm"}
    assert shares["ash"] > shares["elm"]


def test_values_that_go_together_are_foreseen_together():
    together = [sale(wood="oak", size="large")] * 20 + [sale(wood="ash", size="small")] * 20
    model = OptionModel.fit(together)
    alone = model.probabilities("table", "wood", ["oak", "ash"])
    with_size = model.probabilities("table", "wood", ["oak", "ash"], given={"size": "large"})
    assert alone["oak"] == pytest.approx(0.5)
    # Pair counts 20 of 20 and 0 of 20, pooled over product and family: far apart.
    assert with_size["oak"] > 0.95


def test_given_values_that_go_with_everything_change_little():
    sales = [sale(wood=wood, size=size) for wood, size in every(WOODS, SIZES)] * 10
    model = OptionModel.fit(sales)
    alone = model.probabilities("table", "wood", WOODS)
    assert model.probabilities("table", "wood", WOODS, {"size": "large"}) == pytest.approx(alone)


@settings(max_examples=60, deadline=None)
@given(
    SALES,
    st.lists(st.sampled_from([*WOODS, "never sold"]), min_size=1, unique=True),
    st.sampled_from([{}, {"size": "large"}, {"size": "unheard of"}, {"legs": "four"}]),
)
def test_probabilities_are_positive_and_sum_to_one(sales, feasible, given_values):
    shares = OptionModel.fit(sales).probabilities("table", "wood", feasible, given_values)
    assert sum(shares.values()) == pytest.approx(1)
    assert all(share > 0 for share in shares.values())
    assert set(shares) == set(feasible)


@settings(max_examples=40, deadline=None)
@given(SALES)
def test_learning_one_by_one_in_any_order_gives_the_same_model(sales):
    forward, back = OptionModel.fit(sales), OptionModel.fit(sales[::-1])
    for group, values in FEASIBLE.items():
        assert forward.probabilities("table", group, values) == pytest.approx(
            back.probabilities("table", group, values)
        )


@settings(max_examples=40, deadline=None)
@given(SALES)
def test_bits_of_all_configurations_are_a_distribution(sales):
    model = OptionModel.fit(sales)
    chances = [
        2 ** -model.bits("table", {"wood": wood, "size": size}, FEASIBLE)
        for wood, size in every(WOODS, SIZES)
    ]
    assert sum(chances) == pytest.approx(1)


def test_one_of_four_equal_values_costs_two_bits_and_the_only_one_none():
    feasible = {"colour": ["red", "blue", "green", "white"], "wood": ["oak"]}
    chosen = {"colour": "blue", "wood": "oak"}
    assert OptionModel().bits("table", chosen, feasible) == pytest.approx(2)


def test_twenty_years_do_not_break_the_numbers():
    model = OptionModel.fit([sale(day=0, wood="oak")], half_life_days=1.0)
    for day in (300, 600, 7000):
        model.learn(sale(day=day, wood="ash"))
    shares = model.probabilities("table", "wood", ["oak", "ash"])
    assert shares["ash"] > shares["oak"] > 0
    assert sum(shares.values()) == pytest.approx(1)


def test_learning_costs_the_same_after_many_sales():
    model = OptionModel.fit([sale(day=day % 90, wood="oak", size="large") for day in range(500)])
    size = (len(model.counts), len(model.pairs))
    model.learn(sale(wood="oak", size="large"))
    assert (len(model.counts), len(model.pairs)) == size


def test_it_explains_itself_by_counts():
    model = OptionModel.fit([sale(wood="oak")] * 3 + [sale("desk", wood="ash")])
    first, *_rest = model.explain("table", "wood", WOODS)
    assert first.value == "oak"
    assert (first.product, first.product_total) == (3, 3)
    assert (first.family, first.family_total) == (3, 4)


def test_a_stored_model_goes_on_as_before():
    model = OptionModel.fit([sale(day=5, wood="oak", size="large"), sale(day=9, wood="ash")])
    again = OptionModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    again.learn(sale(day=10, wood="elm"))
    assert again.probabilities("table", "wood", WOODS)["elm"] > 1 / 3


@pytest.mark.parametrize(
    "change", [{"counts": [["a"]]}, {"families": None}, {"prior": -1}, {"anchor": "soon"}]
)
def test_a_corrupt_model_is_refused(change):
    whole = OptionModel.fit([sale(wood="oak")]).to_dict()
    with pytest.raises(CorruptOptionModel):
        OptionModel.from_dict({**whole, **change})


def test_what_cannot_be_chosen_is_named():
    with pytest.raises(NoFeasibleValue):
        OptionModel().probabilities("table", "wood", [])
    with pytest.raises(InfeasibleValue, match="walnut"):
        OptionModel().bits("table", {"wood": "walnut"}, FEASIBLE)
    with pytest.raises(InfeasibleValue):
        frequencies_last_quarter([], START).bits("table", {"wood": "walnut"}, FEASIBLE)


def test_last_quarter_counts_the_last_91_days_only():
    today = START + timedelta(days=200)
    sales = [sale(day=108, wood="elm"), sale(day=109, wood="oak"), sale(day=200, wood="ash")]
    shares = frequencies_last_quarter(sales, today).probabilities("table", "wood", WOODS)
    assert shares == pytest.approx({"oak": 2 / 4, "ash": 1 / 4, "elm": 1 / 4})


def test_where_options_go_together_the_model_needs_fewer_bits_than_frequencies():
    sales = [
        sale(day=day, wood=wood, size=size)
        for day in range(60)
        for wood, size in (("oak", "large"), ("ash", "small"))
    ]
    model = OptionModel.fit(sales)
    plain = frequencies_last_quarter(sales, START + timedelta(days=60))
    chosen = {"wood": "oak", "size": "large"}
    assert model.bits("table", chosen, FEASIBLE) < 0.6 * plain.bits("table", chosen, FEASIBLE)
