"""Item–item collaborative filtering: what the same customers took, lately counting more.

Cosine of Sarwar et al. (2001), "Item-based collaborative filtering", made asymmetric as by Aiolli
(2013), "Efficient top-N recommendation for very large scale binary rated datasets", shrunk like
Bell and Koren (2007), with heavy customers damped. i → j:
together / ((mass_i + shrink) ** (1 − towards) · (mass_j + shrink) ** towards).
A pair that fewer than three customers took says something about them, not about the items: it
counts nothing. On Online Retail II (last 30 days, new items) NDCG@20 is .0943 with such pairs and
.0942 without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from recommendations.rankers.interactions import (
    Floats,
    History,
    Interactions,
    Ints,
    Product,
    Rows,
    preferences,
)
from recommendations.rankers.interface import (
    LEAST_CUSTOMERS,
    Arrays,
    CorruptModelError,
    Reason,
    ReasonKind,
    grown,
    square,
    taken,
)


@dataclass(frozen=True)
class CooccurrenceParams:
    """How co-purchases become similarities.

    half_life : days until a customer's taking of an item counts half.
    shrink : added to the denominator; pairs seen seldom move towards 0.
    neighbours : kept per item. Updates are exact while no item has more.
    towards : share of the normalisation that falls on the suggested item; 0.5 is the cosine, more
        favours the particular over the popular.
    damping : a customer of k items is divided by k ** (damping / 2).
    """

    half_life: float = 45.0
    shrink: float = 1.0
    towards: float = 0.75
    neighbours: int = 300
    damping: float = 0.5

    def __post_init__(self) -> None:
        if not self.half_life > 0 or self.neighbours < 1:
            raise ValueError("half_life and neighbours must be above 0")
        if min(self.shrink, self.damping) < 0 or not 0 <= self.towards <= 1:
            raise ValueError("shrink and damping must not be below 0, towards lies in [0, 1]")


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """Pair weights, pair customers and item weights; similarities follow from them.

    ``together`` and ``customers`` (n_items, n_items) sparse with one pattern, without diagonal:
    Σ over customers of the product of their decayed weights, and how many customers.
    ``mass`` (n_items,): Σ of squared weights. ``similar`` is derived.
    """

    together: Rows
    customers: Rows
    mass: Floats
    similar: Rows
    as_of: float
    params: CooccurrenceParams = CooccurrenceParams()

    @classmethod
    def fit(
        cls,
        data: Interactions,
        products: Sequence[Product],
        as_of: float,
        params: CooccurrenceParams = CooccurrenceParams(),
    ) -> Self:
        """Count pairs; ``products`` play no part."""
        together, customers, mass = _pairs(data, as_of, params)
        return cls._of(together, customers, mass, as_of, params)

    @classmethod
    def _of(
        cls,
        together: Rows,
        customers: Rows,
        mass: Floats,
        as_of: float,
        params: CooccurrenceParams,
    ) -> Self:
        similar = _similar(together, customers, mass, params)
        return cls(together, customers, mass, similar, as_of, params)

    def score(self, rows: Rows) -> Floats:
        """Σ over the history of weight × similarity."""
        return np.asarray((rows @ self.similar).toarray(), dtype=np.float64)

    def explain(self, history: History, items: Ints) -> list[Reason | None]:
        """The item of the history that speaks most for each, with the customers behind the pair."""
        if not history.item.size or not items.size:
            return [None] * len(items)
        support = self.customers[history.item][:, items].toarray()
        strength = self.similar[history.item][:, items].toarray() * history.weight[:, None]
        strength[support < LEAST_CUSTOMERS] = 0.0
        best = strength.argmax(axis=0)
        return [
            _reason(history, int(h), int(support[h, column])) if strength[h, column] > 0 else None
            for column, h in enumerate(best)
        ]

    def update(self, new: Interactions, before: Interactions) -> Self:
        """Add the pairs that ``new`` makes, also with what its customers took before."""
        return self._changed(before.joined(new), before)

    def forget(self, person: Interactions) -> Self:
        """The model without this person's events, as if never seen (items as in the model)."""
        return self._changed(Interactions.empty(person.items), person)

    def _changed(self, after: Interactions, before: Interactions) -> Self:
        """This model plus the pairs of ``after`` minus those of ``before``, none of them pruned."""
        n = max(len(after.items), len(before.items), len(self.mass))
        whole = replace(self.params, neighbours=max(n, 1))
        plus, minus = _pairs(after, self.as_of, whole), _pairs(before, self.as_of, whole)
        together, customers = (
            square(own, n) + square(more, n) - square(less, n)
            for own, more, less in (
                (self.together, plus[0], minus[0]),
                (self.customers, plus[1], minus[1]),
            )
        )
        mass = grown(self.mass, n) + grown(plus[2], n) - grown(minus[2], n)
        together, customers = _matched(together, customers)
        return self._of(together, customers, np.maximum(mass, 0.0), self.as_of, self.params)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        p = self.params
        return {
            "together": self.together.data,
            "customers": self.customers.data,
            "indices": self.together.indices,
            "pointer": self.together.indptr,
            "mass": self.mass,
            "as_of": np.array([self.as_of]),
            "settings": np.array([p.half_life, p.shrink, p.towards, p.neighbours, p.damping]),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Back from storage. Raises CorruptModelError."""
        indices, pointer, mass = (taken(arrays, k) for k in ("indices", "pointer", "mass"))
        n = len(mass)
        try:
            together, customers = (
                csr_array((taken(arrays, k), indices, pointer), shape=(n, n))
                for k in ("together", "customers")
            )
            together.check_format()
            as_of = float(taken(arrays, "as_of").sum())
            half_life, shrink, towards, neighbours, damping = taken(arrays, "settings").tolist()
            params = CooccurrenceParams(half_life, shrink, towards, int(neighbours), damping)
        except (ValueError, TypeError, IndexError) as problem:
            raise CorruptModelError("the stored pairs do not fit together") from problem
        return cls._of(together, customers, mass, as_of, params)


def _reason(history: History, place: int, count: int) -> Reason:
    kind = ReasonKind.ORDERED if history.ordered[place] else ReasonKind.VIEWED
    return Reason(kind, (int(history.item[place]),), count)


def _pairs(
    data: Interactions, as_of: float, params: CooccurrenceParams, chunk: int = 1000
) -> tuple[Rows, Rows, Floats]:
    """Pair weights, pair customers (both pruned alike) and item masses."""
    taste = preferences(data, as_of, params.half_life)
    sizes = np.maximum(np.diff(taste.indptr), 1).astype(np.float64)
    taste = csr_array(diags_array(sizes ** (-params.damping / 2)) @ taste)
    mass = np.asarray(taste.multiply(taste).sum(axis=0), dtype=np.float64).ravel()
    by_item = csr_array(taste.T)
    blocks = [
        _strongest(csr_array(by_item[start : start + chunk] @ taste), mass, start, params)
        for start in range(0, len(data.items), chunk)
    ]
    n = len(data.items)
    together: Rows = csr_array(vstack(blocks)) if blocks else csr_array((n, n))
    return together, _customers(taste, together), mass


def _strongest(block: Rows, mass: Floats, start: int, params: CooccurrenceParams) -> Rows:
    """The rows of ``block`` without their diagonal, pruned to the most similar neighbours."""
    length = np.diff(block.indptr)
    row = np.repeat(np.arange(block.shape[0]), length)
    scale = _scale(mass, row + start, block.indices.astype(np.int64), params)
    alike = np.where(block.indices == row + start, -np.inf, block.data / scale)
    off = alike >= np.repeat(_least_kept(alike, block.indptr, params.neighbours), length)
    off &= block.indices != row + start
    row, column, value, alike = row[off], block.indices[off], block.data[off], alike[off]
    order = np.lexsort((column, -alike, row))
    row, column, value = row[order], column[order], value[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < params.neighbours
    pruned: Rows = csr_array((value[kept], (row[kept], column[kept])), shape=block.shape)
    pruned.sort_indices()
    return pruned


def _least_kept(values: Floats, pointer: NDArray[np.int32], most: int) -> Floats:
    """The ``most``-th largest value of each row, -inf where it has fewer: what lies below is
    never kept, and sorting the rest alone is much faster."""
    least = np.full(len(pointer) - 1, -np.inf)
    for row in np.flatnonzero(np.diff(pointer) > most):
        part = values[pointer[row] : pointer[row + 1]]
        least[row] = np.partition(part, len(part) - most)[len(part) - most]
    return least


def _customers(taste: Rows, together: Rows, chunk: int = 1000) -> Rows:
    """How many customers took both, on the pattern of ``together``."""
    plain: Rows = csr_array((np.ones_like(taste.data), taste.indices, taste.indptr), taste.shape)
    by_item = csr_array(plain.T)
    counts = []
    for start in range(0, together.shape[0], chunk):
        block = together[start : start + chunk]
        mask: Rows = csr_array((np.ones_like(block.data), block.indices, block.indptr), block.shape)
        both = csr_array((by_item[start : start + chunk] @ plain).multiply(mask))
        both.sort_indices()
        counts.append(both.data)
    data = np.concatenate(counts) if counts else np.zeros(0)
    return csr_array((data, together.indices, together.indptr), shape=together.shape)


def _similar(together: Rows, customers: Rows, mass: Floats, params: CooccurrenceParams) -> Rows:
    row = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
    value = together.data / _scale(mass, row, together.indices.astype(np.int64), params)
    value = np.where(customers.data >= LEAST_CUSTOMERS, value, 0.0)
    similar: Rows = csr_array((value, together.indices, together.indptr), shape=together.shape)
    similar = similar.copy()  # the pattern is shared with `together`
    similar.eliminate_zeros()
    return similar


def _scale(mass: Floats, row: Ints, column: Ints, params: CooccurrenceParams) -> Floats:
    firm = np.maximum(mass + params.shrink, np.finfo(np.float64).tiny)
    near, far = firm ** (1 - params.towards), firm**params.towards
    return np.asarray(near[row] * far[column], dtype=np.float64)


def _matched(together: Rows, customers: Rows) -> tuple[Rows, Rows]:
    """Both without the pairs that no customer is left behind, on one sorted pattern."""
    counts: Rows = csr_array(customers)
    counts.data = np.maximum(np.round(counts.data), 0.0)
    counts.eliminate_zeros()
    counts.sort_indices()
    held = csr_array(together)[counts.nonzero()] if counts.nnz else np.zeros(0)
    value = np.maximum(np.asarray(held, dtype=np.float64).ravel(), 0.0)
    return csr_array((value, counts.indices, counts.indptr), shape=counts.shape), counts
