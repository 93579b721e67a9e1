"""Dispatch rules: a score per waiting operation, the highest goes first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The operations that wait for one machine, arrays of one length, in minutes.

    `minutes` is an operation's mean time over its machines, `after` the work and lags that follow
    it in its job, `setup` the change-over it would need now.
    """

    now: int
    ready: Floats
    due: Floats
    weight: Floats
    minutes: Floats
    after: Floats
    setup: Floats
    mean_minutes: float
    mean_setup: float


Rule = Callable[[Waiting], Floats]


def fifo(waiting: Waiting) -> Floats:
    """First come, first served."""
    return -waiting.ready


def edd(waiting: Waiting) -> Floats:
    """Earliest due date of the job."""
    return -waiting.due


def atcs(look_ahead: float, setup_weight: float) -> Rule:
    """Apparent tardiness cost with set-ups (Lee, Bhaskaran, Pinedo 1997), as its logarithm.

    log(w/p) - max(d - p - now, 0) / (k1 p̄) - s / (k2 s̄), where d is the job's due date less the
    work that follows. `look_ahead` is k1, `setup_weight` is k2.
    """

    def score(waiting: Waiting) -> Floats:
        slack = waiting.due - waiting.after - waiting.minutes - waiting.now
        urgency = np.maximum(slack, 0.0) / (look_ahead * waiting.mean_minutes)
        changes = waiting.setup / (setup_weight * waiting.mean_setup)
        result: Floats = np.log(waiting.weight / waiting.minutes) - urgency - changes
        return result

    return score


ATCS_GRID = {
    f"atcs({k1:g},{k2:g})": atcs(k1, k2) for k1, k2 in product((1.0, 4.0, 12.0), (0.2, 0.8))
}
RULES: dict[str, dict[str, Rule]] = {"fifo": {"fifo": fifo}, "edd": {"edd": edd}, "atcs": ATCS_GRID}
