import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.rankers.content import Content
from recommendations.rankers.cooccurrence import Cooccurrence, CooccurrenceParams
from recommendations.rankers.interactions import (
    History,
    Interactions,
    InvalidInteractionsError,
    Product,
    preferences,
)
from recommendations.rankers.interface import Reason, ReasonKind
from recommendations.rankers.popularity import Popularity

ITEMS = ("lamp", "shade", "sign", "box")
PLAIN = CooccurrenceParams(shrink=0.0, towards=0.5, damping=0.0)
people = st.sampled_from(["Alice", "Bob", "Cem", "Dana", "Eve"])
events = st.lists(
    st.tuples(people, st.sampled_from(ITEMS), st.sampled_from([0.5, 1.0]), st.integers(0, 60)),
    max_size=25,
)


def log(*rows: tuple[str, str, int]) -> Interactions:
    return Interactions.from_rows([(u, i, 1.0, float(d)) for u, i, d in rows], items=ITEMS)


def had(*items: str) -> History:
    index = np.array([ITEMS.index(i) for i in items], dtype=np.int64)
    return History(index, np.ones(len(items)), np.ones(len(items), dtype=bool))


def of(log_: Interactions, person: str) -> Interactions:
    return log_.where(log_.user == log_.users.index(person))


@pytest.mark.parametrize(
    ("user", "item", "weight", "day"),
    [
        ([0, 0], [0], [1.0], [0.0]),
        ([1], [0], [1.0], [0.0]),
        ([0], [-1], [1.0], [0.0]),
        ([0], [0], [0.0], [0.0]),
        ([0], [0], [np.nan], [0.0]),
        ([0], [0], [1.0], [np.inf]),
    ],
)
def test_interactions_refuse_arrays_that_do_not_fit(user, item, weight, day):
    with pytest.raises(InvalidInteractionsError):
        Interactions(
            ("Alice",), ("lamp",), np.array(user), np.array(item), np.array(weight), np.array(day)
        )


def test_repeats_of_one_person_count_once_in_the_trend():
    robot = [("robot", "box", 30)] * 1000
    model = Popularity.fit(log(("Alice", "lamp", 30), ("Bob", "lamp", 30), *robot), [], 30.0)
    assert model.trend.tolist() == [2.0, 0.0, 0.0, 1.0]


def test_the_trend_names_customers_of_the_last_thirty_days_from_three_on():
    rows = [(u, "lamp", 29) for u in ("Alice", "Bob", "Cem")] + [("Dana", "lamp", -5)]
    model = Popularity.fit(log(*rows, ("Alice", "box", 29), ("Bob", "box", 29)), [], 30.0)
    lamp, box = model.explain(had(), np.array([0, 3]))
    assert lamp == Reason(ReasonKind.TREND, (), 3)
    assert box is None


def test_who_only_looked_is_not_counted_among_those_who_ordered():
    looks = Interactions.from_rows(
        [(f"visitor {n}", "lamp", 0.1, 29.0) for n in range(5)], items=ITEMS
    )
    assert Popularity.fit(looks, [], 30.0).explain(had(), np.array([0])) == [None]


def test_plain_cosine_is_what_hand_arithmetic_gives():
    # nine took the lamp, six of them a shade, three a sign. cos(lamp, shade) = 6/√(9·6).
    rows = [(f"Carol {n}", "lamp", 0) for n in range(9)]
    rows += [(f"Carol {n}", "shade" if n < 6 else "sign", 0) for n in range(9)]
    model = Cooccurrence.fit(log(*rows), [], 0.0, PLAIN)
    scores = model.score(had("lamp").row(4))[0]
    assert scores == pytest.approx([0.0, 6 / 54**0.5, 3 / 27**0.5, 0.0])


def test_what_two_customers_took_together_suggests_nothing():
    pair = [(u, i, 0) for u in ("Alice", "Bob") for i in ("lamp", "shade")]
    assert not Cooccurrence.fit(log(*pair), [], 0.0).score(had("lamp").row(4)).any()
    third = [("Cem", "lamp", 0), ("Cem", "shade", 0)]
    assert Cooccurrence.fit(log(*pair, *third), [], 0.0).score(had("lamp").row(4))[0, 1] > 0


