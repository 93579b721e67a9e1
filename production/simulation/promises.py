"""How much a promise must add to a planned finish so that it is kept often enough."""

from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from .disturbances import Floats


class TooFewError(ValueError):
    """So few finishes say nothing about this level of service."""


def allowance(planned: ArrayLike, actual: ArrayLike, level: float) -> int:
    """Minutes to add to planned finishes so that the next one holds with probability `level`.

    Parameters
    ----------
    planned, actual : minutes of the same n orders, from any origin; or `actual` (R, n), simulated
    level : share of promises to be kept, above 0 and below 1: 0.5, 0.9 …

    The ⌈(n + 1) level⌉-th smallest of actual − planned (split conformal prediction: Vovk,
    Gammerman, Shafer 2005): if the next order is like these, its promise holds at least so often,
    whatever the distribution. Negative where orders are done earlier than planned. Raises
    TooFewError if n is below level / (1 − level).

    Examples
    --------
    >>> allowance([0] * 9, [1, 2, 3, 4, 5, 6, 7, 8, 9], 0.5), allowance([0] * 9, range(1, 10), 0.9)
    (5, 9)
    """
    if not 0 < level < 1:
        raise ValueError("a level of service lies between 0 and 1")
    behind = np.sort(_behind(planned, actual))
    # not a hair above a whole number: 0.9 × 10 is 9
    rank = ceil(round((len(behind) + 1) * level, 9))
    if rank > len(behind):
        raise TooFewError(f"{len(behind)} finishes are too few for a level of {level}")
    return ceil(behind[rank - 1])


def held(planned: ArrayLike, actual: ArrayLike, added: int) -> float:
    """Share of promises, `added` minutes after the planned finish, that were kept."""
    behind = _behind(planned, actual)
    if not len(behind):
        raise TooFewError("no finishes")
    return float((behind <= added).mean())


def _behind(planned: ArrayLike, actual: ArrayLike) -> Floats:
    return (np.asarray(actual, dtype=np.float64) - np.asarray(planned, dtype=np.float64)).ravel()
