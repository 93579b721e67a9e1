"""Measures of forecast accuracy.

Arrays: `actual`, `forecast` (n, h); `history` (n, T), NaN before a series begins; `quantiles`
(n, h, 9) at `LEVELS`. A NaN in `actual` is left out everywhere (demand that could not show).
Errors are in units of demand, all measures without unit. A measure that nothing is known about
(no actual, no scale) is NaN.
"""

import numpy as np

from forecasting.methods.series import Floats

LEVELS: Floats = np.arange(1, 10) / 10


def _ratio(over: float, under: float) -> float:
    return float(over / under) if under > 0 else float("nan")


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def naive_scale(history: Floats) -> Floats:
    """Mean squared one-step naive difference since the first non-zero value, (n,).

    scale = 1 / (T − f) · Σ_{t>f} (y_t − y_{t−1})², f the first period with y ≠ 0. NaN where there
    is no such difference, or all are zero.
    """
    values = np.where(np.isfinite(history), history, 0.0)
    begun = np.logical_or.accumulate(values != 0, axis=1)[:, :-1]
    count = begun.sum(axis=1)
    total = (np.where(begun, np.diff(values, axis=1), 0.0) ** 2).sum(axis=1)
    return np.where(total > 0, total / np.maximum(count, 1), np.nan)


def rmsse_per_series(actual: Floats, forecast: Floats, history: Floats) -> Floats:
    """√(mean_h (y − ŷ)² / scale) of each series, (n,); see `naive_scale`."""
    known = np.isfinite(actual)
    squares = (np.where(known, actual - forecast, 0.0) ** 2).sum(axis=1)
    count = known.sum(axis=1)
    mse = np.where(count > 0, squares / np.maximum(count, 1), np.nan)
    scaled: Floats = np.sqrt(mse / naive_scale(history))
    return scaled


def rmsse(actual: Floats, forecast: Floats, history: Floats) -> float:
    """Root mean squared scaled error: mean of `rmsse_per_series` (Makridakis et al., M5).

    Series without a scale (constant, or never sold) are left out.

    >>> import numpy as np
    >>> rmsse(np.array([[4.0]]), np.array([[2.0]]), np.array([[1.0, 2.0, 1.0]]))
    2.0
    """
    return _mean(rmsse_per_series(actual, forecast, history))


def wrmsse(actual: Floats, forecast: Floats, history: Floats, last: int = 26) -> float:
    """Σ w_i RMSSE_i / Σ w_i, w_i the series' sum over its `last` training periods."""
    errors = rmsse_per_series(actual, forecast, history)
    known = np.isfinite(errors)
    weights = np.nansum(history[:, -last:], axis=1)[known]
    return _ratio(float((weights * errors[known]).sum()), float(weights.sum()))


def wape(actual: Floats, forecast: Floats) -> float:
    """Weighted absolute percentage error: Σ|y − ŷ| / Σ|y|."""
    return _ratio(float(np.nansum(np.abs(actual - forecast))), float(np.nansum(np.abs(actual))))


def bias(actual: Floats, forecast: Floats) -> float:
    """Σ(ŷ − y) / Σ|y|: above zero when too much is forecast."""
    return _ratio(float(np.nansum(forecast - actual)), float(np.nansum(np.abs(actual))))


def wql(actual: Floats, quantiles: Floats) -> float:
    """Weighted quantile loss: mean over q of 2·Σ pinball_q(y, ŷ_q) / Σ|y|.

    pinball_q = q·(y − ŷ_q) where y ≥ ŷ_q, else (1 − q)·(ŷ_q − y).
    """
    above = actual[:, :, None] - quantiles
    pinball = np.nansum(np.maximum(LEVELS * above, (LEVELS - 1) * above), axis=(0, 1))
    return _ratio(float(2 * pinball.mean()), float(np.nansum(np.abs(actual))))


def coverage80(actual: Floats, quantiles: Floats) -> float:
    """Share of actuals inside [q.1, q.9], ends included; .8 where it is honest."""
    known = np.isfinite(actual)
    inside = (actual >= quantiles[:, :, 0]) & (actual <= quantiles[:, :, 8])
    return _ratio(float((inside & known).sum()), float(known.sum()))


def mase(actual: Floats, forecast: Floats, history: Floats, season: int = 1) -> float:
    """Mean absolute scaled error (Hyndman & Koehler 2006), mean over series.

    mean_h |y − ŷ| over mean_t |y_t − y_{t−season}| of the history. Series whose scale is zero or
    unknown are left out.
    """
    known = np.isfinite(actual)
    count = np.maximum(known.sum(axis=1), 1)
    error = np.where(known, np.abs(actual - forecast), 0.0).sum(axis=1) / count
    steps = np.abs(history[:, season:] - history[:, :-season])
    seen = np.isfinite(steps)
    scale = np.where(seen, steps, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    usable = (scale > 0) & known.any(axis=1)
    return _mean(error[usable] / scale[usable])


def smape(actual: Floats, forecast: Floats) -> float:
    """Symmetric error of the M competitions as a fraction: mean 2|y − ŷ| / (|y| + |ŷ|), 0 … 2.

    Both zero counts as no error.
    """
    under = np.abs(actual) + np.abs(forecast)
    error = 2 * np.abs(actual - forecast) / np.where(under > 0, under, 1.0)
    return _mean(error)
