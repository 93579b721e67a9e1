import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import ndcg_score

from recommendations.rankers.evaluation import (
    evaluate,
    frequent,
    hit_rates,
    presence,
    time_split,
    top,
)
from recommendations.rankers.interactions import Interactions

BINARY = arrays(np.bool_, (3, 8)).filter(lambda t: t.any(axis=1).all())


def test_recall_and_ndcg_follow_the_definition():
    # Hits on ranks 1 and 3 of three wanted items: 2/3; (1 + 1/2) / (1 + 1/log2(3) + 1/2).
    truth = np.array([[True, False, True, True]])
    recall, ndcg = hit_rates(np.array([[0, 1, 2]]), truth)
    assert recall[0] == pytest.approx(2 / 3)
    assert ndcg[0] == pytest.approx(1.5 / (1.5 + 1 / np.log2(3)))


@given(BINARY, st.permutations(range(8)), st.integers(1, 8))
def test_ndcg_agrees_with_scikit_learn(truth, order, k):
    scores = np.tile(np.array(order, dtype=np.float64), (3, 1))
    _, ours = hit_rates(top(scores, k), truth)
    assert ours.mean() == pytest.approx(ndcg_score(truth, scores, k=k))


@given(arrays(np.float64, (4, 9), elements=st.integers(0, 3)), st.integers(0, 12))
def test_the_top_is_what_a_stable_sort_gives(scores, k):
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert top(scores, k).tolist() == expected.tolist()


def test_new_only_masks_what_a_user_had_and_asks_for_the_rest():
    train = Interactions.from_rows([("Alice", "lamp", 1, 0)], items=["lamp", "sign", "box"])
    test = Interactions.from_rows([("Alice", "lamp", 1, 9), ("Alice", "sign", 1, 9)]).over(
        train.items
    )
    flat = np.array([[3.0, 2.0, 1.0]])
    known, truth = presence(train), presence(test)
    new = evaluate(lambda rows: flat, known, known, truth, k=1, new_only=True)
    either = evaluate(lambda rows: flat, known, known, truth, k=1)
    assert (new.recall, new.ndcg, new.users) == (1.0, 1.0, 1)
    assert (either.recall, either.ndcg) == (0.5, 1.0)
    assert new.coverage == pytest.approx(1 / 3)


def test_a_split_by_time_puts_the_cut_into_the_later_part():
    log = Interactions.from_rows([("Alice", "lamp", 1, day) for day in (1.0, 2.0, 3.0)])
    before, after = time_split(log, 2.0, 3.0)
    assert (before.day.tolist(), after.day.tolist()) == ([1.0], [2.0])


def test_frequent_items_count_users_and_not_events():
    rows = [("Alice", "lamp", 1, d) for d in range(5)] + [(u, "box", 1, 0) for u in ("Bob", "Cem")]
    assert frequent(Interactions.from_rows(rows), least=2).items == ("box",)
