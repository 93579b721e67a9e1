"""What is to be made: jobs and their operations. Times are whole minutes from the plan's origin."""

from dataclasses import dataclass
from itertools import pairwise

from .errors import DuplicateIdError, DurationError, LagError, SequenceError, UnknownReferenceError

NO_DUE_DATE = 1 << 30  # of a job that is wanted only by what waits for it


@dataclass(frozen=True, slots=True)
class Alternative:
    """One machine that can do an operation, and its open minutes there."""

    machine_id: str
    minutes: int

    def __post_init__(self) -> None:
        if self.minutes < 1:
            raise DurationError(f"{self.machine_id}: an operation takes at least one minute")


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a started, finished or frozen operation stands; it never moves.

    Without `end` the end follows from the alternative's minutes and the calendar. A pin is a fact:
    calendar, release and order among pins are not judged. At `start <= 0` its set-up is over.
    """

    machine_id: str
    start: int
    end: int | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise DurationError(f"pinned on {self.machine_id}: ends before it starts")


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a job.

    Lags run on the wall clock, from this operation's end to the next one's start. On a job's last
    operation the minimum lag holds back dependent jobs; a maximum there means nothing. A splittable
    operation pauses while its machine is closed; another needs set-up and processing in one window.

    It holds one unit of each of its `pools` from the start of its set-up to its end. Where a pool
    is away the machine counts as closed for it. A pinned operation holds them from its start, and
    goes without where earlier pins hold all.

    Of the capacity of a rack or plate it takes its `size`, and its minutes there are its own part
    of the batch's; without a size it runs alone. It shares with others of its set-up family that
    need the same pools. What is pinned to one rack or plate with one start and end is one batch,
    and nobody joins it.

    After `transfer` pieces each it hands on what is made, all at once where that is 0; the next
    step may begin as soon as no lot will be wanted before it is there. Its minimum lag holds for
    every lot. What has a size runs, and hands on, as a whole.
    """

    id: str
    job_id: str
    sequence: int
    alternatives: tuple[Alternative, ...]
    setup_family: str = ""
    min_lag_after: int = 0
    max_lag_after: int | None = None
    splittable: bool = True
    pinned: Pin | None = None
    pools: tuple[str, ...] = ()
    size: int = 0
    transfer: int = 0

    def __post_init__(self) -> None:
        if self.size < 0:
            raise DurationError(f"{self.id}: takes less than nothing of a rack or plate")
        if self.transfer < 0:
            raise DurationError(f"{self.id}: hands on less than nothing")
        if self.min_lag_after < 0:
            raise LagError(f"{self.id}: negative lag")
        if self.max_lag_after is not None and self.max_lag_after < self.min_lag_after:
            raise LagError(f"{self.id}: the maximum lag is below the minimum")
        machines = self.machine_ids
        if len(set(machines)) < len(machines):
            raise DuplicateIdError(f"{self.id}: a machine is named twice")
        if len(set(self.pools)) < len(self.pools):
            raise DuplicateIdError(f"{self.id}: a pool is named twice")
        if self.pinned and self.pinned.end is None and self.pinned.machine_id not in machines:
            raise UnknownReferenceError(f"{self.id}: its pin has neither minutes nor an end")

    @property
    def machine_ids(self) -> tuple[str, ...]:
        """Machines that can do it."""
        return tuple(one.machine_id for one in self.alternatives)

    def minutes_on(self, machine_id: str) -> int | None:
        """Open minutes on a machine, None where it cannot be done."""
        return next((a.minutes for a in self.alternatives if a.machine_id == machine_id), None)


@dataclass(frozen=True, slots=True)
class Job:
    """A work order for some pieces: operations in sequence, ready at `release`, wanted by `due`.

    `firm=False` marks a forecast job, which never displaces a firm one. `predecessors` name jobs
    that must be finished first (multi-level work orders). With `NO_DUE_DATE` lateness costs
    nothing, and rules go by the due dates of the jobs that wait for it.
    """

    id: str
    operations: tuple[Operation, ...]
    due: int
    release: int = 0
    weight: int = 1
    firm: bool = True
    predecessors: tuple[str, ...] = ()
    quantity: int = 1

    def __post_init__(self) -> None:
        if not self.operations:
            raise SequenceError(f"{self.id}: no operations")
        if any(operation.job_id != self.id for operation in self.operations):
            raise SequenceError(f"{self.id}: holds an operation of another job")
        if any(b.sequence <= a.sequence for a, b in pairwise(self.operations)):
            raise SequenceError(f"{self.id}: operations are out of order")
        if self.weight < 1:
            raise DurationError(f"{self.id}: the weight is a positive whole number")
        if self.quantity < 1:
            raise DurationError(f"{self.id}: makes no pieces")
