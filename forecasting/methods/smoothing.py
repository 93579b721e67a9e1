"""Simple exponential smoothing over a whole matrix at once.

ℓ_t = ℓ_{t−1} + α (y_t − ℓ_{t−1}), ŷ_{t+k} = ℓ_t; α is the grid point with the smallest squared
one-step error of each series. Source: Gardner (1985), "Exponential smoothing: the state of the
art", Journal of Forecasting 4(1). The loop runs over periods, never over series.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.methods.method import Progress, Repeating, silent
from forecasting.methods.series import Bools, Floats, Panel

ALPHAS: Floats = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9])


def smooth(values: Floats, alphas: Floats = ALPHAS) -> tuple[Floats, Floats]:
    """Last level and squared one-step error for each series and α, both (n, a).

    `values` (n, T), NaN before a series begins. The level starts at the first value.
    """
    rows = values.shape[0]
    level, error = np.zeros((rows, alphas.size)), np.zeros((rows, alphas.size))
    seen = np.isfinite(values)
    begun: Bools = np.zeros(rows, dtype=np.bool_)
    for period in range(values.shape[1]):
        value = np.where(seen[:, period], values[:, period], 0.0)[:, None]
        surprise = np.where(begun[:, None], value - level, 0.0)
        first = seen[:, period] & ~begun
        error += surprise**2
        level = np.where(first[:, None], value, level + alphas * surprise)
        begun = begun | first
    return level, error


@dataclass(frozen=True)
class Smoothing:
    """Simple exponential smoothing, α chosen per series on a grid."""

    name: str = "exponential smoothing"

    def fit(self, panel: Panel, seed: int = 0, progress: Progress = silent) -> Repeating:
        """See `Method.fit`; never lacks data."""
        level, error = smooth(panel.values)
        best = error.argmin(axis=1)[:, None]
        return Repeating(np.take_along_axis(level, best, axis=1))
