"""Forecast consumption: firm orders use up the forecast, so that demand is not counted twice.

APICS: an order consumes the forecast of its own period, then of earlier periods within the
backward window (nearest first), then of later ones within the forward window. What finds no
forecast is demand beyond it. Planned demand of a period = its orders + the forecast left.
Source: APICS Dictionary, "consuming the forecast"; Vollmann et al., Manufacturing Planning and
Control, ch. on demand management.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecasting.methods.series import Floats


class BadConsumption(ValueError):
    """Forecast and orders do not fit together."""


@dataclass(frozen=True, eq=False)
class Consumption:
    """All (…, T), units. consumed + left = forecast; Σ consumed + Σ beyond = Σ orders."""

    consumed: Floats
    left: Floats
    beyond: Floats


def consume(forecast: Floats, orders: Floats, backward: int = 2, forward: int = 1) -> Consumption:
    """Let open firm orders consume the forecast.

    `forecast`, `orders` (T,) or (n, T), units per period, ≥ 0. `backward`, `forward`: periods.
    Orders come first for their own period; then the earliest period's excess searches first.
    Raises `BadConsumption`.

    >>> import numpy as np
    >>> consume(np.array([10.0, 10.0]), np.array([0.0, 14.0]), backward=1).left
    array([6., 0.])
    """
    _check(forecast, orders, backward, forward)
    left = np.array(forecast, dtype=np.float64)
    open_orders = np.array(orders, dtype=np.float64)
    for period, source in _searches(left.shape[-1], backward, forward):
        taken = np.minimum(open_orders[..., period], left[..., source])
        open_orders[..., period] -= taken
        left[..., source] -= taken
    return Consumption(forecast - left, left, open_orders)


def _searches(periods: int, backward: int, forward: int) -> Iterator[tuple[int, int]]:
    """(order's period, forecast's period) in the order in which they meet."""
    yield from ((period, period) for period in range(periods))
    for period in range(periods):
        shifts = [*range(-1, -backward - 1, -1), *range(1, forward + 1)]
        yield from ((period, period + shift) for shift in shifts if 0 <= period + shift < periods)


def _check(forecast: Floats, orders: Floats, backward: int, forward: int) -> None:
    if forecast.shape != orders.shape:
        raise BadConsumption(f"Forecast {forecast.shape} and orders {orders.shape} differ.")
    if backward < 0 or forward < 0:
        raise BadConsumption("A window cannot be negative.")
    for name, values in (("forecast", forecast), ("orders", orders)):
        if not np.isfinite(values).all() or (values < 0).any():
            raise BadConsumption(f"The {name} must be numbers of at least 0.")
