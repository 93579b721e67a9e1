"""What every ranker can do. A new one is a file with a class of this shape and a registry line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommendations.rankers.interactions import Floats, History, Interactions, Ints, Product, Rows

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

LEAST_CUSTOMERS = 3
"""A reason that rests on fewer customers is never named: it could point at one of them."""


class CorruptModelError(ValueError):
    """Stored arrays are no model of this kind: a part is missing or has the wrong shape."""


class ReasonKind(StrEnum):
    """Why something is suggested; the page turns it into words."""

    ORDERED = "ordered"  # customers who ordered `because` also ordered this
    VIEWED = "viewed"  # the same for something only looked at or put in the basket
    SIMILAR = "similar"  # shares words, options or price with `because`
    AGAIN = "again"  # the customer's own earlier order
    TREND = "trend"  # `count` customers lately
    CATALOGUE = "catalogue"  # nothing to claim


@dataclass(frozen=True)
class Reason:
    """Kind, item indices it rests on (strongest first), and the number behind it (0: none)."""

    kind: ReasonKind
    because: tuple[int, ...] = ()
    count: int = 0


class Ranker(Protocol):
    """Fitted and immutable: `fit` and `update` return a model, nothing changes in place."""

    @classmethod
    def fit(cls, data: Interactions, products: Sequence[Product], as_of: float) -> Self:
        """Learn from events up to ``as_of`` (days)."""
        ...

    def score(self, rows: Rows) -> Floats:
        """(m, n_items) scores, at least 0, for (m, n_items) preferences. Higher is better."""
        ...

    def explain(self, history: History, items: Ints) -> list[Reason | None]:
        """A reason for each of ``items``; None where this ranker has none it may name."""
        ...

    def update(self, new: Interactions, before: Interactions) -> Self:
        """Fold in ``new`` without a retrain.

        ``before`` holds the earlier events of the same users, so that pairs across both count.
        The items of both begin with the model's own and may go on with new ones.
        """
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays for ``npz``, without objects."""
        ...

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `to_arrays`. Raises CorruptModelError."""
        ...


def taken(arrays: Arrays, name: str) -> NDArray[Any]:
    """``arrays[name]``. Raises CorruptModelError where it is missing or cannot be read."""
    try:
        return np.asarray(arrays[name])
    except (KeyError, ValueError, OSError) as problem:
        raise CorruptModelError(f"the stored model lacks a readable {name!r}") from problem


def square(matrix: Rows, n: int) -> Rows:
    """``matrix`` with empty rows and columns added up to (n, n)."""
    return lengthened(matrix, n, n)


def lengthened(matrix: Rows, n_rows: int, n_columns: int) -> Rows:
    """``matrix`` with empty rows below and columns to the right."""
    pointer = np.pad(matrix.indptr, (0, n_rows - matrix.shape[0]), mode="edge")
    return csr_array((matrix.data, matrix.indices, pointer), shape=(n_rows, n_columns))


def grown(values: Floats, n_items: int) -> Floats:
    """``values`` (n,) lengthened with zeros to (n_items,)."""
    return np.concatenate([values, np.zeros(n_items - len(values))])
