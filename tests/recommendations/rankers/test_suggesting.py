import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.rankers import (
    Blend,
    CorruptModelError,
    Event,
    Interactions,
    Listing,
    Product,
    ReasonKind,
    Steering,
    Suggestion,
    suggest,
)

PRODUCTS = [
    Product("lamp", "Oak lamp", (), 50.0),
    Product("shade", "Linen shade", (), 20.0),
    Product("sign", "Oak sign", (), 40.0),
    Product("frame", "Tin frame", (), 30.0),
    Product("box", "Paper box", (), 5.0),
]


@pytest.fixture(scope="module")
def model():
    """Five buy lamp and shade, four sign and frame; nobody the box."""
    rows = [(f"L{i}", item, 1.0, 90.0) for i in range(5) for item in ("lamp", "shade")]
    rows += [(f"S{i}", item, 1.0, 90.0) for i in range(4) for item in ("sign", "frame")]
    return Blend.fit(Interactions.from_rows(rows), PRODUCTS, as_of=90.0)


def names(lines: list[Suggestion]) -> list[str]:
    return [line.item for line in lines]


def test_a_co_purchase_comes_first_with_its_reason(model):
    line = suggest(model, [Event("lamp", day=91)])[0]
    assert (line.item, line.kind, line.because, line.count) == (
        "shade",
        ReasonKind.ORDERED,
        ("lamp",),
        5,
    )


def test_something_only_viewed_is_called_so(model):
    line = suggest(model, [Event("lamp", 0.2, 91, ordered=False)], exclude=["lamp"])[0]
    assert line.kind is ReasonKind.VIEWED


def test_somebody_unknown_gets_the_trend(model):
    lines = suggest(model, [])
    assert names(lines)[:2] == ["lamp", "shade"]
    assert (lines[0].kind, lines[0].count) == (ReasonKind.TREND, 5)
    assert lines[-1].kind is ReasonKind.CATALOGUE


def test_the_next_view_changes_the_next_list(model):
    before = suggest(model, [Event("lamp", day=91)], exclude=["shade"])
    viewed = Event("sign", 0.5, 92, ordered=False)
    after = suggest(model, [Event("lamp", day=91), viewed], exclude=["shade"])
    assert names(after) != names(before) or [x.score for x in after] != [x.score for x in before]
    assert any(x.because == ("sign",) for x in after)


def test_orders_folded_in_change_everybodys_next_list(model):
    rows = [(f"N{i}", item, 1.0, 91.0) for i in range(6) for item in ("lamp", "box")]
    after = model.update(Interactions.from_rows(rows))
    line = suggest(after, [Event("lamp", day=91)])[0]
    assert (line.item, line.because, line.count) == ("box", ("lamp",), 6)
    assert suggest(model, [Event("lamp", day=91)])[0].item == "shade"


def test_an_update_may_bring_a_new_item(model):
    rows = [(f"N{i}", item, 1.0, 91.0) for i in range(9) for item in ("lamp", "clock")]
    after = model.update(Interactions.from_rows(rows))
    assert suggest(after, [Event("lamp")])[0].item == "clock"


def test_new_leaves_out_what_was_ordered_and_again_holds_nothing_else(model):
    history = [Event("lamp", day=1), Event("sign", day=2)]
    assert not {"lamp", "sign"} & set(names(suggest(model, history)))
    again = suggest(model, history, listing=Listing.AGAIN)
    assert set(names(again)) == {"lamp", "sign"}
    assert again[0].kind is ReasonKind.AGAIN


def test_no_more_than_asked_and_nothing_excluded(model):
    assert names(suggest(model, [], exclude=["lamp"], n=1)) == ["shade"]
    assert suggest(model, [], n=0) == []
    assert suggest(model, [], exclude=[p.item for p in PRODUCTS]) == []


def test_the_shop_lifts_what_it_can_make_and_marks_it(model):
    plain = suggest(model, [], n=5)
    steering = Steering({"box": 1.0}, {"lamp": 1.0}, lam=1.0, floor=0.0)
    steered = suggest(model, [], n=5, steering=steering)
    assert steered[0].item == "box"
    assert steered[0].steered
    assert suggest(model, [], n=5, steering=Steering({"box": 1.0}, lam=0.0)) == plain


def test_an_empty_shop_suggests_nothing():
    empty = Blend.fit(Interactions.empty(), [], as_of=0.0)
    assert suggest(empty, [Event("lamp")]) == []


def test_one_customer_is_enough_for_a_list_that_names_nobody():
    one = Interactions.from_rows([("Alice", i, 1.0, 1.0) for i in ("lamp", "shade", "sign")])
    lines = suggest(Blend.fit(one, [], as_of=1.0), [Event("lamp")])
    assert set(names(lines)) == {"shade", "sign"}
    assert {x.kind for x in lines} == {ReasonKind.CATALOGUE}


def test_a_robot_neither_breaks_nor_leads_the_list(model):
    rows = [(f"L{i}", item, 1.0, 90.0) for i in range(5) for item in ("lamp", "shade")]
    rows += [("robot", "box", 1.0, 90.0)] * 100_000
    shop = Blend.fit(Interactions.from_rows(rows), PRODUCTS, as_of=90.0)
    assert names(suggest(shop, []))[:2] == ["lamp", "shade"]
    assert suggest(shop, [Event("box", day=float(i)) for i in range(100_000)])


bad_events = st.builds(
    Event,
    st.sampled_from(["lamp", "sign", "gone", ""]),
    st.floats(),
    st.floats(),
    st.booleans(),
)


@given(st.lists(bad_events, max_size=6), st.sampled_from(Listing), st.integers(-2, 9))
def test_no_history_raises_or_gives_a_list_that_repeats_itself(model, history, listing, n):
    lines = suggest(model, history, exclude=["nothing known"], n=n, listing=listing)
    assert len(set(names(lines))) == len(lines) <= max(n, 0)
    assert all(np.isfinite(line.score) for line in lines)


def test_a_model_comes_back_from_a_file_without_pickle(model):
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        again = Blend.from_arrays(stored)
    history = [Event("lamp", day=91)]
    assert suggest(again, history) == suggest(model, history)


def test_a_corrupt_file_is_named_so(model):
    stored = model.to_arrays()
    for key in stored:
        with pytest.raises(CorruptModelError):
            Blend.from_arrays({k: v for k, v in stored.items() if k != key})
    with pytest.raises(CorruptModelError):
        Blend.from_arrays(stored | {"items": stored["items"][:2]})
    with pytest.raises(CorruptModelError):
        Blend.from_arrays(stored | {"popularity.trend": np.zeros(3)})


def test_weights_come_from_the_last_part_of_the_past():
    # Everybody orders the same again every 30 days: any-next must trust the history.
    rows = [
        (f"c{c}", f"item {c % 7}", 1.0, 30.0 * month + 1) for c in range(30) for month in range(5)
    ]
    shop = Blend.fit(Interactions.from_rows(rows), [], as_of=122.0)
    assert shop.judged[Listing.ANY] == pytest.approx(1.0)
    assert Listing.NEW not in shop.judged or shop.judged[Listing.NEW] == 0.0
    assert suggest(shop, [Event("item 3")], listing=Listing.ANY)[0].item == "item 3"
