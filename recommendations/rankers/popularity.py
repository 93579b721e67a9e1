"""Trend popularity: what many different customers took lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

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
    taken,
)

AN_ORDER = 1.0
"""Weight of an event from which it is an order; who only looked is no customer."""


@dataclass(frozen=True)
class PopularityParams:
    """``window`` days that count as *lately*; an event's weight halves every half window."""

    window: float = 30.0

    def __post_init__(self) -> None:
        if not self.window > 0:
            raise ValueError("window must be above 0 days")


@dataclass(frozen=True, eq=False)
class Popularity:
    """Decayed number of distinct customers per item; the same for everybody.

    ``trend`` (n_items,) decayed customers and visitors; ``lately`` (n_items,) customers who ordered
    inside the window.
    """

    trend: Floats
    lately: Floats
    as_of: float
    params: PopularityParams = PopularityParams()

    @classmethod
    def fit(
        cls,
        data: Interactions,
        products: Sequence[Product],
        as_of: float,
        params: PopularityParams = PopularityParams(),
    ) -> Self:
        """Count customers; ``products`` play no part."""
        trend, lately = _counts(data, as_of, params.window)
        return cls(trend, lately, as_of, params)

    def score(self, rows: Rows) -> Floats:
        """The trend, once per row."""
        return np.tile(self.trend, (rows.shape[0], 1))

    def explain(self, history: History, items: Ints) -> list[Reason | None]:
        """How many customers lately, where they are enough to be named."""
        counts = [round(float(self.lately[i])) for i in items]
        return [Reason(ReasonKind.TREND, (), n) if n >= LEAST_CUSTOMERS else None for n in counts]

    def update(self, new: Interactions, before: Interactions) -> Self:
        """Add the customers of ``new`` who were not counted before."""
        after_trend, after_lately = _counts(before.joined(new), self.as_of, self.params.window)
        old_trend, old_lately = _counts(before, self.as_of, self.params.window)
        n = len(after_trend)
        trend = grown(self.trend, n) + after_trend - grown(old_trend, n)
        lately = grown(self.lately, n) + after_lately - grown(old_lately, n)
        return type(self)(np.maximum(trend, 0.0), np.maximum(lately, 0.0), self.as_of, self.params)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays for storage."""
        settings = np.array([self.as_of, self.params.window])
        return {"trend": self.trend, "lately": self.lately, "settings": settings}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Back from storage. Raises CorruptModelError."""
        trend, lately, settings = (taken(arrays, k) for k in ("trend", "lately", "settings"))
        if trend.shape != lately.shape or settings.shape != (2,):
            raise CorruptModelError("the stored trend has parts of different length")
        return cls(trend, lately, float(settings[0]), PopularityParams(float(settings[1])))


def _counts(data: Interactions, as_of: float, window: float) -> tuple[Floats, Floats]:
    decayed = preferences(data, as_of, window / 2)
    ordered = data.where((data.day > as_of - window) & (data.weight >= AN_ORDER))
    recent = preferences(ordered, as_of, window)
    trend = np.asarray(decayed.sum(axis=0), dtype=np.float64).ravel()
    lately = np.bincount(recent.indices, minlength=len(data.items)).astype(np.float64)
    return trend, lately
