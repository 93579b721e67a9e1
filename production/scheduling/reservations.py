"""Capacity that is held for some orders: a stretch of a machine in which nothing else runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import ReservationError
from .jobs import Job
from .worktime import Window

ALL: Window = (-(1 << 30), 1 << 30)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A stretch `[start, end)` of a machine that is held for the named jobs, and for firm jobs of
    at least a `weight`. They may run there and elsewhere; the change-over, work and pauses of any
    other job keep out of it. Nobody has to be in the problem yet; without a name and a weight it
    is held for nobody.
    """

    machine_id: str
    start: int
    end: int
    job_ids: tuple[str, ...] = ()
    weight: int | None = None

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ReservationError(f"{self.machine_id}: a reservation ends before it starts")

    def admits(self, job: Job) -> bool:
        """Whether it is held for a job."""
        weighty = self.weight is not None and job.firm and job.weight >= self.weight
        return weighty or job.id in self.job_ids


def between(barred: Iterable[Window]) -> tuple[Window, ...]:
    """What is left of all time without some stretches.

    >>> between([(10, 20), (15, 30)])[1]
    (30, 1073741824)
    """
    found, at = [], ALL[0]
    for start, end in sorted(barred):
        if at < start:
            found.append((at, start))
        at = max(at, end)
    return (*found, (at, ALL[1]))
