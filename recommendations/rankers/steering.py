"""Steering: lean a list towards what the shop can make next, within a relevance floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommendations.rankers.evaluation import top
from recommendations.rankers.interactions import Floats, Ints

_HALVINGS = 20


@dataclass(frozen=True, eq=False)
class Steered:
    """A steered list.

    items : (≤ n,) indices, best first.
    score : (≤ n,) their scores.
    steered : (≤ n,) stands higher than in the plain list, or is not in it at all.
    lam : the strength that was used; at most the one asked for.
    relevance : mean relevance of the list; ``plain`` that of the list for λ = 0.
    """

    items: Ints
    score: Floats
    steered: NDArray[np.bool_]
    lam: float
    relevance: float
    plain: float


def rerank(
    relevance: Floats,
    free_capacity: Floats,
    setup_cost: Floats,
    lam: float,
    floor: float = 0.95,
    n: int = 20,
) -> Steered:
    """Best ``n`` by relevance + λ · (free capacity − set-up cost), λ as strong as the floor allows.

    Both shop terms are scaled by λ, so that λ = 0 is the plain list bit for bit. The mean relevance
    of the list falls steadily as λ grows (it solves max Σ relevance + λ Σ shop), so the largest
    λ ≤ ``lam`` that keeps the floor is found by halving.

    Parameters
    ----------
    relevance, free_capacity, setup_cost : (n_items,); relevance −inf means never.
    lam : 0 or above.
    floor : share in [0, 1] of the plain list's mean relevance that must remain.

    Raises
    ------
    ValueError
        On a negative λ, a floor outside [0, 1], or unequal lengths.

    >>> ask = rerank(np.array([1.0, 0.99]), np.array([0.0, 1.0]), np.zeros(2), lam=1.0, n=1)
    >>> ask.items.tolist(), ask.steered.tolist()
    ([1], [True])
    """
    if not 0 <= floor <= 1 or not 0 <= lam < np.inf:
        raise ValueError("lam must be finite and at least 0, floor must lie in [0, 1]")
    if not relevance.shape == free_capacity.shape == setup_cost.shape:
        raise ValueError("relevance, free capacity and set-up cost need one length")
    shop = np.nan_to_num(free_capacity - setup_cost, nan=0.0, posinf=0.0, neginf=0.0)
    n = min(n, int(np.isfinite(relevance).sum()))
    plain = _list(relevance, shop, 0.0, n)
    least = _mean(relevance, plain)
    least -= (1 - floor) * abs(least)
    lam = _strongest(relevance, shop, lam, least, n)
    items = plain if lam == 0 else _list(relevance, shop, lam, n)
    return Steered(
        items=items,
        score=_combined(relevance, shop, lam)[items],
        steered=_risen(items, plain),
        lam=lam,
        relevance=_mean(relevance, items),
        plain=_mean(relevance, plain),
    )


def _combined(relevance: Floats, shop: Floats, lam: float) -> Floats:
    if lam == 0:
        return relevance
    return np.asarray(relevance + lam * shop, dtype=np.float64)


def _list(relevance: Floats, shop: Floats, lam: float, n: int) -> Ints:
    lists = top(_combined(relevance, shop, lam)[None, :], n)
    return np.asarray(lists[0], dtype=np.int64)


def _mean(relevance: Floats, items: Ints) -> float:
    return float(relevance[items].mean()) if len(items) else 0.0


def _strongest(relevance: Floats, shop: Floats, lam: float, least: float, n: int) -> float:
    if not n or _mean(relevance, _list(relevance, shop, lam, n)) >= least:
        return lam
    kept, broken = 0.0, lam
    for _ in range(_HALVINGS):
        middle = (kept + broken) / 2
        holds = _mean(relevance, _list(relevance, shop, middle, n)) >= least
        kept, broken = (middle, broken) if holds else (kept, middle)
    return kept


def _risen(items: Ints, plain: Ints) -> NDArray[np.bool_]:
    place = {item: rank for rank, item in enumerate(plain.tolist())}
    return np.array(
        [rank < place.get(x, len(plain)) for rank, x in enumerate(items.tolist())], dtype=bool
    )
