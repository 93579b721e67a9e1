"""Quantiles .1 … .9 from the errors that a forecast made in backtests.

Split conformal prediction: errors (y − ŷ) / s of past origins are pooled per demand class and
step; their empirical quantiles, times s, are put around a new forecast. The spread s is the
forecast itself, the series' own week-to-week movement, or their geometric mean; the one with the
smallest pinball loss serves the class. Sources: Lei et al. (2018), "Distribution-free predictive
inference for regression"; Romano, Patterson & Candès (2019).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forecasting.methods.method import Arrays, CorruptArtefact, stored
from forecasting.methods.metrics import LEVELS, naive_scale
from forecasting.methods.series import Bools, Floats, Strings

ENOUGH = 60
"""Errors that a class and step must have before they are trusted alone."""
ENOUGH_OF_KIN = 30
"""Errors that a class and its kin must have together; with fewer, all classes share theirs."""
KIN = (("smooth", "erratic"), ("intermittent", "lumpy", "new"))
"""Classes that lend each other errors: in most periods something is sold, or in most nothing."""
SPREADS = ("level", "both", "own")


@dataclass(frozen=True, eq=False)
class Errors:
    """Backtests of one forecast: `actual`, `mean` (o, n, h); `movement` (o, n); `classes` (n,).

    NaN where a series had not begun, or where demand could not show.
    """

    actual: Floats
    mean: Floats
    movement: Floats
    classes: Strings

    def origins(self, which: Iterable[int]) -> "Errors":
        """Some of the origins."""
        keep = list(which)
        return Errors(self.actual[keep], self.mean[keep], self.movement[keep], self.classes)


@dataclass(frozen=True, eq=False)
class Bands:
    """What to put around a forecast: class → (spread, table of error quantiles (h, 9))."""

    tables: dict[str, tuple[str, Floats]]

    def around(self, mean: Floats, movement: Floats, classes: Strings) -> Floats:
        """Quantiles (n, h, 9), rising and never negative.

        `mean` (n, h) ≥ 0; `movement` (n,), see `movement`; `classes` (n,). Steps beyond those
        seen in backtests use the last one seen.
        """
        result = np.repeat(mean[:, :, None], LEVELS.size, axis=2)
        for name in np.unique(classes):
            spread, table = self.tables.get(str(name), self.tables["all"])
            rows = classes == name
            steps = np.minimum(np.arange(mean.shape[1]), table.shape[0] - 1)
            scale = spread_of(spread, mean[rows], movement[rows, None])
            result[rows] += scale[:, :, None] * table[steps]
        raised: Floats = np.maximum.accumulate(np.maximum(result, 0.0), axis=2)
        return raised

    def to_arrays(self) -> Arrays:
        """The bands as plain arrays: names (c,), spreads (c,), tables (c, h, 9)."""
        return {
            "bands.names": np.array(list(self.tables), dtype=np.str_),
            "bands.spreads": np.array([kind for kind, _ in self.tables.values()], dtype=np.str_),
            "bands.tables": np.array([table for _, table in self.tables.values()]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The bands again. Raises `CorruptArtefact`."""
        names, spreads = (stored(arrays, f"bands.{key}", 1) for key in ("names", "spreads"))
        tables = stored(arrays, "bands.tables", 3)
        if not names.size == spreads.size == len(tables) or "all" not in names:
            raise CorruptArtefact("The bands of the artefact do not fit together.")
        pairs = zip(spreads.tolist(), tables, strict=True)
        return cls(dict(zip(names.tolist(), pairs, strict=True)))


def movement(history: Floats) -> Floats:
    """Usual week-to-week movement of each series (root mean square), NaN when unknown, (n,)."""
    moved: Floats = np.sqrt(naive_scale(history))
    return moved


def spread_of(kind: str, mean: Floats, moved: Floats) -> Floats:
    """The s of the module's formula, broadcast over `mean`; where unknown, the forecast itself."""
    level = np.maximum(mean, 1e-9)
    own = np.where(np.isfinite(moved), np.broadcast_to(moved, level.shape), level)
    if kind == "level":
        return level
    if kind == "own":
        return own
    both: Floats = np.sqrt(level * own)
    return both


def bands(errors: Errors) -> Bands:
    """Learn the quantiles of backtest errors: per class, with its kin where it has few, and over
    all. What sells every week must not borrow from what hardly sells: half of that is zero."""
    everything = np.ones(errors.classes.size, dtype=np.bool_)
    tables = {"all": _best(errors, everything)}
    for name in np.unique(errors.classes):
        kin = next((group for group in KIN if name in group), (name,))
        own: Bools = errors.classes == name
        lent: Bools = np.isin(errors.classes, kin)
        for rows, enough in ((own, ENOUGH), (lent, ENOUGH_OF_KIN)):
            if np.isfinite(errors.actual[:, rows] - errors.mean[:, rows]).sum() >= enough:
                tables[str(name)] = _best(errors, rows)
                break
    return Bands(tables)


def of_sum(mean: Floats, quantiles: Floats) -> Floats:
    """Quantiles (h, 9) of the sum of series that each go their own way.

    `mean` (n, h), `quantiles` (n, h, 9). Distances to the mean add up by their squares, as standard
    deviations of independent series do; adding the quantiles would let all go wrong together.
    """
    away = quantiles - mean[:, :, None]
    together = np.sign(away.sum(axis=0)) * np.sqrt((away**2).sum(axis=0))
    summed = np.maximum(mean.sum(axis=0)[:, None] + together, 0.0)
    raised: Floats = np.maximum.accumulate(summed, axis=1)
    return raised


def without_backtests(values: Floats, classes: Strings) -> Bands:
    """Bands from how each series strays from its own mean, when there are no backtests.

    `values` (n, T). Too wide where demand has a trend or a season; better than none.
    """
    mean = np.broadcast_to(np.nanmean(values, axis=1)[:, None], values.shape)
    moved = movement(values)[None]
    return bands(Errors(values.T[:, :, None], mean.T[:, :, None], _each(moved, values), classes))


def _each(moved: Floats, values: Floats) -> Floats:
    return np.repeat(moved, values.shape[1], axis=0)


def _best(errors: Errors, rows: Bools) -> tuple[str, Floats]:
    """The spread with the smallest pinball loss, and its table."""
    actual, mean = errors.actual[:, rows], errors.mean[:, rows]
    moved = errors.movement[:, rows, None]
    tried = []
    for kind in SPREADS:
        scale = spread_of(kind, mean, moved)
        table = _table((actual - mean) / scale)
        loss = _loss(actual, np.maximum(mean[..., None] + scale[..., None] * table, 0.0))
        tried.append((loss, kind, table))
    best = min(tried, key=lambda one: one[0])
    return best[1:]


def _table(scaled: Floats) -> Floats:
    """Error quantiles per step, (h, 9); steps with too few errors share those of all steps."""
    pooled = _quantiles(scaled)
    steps = [scaled[:, :, step] for step in range(scaled.shape[2])]
    return np.array(
        [_quantiles(one) if np.isfinite(one).sum() >= ENOUGH else pooled for one in steps]
    )


def _quantiles(scaled: Floats) -> Floats:
    known = scaled[np.isfinite(scaled)]
    return np.quantile(known, LEVELS) if known.size else np.zeros(LEVELS.size)


def _loss(actual: Floats, quantiles: Floats) -> float:
    above = actual[..., None] - quantiles
    return float(np.nansum(np.maximum(LEVELS * above, (LEVELS - 1) * above)))
