"""Dispatch rules: a score per waiting operation, the highest goes first, of equals who came first.

All rules are one formula, which `dispatching` computes when a machine is free:

    worth - max(start_by - now, 0) * urgency - setup * change

where `setup` is the change-over that the operation would need now. Times are in minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import product
from math import log2

import numpy as np
from numpy.typing import NDArray

from .arrays import NONE, Shop
from .jobs import NO_DUE_DATE
from .problem import Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may know beforehand; arrays (N,) by operation.

    `minutes` is an operation's mean time over its machines, `after` the work and lags that follow
    it in its job, `due` and `weight` those of its job.
    """

    due: Floats
    weight: Floats
    minutes: Floats
    after: Floats
    mean_minutes: float
    mean_setup: float


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a rule is made of: `worth` and `start_by` (N,), and the two factors."""

    worth: Floats
    start_by: Floats
    urgency: float = 0.0
    change: float = 0.0


Rule = Callable[[Facts], Scoring]


def fifo(facts: Facts) -> Scoring:
    """First come, first served: all are worth the same."""
    nothing = np.zeros_like(facts.due)
    return Scoring(nothing, nothing)


def edd(facts: Facts) -> Scoring:
    """Earliest due date of the job."""
    return Scoring(-facts.due, np.zeros_like(facts.due))


def atcs(look_ahead: float, setup_weight: float) -> Rule:
    """Apparent tardiness cost with set-ups (Lee, Bhaskaran, Pinedo 1997), as its logarithm.

    log(w/p) - max(d - p - now, 0) / (k1 p̄) - s / (k2 s̄), where d is the job's due date less the
    work that follows. `look_ahead` is k1, `setup_weight` is k2.
    """

    def scoring(facts: Facts) -> Scoring:
        return Scoring(
            worth=np.log(facts.weight / facts.minutes),
            start_by=facts.due - facts.after - facts.minutes,
            urgency=1 / (look_ahead * facts.mean_minutes),
            change=1 / (setup_weight * facts.mean_setup),
        )

    return scoring


LOOK_AHEADS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
SETUP_WEIGHTS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)


def _from_the_middle(point: tuple[float, float]) -> float:
    """Where the best point of a shop usually lies is looked first; a deadline may cut the rest."""
    return abs(log2(point[0] / 2)) + abs(log2(point[1] / 0.2))


ATCS_GRID = {
    f"atcs({k1:g},{k2:g})": atcs(k1, k2)
    for k1, k2 in sorted(product(LOOK_AHEADS, SETUP_WEIGHTS), key=_from_the_middle)
}
RULES: dict[str, dict[str, Rule]] = {"fifo": {"fifo": fifo}, "edd": {"edd": edd}, "atcs": ATCS_GRID}


def facts_of(problem: Problem, shop: Shop) -> Facts:
    """The facts about all jobs of a problem, in the numbering of its shop."""
    steps = shop.steps
    sums = np.concatenate([[0], np.cumsum(shop.choices["minutes"], dtype=np.int64)])
    places = steps["beyond"] - steps["first"]
    total = sums[steps["beyond"]] - sums[steps["first"]]
    minutes = np.where(places > 0, total / np.maximum(places, 1), 1.0)
    after = _after(shop, minutes)
    due, weight = _wanted(problem, shop, minutes + after)
    return Facts(
        due=due[steps["job"]],
        weight=weight[steps["job"]],
        minutes=minutes,
        after=after,
        mean_minutes=float(minutes.mean()) if len(minutes) else 1.0,
        mean_setup=_mean_setup(problem),
    )


def _wanted(problem: Problem, shop: Shop, left: Floats) -> tuple[Floats, Floats]:
    """Due date and weight (J,) of every job; one without a due date has them from what waits for
    it: the earliest minute by which those must begin, and their weights together."""
    due = np.array([job.due for job in problem.jobs], dtype=np.float64)
    weight = np.array([job.weight for job in problem.jobs], dtype=np.float64)
    number = {job.id: at for at, job in enumerate(problem.jobs)}
    open_ended = {job.id for job in problem.jobs if job.due == NO_DUE_DATE}
    if not open_ended:
        return due, weight
    begin_by, total = dict.fromkeys(open_ended, np.inf), dict.fromkeys(open_ended, 0.0)
    length = left[np.flatnonzero(shop.steps["before"] == NONE)]
    order = TopologicalSorter({job.id: job.predecessors for job in problem.jobs}).static_order()
    for job in (problem.job[job_id] for job_id in reversed(list(order))):
        at = number[job.id]
        if job.id in open_ended and total[job.id]:
            lag = job.operations[-1].min_lag_after
            due[at], weight[at] = begin_by[job.id] - lag, total[job.id]
        for before in open_ended.intersection(job.predecessors):
            begin_by[before] = min(begin_by[before], due[at] - length[at])
            total[before] += weight[at]
    return due, weight


def _after(shop: Shop, minutes: Floats) -> Floats:
    """Minutes of work and lags behind each operation in its job."""
    last = shop.steps["after"] == NONE
    behind = minutes + np.where(last, 0, shop.steps["lag"])
    from_here = np.cumsum(behind[::-1])[::-1]
    beyond = from_here[last] - behind[last]  # what belongs to later jobs
    jobs = shop.steps["job"]
    return np.maximum(0.0, from_here - beyond[jobs] - minutes)


def _mean_setup(problem: Problem) -> float:
    minutes = [m for matrix in problem.setups for m in (matrix.default, *matrix.minutes.values())]
    return max(1.0, sum(minutes) / len(minutes)) if minutes else 1.0
