"""Forecast from past origins with every method, each seeing only what was known then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.methods import metrics
from forecasting.methods.classification import NEW_BELOW
from forecasting.methods.method import (
    Deadline,
    Method,
    Note,
    NotEnoughData,
    Progress,
    never,
    silent,
)
from forecasting.methods.quantiles import movement
from forecasting.methods.series import Bools, Floats, Panel


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts of every usable method from the same origins.

    `forecasts`: method → (o, n, h), NaN where a series had not begun; `actual` (o, n, h).
    """

    panel: Panel
    horizon: int
    origins: tuple[int, ...]
    forecasts: dict[str, Floats]
    notes: tuple[Note, ...]

    @property
    def actual(self) -> Floats:
        """What came, (o, n, h)."""
        ends = [self.panel.actual[:, at : at + self.horizon] for at in self.origins]
        rows = self.panel.shape[0]
        return np.array(ends).reshape(len(ends), rows, self.horizon)

    @property
    def new_then(self) -> Bools:
        """Which series had begun shortly before each origin, (o, n)."""
        begins = np.isfinite(self.panel.values).argmax(axis=1)
        ages = np.array([at - begins for at in self.origins])
        young: Bools = (ages > 0) & (ages < NEW_BELOW)
        return young

    @property
    def movement(self) -> Floats:
        """Usual movement of each series as known at each origin, (o, n)."""
        return np.array([movement(self.panel.values[:, :at]) for at in self.origins])

    def rmsse(self, forecast: Floats) -> Floats:
        """RMSSE of each origin and series, (o, n)."""
        return np.array(
            [
                metrics.rmsse_per_series(actual, mean, self.panel.values[:, :at])
                for at, actual, mean in zip(self.origins, self.actual, forecast, strict=True)
            ]
        )


def rolling_origins(periods: int, horizon: int, wanted: int) -> tuple[int, ...]:
    """Numbers of periods known at each backtest, latest last.

    A horizon apart where history allows, closer where it does not; never within the first half
    or the first 12 periods.

    >>> rolling_origins(97, 8, 3)
    (73, 81, 89)
    """
    last, first = periods - horizon, max(12, periods // 2)
    if last < first:
        return ()
    stride = min(horizon, max(1, (last - first) // max(1, wanted - 1)))
    return tuple(sorted(at for at in range(last, last - stride * wanted, -stride) if at >= first))


def backtest(
    panel: Panel,
    horizon: int,
    methods: Sequence[Method],
    origins: int = 3,
    progress: Progress = silent,
    deadline: Deadline = never,
    seed: int = 0,
) -> Backtest:
    """Forecast from past origins with each method; those that lack data or time are noted."""
    ats = rolling_origins(panel.shape[1], horizon, origins)
    forecasts, notes = {}, list[Note]()
    for place, method in enumerate(methods):
        if deadline():
            notes.append(Note("no_time", {"method": method.name}))
            continue
        progress(0.8 * place / len(methods), f"testing {method.name}")
        try:
            past = _past_forecasts(panel, horizon, method, ats, deadline, seed)
        except NotEnoughData as thin:
            notes.append(thin.note(method.name))
            continue
        if past is None:
            notes.append(Note("no_time", {"method": method.name}))
        elif ats:
            forecasts[method.name] = past
    return Backtest(panel, horizon, ats, forecasts, tuple(notes))


def _past_forecasts(
    panel: Panel,
    horizon: int,
    method: Method,
    ats: tuple[int, ...],
    deadline: Deadline,
    seed: int,
) -> Floats | None:
    """Forecasts (o, n, h) of one method, None when time ran out half-way."""
    result = np.full((len(ats), panel.shape[0], horizon), np.nan)
    for place, at in enumerate(ats):
        if place and deadline():
            return None
        past, begun = panel.as_of(at)
        result[place, begun] = method.fit(past, seed).predict(horizon)
    return result
