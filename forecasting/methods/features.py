"""What a global model may look at, for one origin and one step ahead.

Everything is read from periods before the origin, except what is known in advance (calendar,
price list, promotions). Changing any value at or after the origin changes no feature; a test
holds that. Demand is divided by the series' own mean as known at the origin, so that one model
serves large and small series.
"""

import numpy as np

from forecasting.methods.series import Dates, Floats, Panel

LAGS = 8
MEANS = (4, 8, 13, 26, 52)


def scale_at(values: Floats, origin: int) -> Floats:
    """Mean demand of each series over the year before the origin, 1 where it was zero, (n,)."""
    past = values[:, max(0, origin - 52) : origin]
    seen = np.isfinite(past)
    mean = np.where(seen, past, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(mean > 0, mean, 1.0)


def at_origin(panel: Panel, origin: int) -> Floats:
    """Features that all steps of one origin share, (n, F): lags, rolling statistics, signals."""
    scale = scale_at(panel.values, origin)
    past = _last(panel.values[:, :origin], 52)
    scaled = past / scale[:, None]
    columns = [scaled[:, -lag] for lag in range(1, LAGS + 1)]
    columns += [_mean(scaled[:, -width:]) for width in MEANS]
    columns += [_spread(scaled[:, -8:]), _spread(scaled[:, -26:])]
    columns += [
        _mean(np.where(np.isfinite(past), past > 0, np.nan)[:, -width:]) for width in (8, 26)
    ]
    columns += [_since_sale(past), np.isfinite(past).sum(axis=1), np.log(scale)]
    for name in sorted(panel.signals):
        columns += _signal(panel.signals[name][:, :origin], scale)
    return np.column_stack(columns).astype(np.float64)


def at_target(panel: Panel, origin: int, step: int) -> Floats:
    """Features of one target period (`step` ≥ 1 after the origin), (n, G).

    Step, the same time last season, calendar, and what is known in advance about the period.
    """
    rows, target = panel.shape[0], origin + step - 1
    scale = scale_at(panel.values, origin)
    past = panel.values[:, :origin]
    columns = [np.full(rows, float(step))]
    columns += [_at(past, target - panel.season) / scale]
    around = [_at(past, target - panel.season + shift) for shift in (-2, -1, 0, 1, 2)]
    columns += [_mean(np.column_stack(around)) / scale]
    columns += [np.full(rows, value) for value in _calendar(panel, target)]
    for name in sorted(panel.known):
        columns += _planned(panel.known[name], origin, target)
    return np.column_stack(columns).astype(np.float64)


def _last(values: Floats, width: int) -> Floats:
    """The last `width` columns, filled with NaN on the left."""
    missing = max(0, width - values.shape[1])
    return np.pad(values[:, -width:], ((0, 0), (missing, 0)), constant_values=np.nan)


def _at(past: Floats, column: int) -> Floats:
    """One column, NaN where it lies outside what is known."""
    if 0 <= column < past.shape[1]:
        return past[:, column]
    return np.full(past.shape[0], np.nan)


def _mean(values: Floats) -> Floats:
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _spread(values: Floats) -> Floats:
    deviation = values - _mean(values)[:, None]
    spread: Floats = np.sqrt(_mean(deviation**2))
    return spread


def _since_sale(past: Floats) -> Floats:
    """Periods since the last sale, the window's width where there was none."""
    sold = np.where(np.isfinite(past), past, 0.0)[:, ::-1] > 0
    since = np.where(sold.any(axis=1), sold.argmax(axis=1), past.shape[1])
    return np.asarray(since, dtype=np.float64)


def _signal(past: Floats, scale: Floats) -> list[Floats]:
    """A leading signal: its last value and last month against demand and against its own year."""
    recent = _last(past, 52)
    month, year = _mean(recent[:, -4:]), _mean(recent)
    usual = np.where(year > 0, year, np.nan)
    return [recent[:, -1] / scale, recent[:, -1] / usual, recent[:, -2] / usual, month / usual]


def _planned(known: Floats, origin: int, target: int) -> list[Floats]:
    """Something known in advance: its value at the target, and against the year before."""
    value = _at(known, target)
    usual = _mean(known[:, max(0, origin - 52) : origin])
    return [value, value / np.where(usual != 0, usual, np.nan)]


def _calendar(panel: Panel, target: int) -> tuple[float, float, float]:
    """Place in the season as a circle, and as a number, 0 … 1."""
    place = (_period_of_year(panel.starts, target, panel.season)) / max(panel.season, 1)
    return float(np.sin(2 * np.pi * place)), float(np.cos(2 * np.pi * place)), place


def _period_of_year(starts: Dates, target: int, season: int) -> float:
    """Running number of the target period inside its year, by its position in the panel."""
    first = starts[0]
    year = first.astype("datetime64[Y]").astype(first.dtype)
    step = int(np.diff(starts[:2]).astype(np.int64)[0]) if len(starts) > 1 else 1
    return float((int((first - year).astype(np.int64)) / max(step, 1) + target) % season)
