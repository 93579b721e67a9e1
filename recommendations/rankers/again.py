"""Order again: the customer's own earlier items, newest and strongest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommendations.rankers.interactions import Floats, History, Interactions, Ints, Product, Rows
from recommendations.rankers.interface import Arrays, Reason, ReasonKind


@dataclass(frozen=True)
class Again:
    """Knows nothing but the history it is given."""

    @classmethod
    def fit(cls, data: Interactions, products: Sequence[Product], as_of: float) -> Self:
        """Nothing to learn."""
        return cls()

    def score(self, rows: Rows) -> Floats:
        """The preferences themselves."""
        return np.asarray(rows.toarray(), dtype=np.float64)

    def explain(self, history: History, items: Ints) -> list[Reason | None]:
        """The item itself, where it was ordered before."""
        own = set(history.item[history.ordered].tolist())
        return [Reason(ReasonKind.AGAIN, (i,)) if i in own else None for i in items.tolist()]

    def update(self, new: Interactions, before: Interactions) -> Self:
        """Nothing to fold in: the next history holds the event."""
        return self

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """No arrays."""
        return {}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Always the same."""
        return cls()
