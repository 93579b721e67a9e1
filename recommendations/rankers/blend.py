"""One list out of several rankers, with weights that the shop's own past has chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommendations.rankers.evaluation import Bools, hit_rates, presence, time_split, top
from recommendations.rankers.interactions import (
    Floats,
    Interactions,
    Product,
    Rows,
    preferences,
)
from recommendations.rankers.interface import Arrays, CorruptModelError, Ranker, taken
from recommendations.rankers.registry import RANKERS

Weights: TypeAlias = Mapping[str, float]


class Listing(StrEnum):
    """Which list: items new to the customer, any next item, or only earlier orders."""

    NEW = "new"
    ANY = "any"
    AGAIN = "again"


DEFAULT_WEIGHTS: dict[str, dict[str, float]] = {
    Listing.NEW: {"cooccurrence": 1.0, "content": 0.3, "popularity": 0.1, "again": 0.0},
    Listing.ANY: {"cooccurrence": 1.0, "content": 0.1, "popularity": 0.1, "again": 1.0},
}
"""Stand in while the past is too thin to choose weights from."""


@dataclass(frozen=True)
class BlendParams:
    """How the blend is made.

    half_life : days until an event of a customer's own history counts half.
    folds, fold_days : the last ``folds`` stretches of ``fold_days`` judge what came before each.
    most_users : users judged per fold; fewer where items are many.
    least_users : with fewer the default weights stay.
    k : length of the judged list.
    grid : the weights tried for each ranker in turn.
    """

    half_life: float = 60.0
    folds: int = 2
    fold_days: float = 30.0
    most_users: int = 400
    least_users: int = 20
    k: int = 20
    grid: tuple[float, ...] = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)

    def __post_init__(self) -> None:
        if not self.half_life > 0 or not self.fold_days > 0 or self.folds < 0 or self.k < 1:
            raise ValueError("half_life, fold_days and k must be above 0, folds not below")


@dataclass(frozen=True, eq=False)
class Blend:
    """The model that is served: item ids, fitted rankers, weights per list.

    ``judged`` is the NDCG that the chosen weights reached in the rolling split, per list; a list
    is missing there where the default weights stand.
    """

    items: tuple[str, ...]
    rankers: Mapping[str, Ranker]
    weights: Mapping[str, Weights]
    judged: Mapping[str, float]
    params: BlendParams = BlendParams()

    @classmethod
    def fit(
        cls,
        data: Interactions,
        products: Sequence[Product],
        as_of: float,
        params: BlendParams = BlendParams(),
        before: Blend | None = None,
    ) -> Self:
        """Choose weights on the last part of ``data``, then fit every ranker on all of it.

        Items are those of ``data`` and of ``products``, so what nobody has bought yet has a place.
        The weights of ``before`` go on where there is one: choosing takes most of the time.
        """
        data = data.where(data.day <= as_of)
        data = data.over(tuple(dict.fromkeys([*data.items, *(p.item for p in products)])))
        weights: Mapping[str, Weights]
        judged: Mapping[str, float]
        if before is None:
            weights, judged = _weighed(data, products, as_of, params)
        else:
            weights, judged = before.weights, before.judged
        return cls(data.items, fitted(data, products, as_of), weights, judged, params)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Item id → index."""
        return {x: i for i, x in enumerate(self.items)}

    def score(self, rows: Rows, listing: Listing = Listing.NEW) -> Floats:
        """(m, n_items) blended scores for (m, n_items) preferences."""
        terms = self.terms(rows, listing)
        return np.asarray(sum(terms.values(), np.zeros(rows.shape)), dtype=np.float64)

    def terms(self, rows: Rows, listing: Listing = Listing.NEW) -> dict[str, Floats]:
        """What each ranker of weight above 0 adds to the score, which lies in [0, 1]."""
        weights = self.weights[Listing.NEW if listing is Listing.NEW else Listing.ANY]
        total = sum(weights.values())
        return {
            name: weight / total * levelled(self.rankers[name].score(rows))
            for name, weight in weights.items()
            if weight > 0
        }

    def update(self, new: Interactions, before: Interactions | None = None) -> Self:
        """Fold in ``new``; ``before`` holds the same users' earlier events. New ids are welcome."""
        before = before or Interactions.empty()
        items = tuple(dict.fromkeys([*self.items, *before.items, *new.items]))
        new, before = new.over(items), before.over(items)
        rankers = {name: r.update(new, before) for name, r in self.rankers.items()}
        return replace(self, items=items, rankers=rankers)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays for ``numpy.savez``; nothing needs pickle."""
        stored: dict[str, NDArray[Any]] = {
            "items": np.array(self.items, dtype=np.str_),
            "rankers": np.array(list(self.rankers), dtype=np.str_),
            "half_life": np.array([self.params.half_life]),
        }
        for listing, weights in self.weights.items():
            stored[f"weights.{listing}"] = np.array([weights.get(r, 0.0) for r in self.rankers])
            stored[f"judged.{listing}"] = np.array([self.judged.get(listing, np.nan)])
        for name, ranker in self.rankers.items():
            stored |= {f"{name}.{key}": value for key, value in ranker.to_arrays().items()}
        return stored

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Back from storage. Raises CorruptModelError where anything is missing or does not fit."""
        items = tuple(taken(arrays, "items").tolist())
        names = taken(arrays, "rankers").tolist()
        if not set(names) <= set(RANKERS):
            raise CorruptModelError("the stored model names a ranker that is not known here")
        listings = (Listing.NEW, Listing.ANY)
        weights = {str(x): _weights(taken(arrays, f"weights.{x}"), names) for x in listings}
        judged = {str(x): float(taken(arrays, f"judged.{x}").sum()) for x in listings}
        model = cls(
            items,
            {name: RANKERS[name].from_arrays(_part(arrays, name)) for name in names},
            weights,
            {x: value for x, value in judged.items() if np.isfinite(value)},
            BlendParams(half_life=float(taken(arrays, "half_life").sum())),
        )
        model._check()
        return model

    def _check(self) -> None:
        nobody: Rows = csr_array((1, len(self.items)))
        try:
            wrong = [n for n, r in self.rankers.items() if r.score(nobody).shape != nobody.shape]
        except ValueError as problem:
            raise CorruptModelError("a stored ranker has another number of items") from problem
        if wrong:
            raise CorruptModelError(f"stored for another number of items: {', '.join(wrong)}")


