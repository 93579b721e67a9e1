"""The data that every method reads: a matrix of series that end together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]
Dates = NDArray[np.datetime64]
Cube = Mapping[str, Floats]


class BadPanel(ValueError):
    """The data cannot be forecast as they are; the message says which series and why."""


class EmptyPanel(BadPanel):
    """There is no series, or no period."""


class ShapeMismatch(BadPanel):
    """Two parts of the panel disagree about the number of series or periods."""


class RepeatedSeries(BadPanel):
    """Two series have the same id."""


class IrregularPeriods(BadPanel):
    """Period starts do not rise in equal steps."""


class NoObservations(BadPanel):
    """A series has no value at all."""


class MissingPeriods(BadPanel):
    """A series has a hole after its first value."""


class NegativeDemand(BadPanel):
    """Demand below zero: returns were not netted."""


class InfiniteDemand(BadPanel):
    """A value is infinite."""


class BadSeason(BadPanel):
    """The season length is not a positive whole number."""


@dataclass(frozen=True, eq=False)
class Panel:
    """n series over the same T periods, NaN before a series begins.

    `values` (n, T): demand in units per period, ≥ 0. `ids`: n names. `starts` (T,): first day of
    each period, equal steps. `season`: periods in a year (52 for weeks, 1 for none).
    `signals`: name → (n, T), leading signals, each known once its period is over (views,
    baskets). `known`: name → (n, T + k), known in advance (price list, promotions, holidays).
    `censored` (n, T): True where demand could not show (stock-out, closure); such periods carry
    imputed values and are left out when methods are judged. Raises a `BadPanel`.

    >>> import numpy as np
    >>> starts = np.arange("2024-01-01", "2024-01-22", 7, dtype="datetime64[D]")
    >>> Panel(np.array([[np.nan, 2.0, 3.0]]), ("lamp",), starts, season=52).shape
    (1, 3)
    """

    values: Floats
    ids: tuple[str, ...]
    starts: Dates
    season: int = 52
    signals: Cube = field(default_factory=dict)
    known: Cube = field(default_factory=dict)
    censored: Bools | None = None

    def __post_init__(self) -> None:
        self._check_shapes()
        self._check_periods()
        self._check_values()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of series and of periods."""
        rows, periods = self.values.shape
        return rows, periods

    @property
    def actual(self) -> Floats:
        """Values that methods are judged by: NaN where demand could not show."""
        if self.censored is None:
            return self.values
        return np.where(self.censored, np.nan, self.values)

    def rows(self, keep: Sequence[int] | NDArray[np.intp]) -> "Panel":
        """The same periods for some of the series."""
        return Panel(
            self.values[keep],
            tuple(self.ids[row] for row in keep),
            self.starts,
            self.season,
            {name: cube[keep] for name, cube in self.signals.items()},
            {name: cube[keep] for name, cube in self.known.items()},
            None if self.censored is None else self.censored[keep],
        )

    def as_of(self, origin: int) -> tuple["Panel", NDArray[np.intp]]:
        """What was known after `origin` periods, and which rows had begun by then.

        What is known in advance stays; everything else ends at the origin.
        """
        begun = np.flatnonzero(np.isfinite(self.values[:, :origin]).any(axis=1))
        if not begun.size:
            raise EmptyPanel(f"No series had begun after {origin} periods.")
        past = Panel(
            self.values[begun, :origin],
            tuple(self.ids[row] for row in begun),
            self.starts[:origin],
            self.season,
            {name: cube[begun, :origin] for name, cube in self.signals.items()},
            {name: cube[begun] for name, cube in self.known.items()},
            None if self.censored is None else self.censored[begun, :origin],
        )
        return past, begun

    def future_starts(self, horizon: int) -> Dates:
        """Starts of the next `horizon` periods, shape (horizon,).

        A panel of one period is taken to be weekly.
        """
        one = np.timedelta64(7, "D")
        step: Any = self.starts[1] - self.starts[0] if len(self.starts) > 1 else one
        future: Dates = self.starts[-1] + step * np.arange(1, horizon + 1)
        return future

    @classmethod
    def from_long(
        cls, ids: Sequence[str], starts: Dates, values: Floats, season: int = 52, step: int = 7
    ) -> Self:
        """A panel from rows (series, period start, value); equal rows add up, absent ones are 0.

        All series run to the last period of the table; each begins with its own first row.
        `step`: length of a period in the unit of `starts` (7 for weeks in days).
        """
        if not len(ids):
            raise EmptyPanel("There is no series.")
        names, row = np.unique(np.asarray(ids, dtype=np.str_), return_inverse=True)
        first: Any = starts.min()
        offset = (starts - first).astype(np.int64)
        if (offset % step).any():
            raise IrregularPeriods(f"Some periods do not start a multiple of {step} apart.")
        column = offset // step
        matrix = np.zeros((len(names), int(column.max()) + 1))
        np.add.at(matrix, (row, column), values)
        begins = np.full(len(names), matrix.shape[1])
        np.minimum.at(begins, row, column)
        matrix[np.arange(matrix.shape[1]) < begins[:, None]] = np.nan
        periods: Dates = first + step * np.arange(matrix.shape[1])
        return cls(matrix, tuple(str(name) for name in names), periods, season)

    def _check_shapes(self) -> None:
        if self.values.ndim != 2 or 0 in self.values.shape:
            raise EmptyPanel("There is no series, or no period.")
        rows, periods = self.values.shape
        if len(self.ids) != rows:
            raise ShapeMismatch(f"{rows} series but {len(self.ids)} ids.")
        if len(set(self.ids)) != rows:
            raise RepeatedSeries("Two series have the same id.")
        if self.starts.shape != (periods,):
            raise ShapeMismatch(f"{periods} periods but {self.starts.size} period starts.")
        if self.censored is not None and self.censored.shape != (rows, periods):
            raise ShapeMismatch("The censored mask has another shape than the values.")
        for name, cube in self.signals.items():
            if cube.shape != (rows, periods):
                raise ShapeMismatch(f"Signal {name} has another shape than the values.")
        for name, cube in self.known.items():
            if cube.ndim != 2 or cube.shape[0] != rows or cube.shape[1] < periods:
                raise ShapeMismatch(f"Known series {name} does not cover all periods.")

    def _check_periods(self) -> None:
        if self.season < 1 or int(self.season) != self.season:
            raise BadSeason(f"A season of {self.season} periods makes no sense.")
        steps = np.diff(self.starts).astype(np.int64)
        if steps.size and (steps[0] <= 0 or (steps != steps[0]).any()):
            raise IrregularPeriods("Period starts must rise in equal steps.")

    def _check_values(self) -> None:
        seen: Bools = np.isfinite(self.values)
        if np.isinf(self.values).any():
            raise InfiniteDemand(f"{self._first(np.isinf(self.values))} has an infinite value.")
        empty: Bools = ~np.asarray(seen.any(axis=1))
        if empty.any():
            raise NoObservations(f"{self._first(empty)} has no value at all.")
        holes = ~seen & np.logical_or.accumulate(seen, axis=1)
        if holes.any():
            raise MissingPeriods(f"{self._first(holes)} has a hole after its first value.")
        negative = np.asarray(np.where(seen, self.values, 0.0) < 0)
        if negative.any():
            raise NegativeDemand(f"{self._first(negative)} has demand below zero.")

    def _first(self, where: Bools) -> str:
        """Name of the first series concerned, for messages."""
        row = int(np.argwhere(where)[0][0])
        return f"Series {self.ids[row]}"
