"""How good a list is, judged on what came later.

Recall@k is |hits| / |truth|; NDCG@k has gain 1 and discount log2(rank + 1), its ideal holding
min(k, |truth|) hits (Järvelin and Kekäläinen, 2002); coverage is the share of items that stand in
anybody's top k. Users without truth do not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommendations.rankers.interactions import Floats, Interactions, Ints, Rows

Bools: TypeAlias = NDArray[np.bool_]
Score: TypeAlias = Callable[[Rows], Floats]


@dataclass(frozen=True)
class Metrics:
    """Means over ``users`` people; all shares in [0, 1]."""

    recall: float
    ndcg: float
    coverage: float
    users: int


def time_split(data: Interactions, cut: float, until: float = np.inf) -> tuple[Interactions, ...]:
    """Events before day ``cut``, and events in [cut, until)."""
    return data.where(data.day < cut), data.where((data.day >= cut) & (data.day < until))


def frequent(data: Interactions, least: int = 5) -> Interactions:
    """The log over the items that at least ``least`` users have."""
    pairs = np.unique(np.stack([data.item, data.user]), axis=1)
    users = np.bincount(pairs[0], minlength=len(data.items))
    return data.over([x for x, n in zip(data.items, users, strict=True) if n >= least])


def presence(data: Interactions) -> Rows:
    """Users × items matrix of ones."""
    shape = (len(data.users), len(data.items))
    matrix: Rows = csr_array((np.ones(len(data.user)), (data.user, data.item)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def top(scores: NDArray[np.floating[Any]], k: int) -> Ints:
    """Indices (m, k) of the best ``k`` of each row, best first; ties go to the smaller index.

    >>> top(np.array([[0.1, 0.9, 0.9]]), 2).tolist()
    [[1, 2]]
    """
    k = min(k, scores.shape[1])
    if not k or not len(scores):
        return np.zeros((len(scores), 0), dtype=np.int64)
    edge = np.partition(scores, scores.shape[1] - k, axis=1)[:, -k]
    return np.stack([_best(row, k, e) for row, e in zip(scores, edge, strict=True)])


def _best(row: NDArray[np.floating[Any]], k: int, edge: float) -> Ints:
    above, level = np.flatnonzero(row > edge), np.flatnonzero(row == edge)
    chosen = np.sort(np.concatenate([above, level[: k - len(above)]]))
    return np.asarray(chosen[np.argsort(-row[chosen], kind="stable")], dtype=np.int64)


def hit_rates(best: Ints, truth: Bools) -> tuple[Floats, Floats]:
    """Recall and NDCG (m,) of lists (m, k) against truth (m, n_items) with ≥ 1 per row."""
    hits = np.take_along_axis(truth, best, axis=1)
    discount = 1.0 / np.log2(np.arange(2, best.shape[1] + 2))
    wanted = truth.sum(axis=1)
    ideal = np.cumsum(discount)[np.minimum(wanted, best.shape[1]) - 1]
    return hits.sum(axis=1) / wanted, (hits @ discount) / ideal


def evaluate(
    score: Score, rows: Rows, known: Rows, truth: Rows, k: int = 20, new_only: bool = False
) -> Metrics:
    """Judge ``score`` on all users with truth, 256 at a time.

    Parameters
    ----------
    score : preferences (m, n_items) → scores (m, n_items).
    rows, known, truth : (n_users, n_items) preferences, training presence, test presence.
    new_only : mask the known items and ask only for truth among the others.
    """
    if new_only:
        truth = csr_array(truth - truth.multiply(known))
        truth.eliminate_zeros()
    wanting = np.diff(truth.indptr) > 0
    users = np.flatnonzero(wanting & (np.diff(known.indptr) > 0))
    recalls, gains, shown = [np.zeros(0)], [np.zeros(0)], np.zeros(truth.shape[1], dtype=bool)
    for start in range(0, len(users), 256):
        part = users[start : start + 256]
        scores = np.array(score(rows[part]))
        if new_only:
            scores[known[part].toarray() > 0] = -np.inf
        best = top(scores, k)
        recall, gain = hit_rates(best, truth[part].toarray() > 0)
        recalls.append(recall)
        gains.append(gain)
        shown[best] = True
    return _metrics(np.concatenate(recalls), np.concatenate(gains), shown)


def _metrics(recall: Floats, gain: Floats, shown: Bools) -> Metrics:
    if not len(recall):
        return Metrics(0.0, 0.0, 0.0, 0)
    return Metrics(float(recall.mean()), float(gain.mean()), float(shown.mean()), len(recall))