def test_old_pairs_fade_against_new_ones():
    rows = [(f"Alice {n}", item, 0) for n in range(3) for item in ("lamp", "shade")]
    rows += [(f"Bob {n}", item, 360) for n in range(3) for item in ("lamp", "sign")]
    scores = Cooccurrence.fit(log(*rows), [], 360.0).score(had("lamp").row(4))[0]
    assert scores[2] > scores[1] > 0


def test_a_pair_of_two_customers_is_never_named():
    pair = [(u, i, 0) for u in ("Alice", "Bob") for i in ("lamp", "shade")]
    two = Cooccurrence.fit(log(*pair), [], 0.0)
    assert two.explain(had("lamp"), np.array([1])) == [None]
    three = Cooccurrence.fit(log(*pair, ("Cem", "lamp", 0), ("Cem", "shade", 0)), [], 0.0)
    reason = three.explain(had("lamp"), np.array([1]))[0]
    assert reason == Reason(ReasonKind.ORDERED, (0,), 3)


@given(events, events)
def test_folding_in_equals_a_retrain(first, second):
    old = Interactions.from_rows(first, items=ITEMS)
    new = Interactions.from_rows(second, items=ITEMS)
    whole = old.joined(new)
    for ranker in (Cooccurrence, Popularity):
        updated = ranker.fit(old, [], 60.0).update(new, old)
        retrained = ranker.fit(whole, [], 60.0)
        rows = preferences(whole, 60.0, 60.0)
        np.testing.assert_allclose(updated.score(rows), retrained.score(rows), atol=1e-9)


@given(events)
def test_forgetting_a_person_equals_a_model_that_never_saw_them(rows):
    whole = Interactions.from_rows([("Alice", "lamp", 1.0, 3), *rows], items=ITEMS)
    others = whole.where(whole.user != whole.users.index("Alice"))
    forgotten = Cooccurrence.fit(whole, [], 60.0).forget(of(whole, "Alice"))
    never = Cooccurrence.fit(others, [], 60.0)
    taste = preferences(whole, 60.0, 60.0)
    np.testing.assert_allclose(forgotten.score(taste), never.score(taste), atol=1e-5)
    assert (forgotten.customers.toarray() == never.customers.toarray()).all()


def test_only_the_strongest_neighbours_are_kept():
    rows = [(u, i, 0) for u in ("Alice", "Bob", "Cem") for i in ("lamp", "shade")]
    rows += [("Alice", "sign", 0), ("Bob", "sign", 0), ("Alice", "box", 0)]
    model = Cooccurrence.fit(log(*rows), [], 0.0, CooccurrenceParams(neighbours=1, damping=0.0))
    assert np.diff(model.together.indptr).max() == 1
    assert np.flatnonzero(model.score(had("lamp").row(4))[0]).tolist() == [1]


def test_content_finds_shared_words_options_and_price():
    products = [
        Product("lamp", "Oak desk lamp", (("colour", "red"),), 50.0),
        Product("shade", "Linen shade", (("colour", "red"),), 49.0),
        Product("sign", "Oak door sign", (), 60.0),
        Product("box", "Tin", (), 48.0),
    ]
    model = Content.fit(log(), products, 0.0)
    scores = model.score(had("lamp").row(4))[0]
    assert scores[0] == pytest.approx(1.0)
    assert min(scores[1], scores[2]) > scores[3] > 0  # the box shares nothing but its price
    reasons = model.explain(had("lamp"), np.array([1, 3]))
    assert reasons[0] == Reason(ReasonKind.SIMILAR, (0,))
    assert reasons[1] is None


def test_a_word_in_common_makes_two_things_not_alike():
    products = [
        Product("lamp", "Oak lamp with soft light"),
        Product("shade", "Soft light shade, oak"),
        Product("box", "Tin box with lid, keeps spices dry"),
    ]
    shade, box = Content.fit(log(), products, 0.0).explain(had("lamp"), np.array([1, 3]))
    assert shade == Reason(ReasonKind.SIMILAR, (0,))
    assert box is None


def test_chinese_names_share_pairs_of_characters():
    products = [Product("lamp", "橡木台灯"), Product("sign", "橡木门牌"), Product("box", "铁盒")]
    scores = Content.fit(log(), products, 0.0).score(had("lamp").row(4))[0]
    assert scores[2] > 0 == scores[3]
