"""What if? Two simulated plans side by side, each replication under the same luck."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from .disturbances import Floats
from .simulating import Simulated


class UnlikeRunsError(ValueError):
    """The two runs do not have the same number of replications, or fewer than two."""


@dataclass(frozen=True, slots=True)
class JobShift:
    """A job in both plans: change of its mean and P90 finish in minutes, of its chance to be in
    time."""

    job_id: str
    mean: float
    p90: float
    on_time: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second plan less the first; less is better.

    `objective` is the mean change, `low` to `high` its interval of confidence, `better` the share
    of the replications in which the second plan cost less, `late_jobs` the mean change of their
    number. `jobs` are those that both plans hold, who gains most first.
    """

    objective: float
    low: float
    high: float
    better: float
    late_jobs: float
    jobs: tuple[JobShift, ...]


def compared(before: Simulated, after: Simulated, confidence: float = 0.95) -> Comparison:
    """Paired differences of two runs with one seed (common random numbers; Law, Simulation
    Modeling and Analysis, chapter 11). Raises UnlikeRunsError."""
    if before.replications != after.replications or before.replications < 2:
        raise UnlikeRunsError(f"{before.replications} and {after.replications} replications")
    change = (after.objective - before.objective).astype(np.float64)
    mean, half = float(change.mean()), _half_width(change, confidence)
    return Comparison(
        mean,
        mean - half,
        mean + half,
        float((change < 0).mean()),
        float(after.late_jobs.mean() - before.late_jobs.mean()),
        _shifts(before, after),
    )


def _half_width(change: Floats, confidence: float) -> float:
    n = len(change)
    return float(t.ppf((1 + confidence) / 2, n - 1) * change.std(ddof=1) / np.sqrt(n))


def _shifts(before: Simulated, after: Simulated) -> tuple[JobShift, ...]:
    first = {job_id: at for at, job_id in enumerate(before.job_ids)}
    both = [(one, first[one], at) for at, one in enumerate(after.job_ids) if one in first]
    p90 = before.quantile(0.9), after.quantile(0.9)
    on_time = before.on_time, after.on_time
    mean = before.finish.mean(axis=0), after.finish.mean(axis=0)
    shifts = [
        JobShift(one, *(float(figure[1][j] - figure[0][i]) for figure in (mean, p90, on_time)))
        for one, i, j in both
    ]
    return tuple(sorted(shifts, key=lambda shift: (shift.mean, shift.job_id)))