def _weighed(
    data: Interactions, products: Sequence[Product], as_of: float, params: BlendParams
) -> tuple[dict[str, Weights], dict[str, float]]:
    """Weights per list, and what they reached; nothing where the default weights stand."""
    folds = list(_folds(data, products, as_of, params))
    chosen = {str(x): _chosen(folds, x, params) for x in (Listing.NEW, Listing.ANY)}
    return (
        {x: weights for x, (weights, _) in chosen.items()},
        {x: value for x, (_, value) in chosen.items() if value is not None},
    )


def fitted(data: Interactions, products: Sequence[Product], as_of: float) -> dict[str, Ranker]:
    """Every ranker of the registry, fitted."""
    return {name: ranker.fit(data, products, as_of) for name, ranker in RANKERS.items()}


def levelled(scores: Floats) -> Floats:
    """Each row divided by its largest score, so that rankers speak equally loud."""
    largest = scores.max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(scores / np.where(largest > 0, largest, 1.0), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Fold:
    """Levelled scores of each ranker for the judged users, what they had and what they took."""

    scores: dict[str, NDArray[np.float32]]
    known: Bools
    truth: Bools


def _folds(
    data: Interactions, products: Sequence[Product], as_of: float, params: BlendParams
) -> Iterator[_Fold]:
    for back in range(params.folds, 0, -1):
        cut = as_of - back * params.fold_days
        train, test = time_split(data, cut, cut + params.fold_days)
        known, truth = presence(train), presence(test)
        users = np.flatnonzero((np.diff(known.indptr) > 0) & (np.diff(truth.indptr) > 0))
        most = max(1, min(params.most_users, 3_000_000 // max(len(data.items), 1)))
        users = users[np.linspace(0, len(users) - 1, min(most, len(users))).astype(np.int64)]
        if len(users):
            rows = preferences(train, cut, params.half_life)[users]
            scores = {
                name: levelled(r.score(rows)).astype(np.float32)
                for name, r in fitted(train, products, cut).items()
            }
            yield _Fold(scores, known[users].toarray() > 0, truth[users].toarray() > 0)


def _chosen(
    folds: Sequence[_Fold], listing: Listing, params: BlendParams
) -> tuple[dict[str, float], float | None]:
    """Weights by coordinate search on mean NDCG over the judged users, and that NDCG."""
    weights = dict(DEFAULT_WEIGHTS[listing])
    if sum(len(f.truth) for f in folds) < params.least_users:
        return weights, None
    best = _ndcg(folds, weights, listing, params.k)
    for name in [*weights, *weights]:
        for value in params.grid:
            tried = weights | {name: value}
            reached = _ndcg(folds, tried, listing, params.k)
            if reached > best:
                best, weights = reached, tried
    return weights, best


def _ndcg(folds: Sequence[_Fold], weights: Weights, listing: Listing, k: int) -> float:
    gains = [_fold_gains(fold, weights, listing, k) for fold in folds]
    joined = np.concatenate(gains)
    return float(joined.mean()) if len(joined) else 0.0


def _fold_gains(fold: _Fold, weights: Weights, listing: Listing, k: int) -> Floats:
    scores = np.zeros(fold.truth.shape, dtype=np.float32)
    for name, weight in weights.items():
        if weight > 0:
            scores += np.float32(weight) * fold.scores[name]
    truth = fold.truth
    if listing is Listing.NEW:
        scores[fold.known] = -np.inf
        truth = truth & ~fold.known
    asked = truth.any(axis=1)
    return np.asarray(hit_rates(top(scores[asked], k), truth[asked])[1])


def _weights(values: NDArray[Any], names: Sequence[str]) -> dict[str, float]:
    if values.shape != (len(names),) or not np.isfinite(values).all():
        raise CorruptModelError("the stored weights do not fit the rankers")
    return dict(zip(names, values.tolist(), strict=True))


def _part(arrays: Arrays, name: str) -> dict[str, NDArray[Any]]:
    start = f"{name}."
    return {key[len(start) :]: taken(arrays, key) for key in arrays if key.startswith(start)}
