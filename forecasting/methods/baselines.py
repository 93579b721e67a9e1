"""The simple rules that stand in when data are thin and that every method must beat.

Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), §5.2.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.methods.method import Progress, Repeating, silent
from forecasting.methods.series import Panel


@dataclass(frozen=True)
class SeasonalNaive:
    """The same period of the last season; a series younger than a season gets its mean."""

    name: str = "seasonal naive"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        """See `Method.fit`; never lacks data."""
        rows, periods = panel.shape
        season = np.full((rows, panel.season), np.nan)
        width = min(panel.season, periods)
        season[:, panel.season - width :] = panel.values[:, -width:]
        young = ~np.isfinite(season).all(axis=1)
        mean = np.nanmean(panel.values, axis=1)
        return Repeating(np.where(young[:, None], mean[:, None], season))


@dataclass(frozen=True)
class Naive:
    """The last period again."""

    name: str = "naive"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        """See `Method.fit`; never lacks data."""
        return Repeating(panel.values[:, -1:])


@dataclass(frozen=True)
class Mean:
    """The mean of the last `window` periods (a year of weeks)."""

    window: int = 52
    name: str = "mean"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        """See `Method.fit`; never lacks data."""
        return Repeating(np.nanmean(panel.values[:, -self.window :], axis=1, keepdims=True))
