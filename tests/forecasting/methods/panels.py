"""Small panels that several tests share."""

import numpy as np

from forecasting.methods.series import Dates, Floats, Panel


def weeks(count: int) -> Dates:
    first = np.datetime64("2023-01-02", "D")
    return first + 7 * np.arange(count)


def panel(values: Floats | list[list[float]], season: int = 52) -> Panel:
    matrix = np.array(values, dtype=np.float64)
    ids = tuple(f"P{row}" for row in range(matrix.shape[0]))
    return Panel(matrix, ids, weeks(matrix.shape[1]), season)


def poisson_shop(rows: int = 20, periods: int = 70, mean: float = 6.0, seed: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    return panel(rng.poisson(mean, (rows, periods)).astype(np.float64))
