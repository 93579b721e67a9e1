"""What is to be planned: machines, jobs, set-ups.

Times are whole minutes from the plan's origin; 0 is now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from .worktime import OpenTime, Window, shared


class ProblemError(ValueError):
    """The data contradict themselves; nothing can be planned from them."""


class WindowError(ProblemError):
    """Working windows are empty, overlap or are out of order."""


class DurationError(ProblemError):
    """A time or a weight is not a sensible number."""


class LagError(ProblemError):
    """A lag is negative, or its maximum is below its minimum."""


class SequenceError(ProblemError):
    """The operations of a job are missing, out of order or belong to another job."""


class DuplicateIdError(ProblemError):
    """Two things carry one id."""


class UnknownReferenceError(ProblemError):
    """Something names a machine, pool or job that is not in the problem."""


class CyclicJobsError(ProblemError):
    """Jobs wait for each other in a circle."""


class Reason(StrEnum):
    """Why a job is set aside."""

    NO_MACHINE = "no_machine"
    NO_WINDOW = "no_window"
    MAX_LAG = "max_lag"
    PIN_CONFLICT = "pin_conflict"
    PIN_ORDER = "pin_order"
    PREDECESSOR = "predecessor"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Impossible:
    """A job that is set aside, and why. The rest is planned."""

    job_id: str
    reason: Reason
    text: str
    operation_id: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and its open windows `[start, end)`, sorted and disjoint.

    The last window's end is the horizon. Let the windows reach back to the earliest pinned start,
    or give pins their end. At an `unlimited` one nothing queues or needs a set-up: a subcontractor,
    whose lead time counts in its windows, or an oven that always has room.
    """

    id: str
    group: str
    windows: tuple[Window, ...]
    setup_family: str | None = None
    available_from: int = 0
    unlimited: bool = False

    def __post_init__(self) -> None:
        _require_windows(self.id, self.windows)


@dataclass(frozen=True, slots=True)
class Pool:
    """People or tools that work needs besides its machine: `units` alike, there in the windows.

    Two welders on day shift, one drill head. Windows are `[start, end)`, sorted and disjoint.
    """

    id: str
    units: int
    windows: tuple[Window, ...]

    def __post_init__(self) -> None:
        _require_windows(self.id, self.windows)
        if self.units < 1:
            raise DurationError(f"{self.id}: a pool has at least one unit")


def _require_windows(owner: str, windows: Iterable[Window]) -> None:
    windows = tuple(windows)
    if any(start >= end for start, end in windows):
        raise WindowError(f"{owner}: a window ends before it starts")
    if any(later[0] < earlier[1] for earlier, later in pairwise(windows)):
        raise WindowError(f"{owner}: windows overlap or are out of order")


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

    def __post_init__(self) -> None:
        if self.min_lag_after < 0:
            raise LagError(f"{self.id}: negative lag")
        if self.max_lag_after is not None and self.max_lag_after < self.min_lag_after:
            raise LagError(f"{self.id}: the maximum lag is below the minimum")
        machines = [a.machine_id for a in self.alternatives]
        if len(set(machines)) < len(machines):
            raise DuplicateIdError(f"{self.id}: a machine is named twice")
        if len(set(self.pools)) < len(self.pools):
            raise DuplicateIdError(f"{self.id}: a pool is named twice")
        if self.pinned and self.pinned.end is None and self.pinned.machine_id not in machines:
            raise UnknownReferenceError(f"{self.id}: its pin has neither minutes nor an end")

    def minutes_on(self, machine_id: str) -> int | None:
        """Open minutes on a machine, None where it cannot be done."""
        return next((a.minutes for a in self.alternatives if a.machine_id == machine_id), None)


@dataclass(frozen=True, slots=True)
class Job:
    """A work order: operations in sequence, ready at `release`, wanted by `due`.

    `firm=False` marks a forecast job, which never displaces a firm one. `predecessors` name jobs
    that must be finished first (multi-level work orders).
    """

    id: str
    operations: tuple[Operation, ...]
    due: int
    release: int = 0
    weight: int = 1
    firm: bool = True
    predecessors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.operations:
            raise SequenceError(f"{self.id}: no operations")
        if any(operation.job_id != self.id for operation in self.operations):
            raise SequenceError(f"{self.id}: holds an operation of another job")
        if any(b.sequence <= a.sequence for a, b in pairwise(self.operations)):
            raise SequenceError(f"{self.id}: operations are out of order")
        if self.weight < 1:
            raise DurationError(f"{self.id}: the weight is a positive whole number")


@dataclass(frozen=True, slots=True)
class SetupMatrix:
    """Change-over minutes of a machine group; the same family needs none.

    >>> paint = SetupMatrix("paint", {("black", "white"): 40}, default=15, initial={"white": 5})
    >>> paint.between("black", "white"), paint.between(None, "white")
    (40, 5)
    """

    group: str
    minutes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    default: int = 0
    initial: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min([self.default, *self.minutes.values(), *self.initial.values()]) < 0:
            raise DurationError(f"{self.group}: a change-over takes negative time")

    def between(self, before: str | None, after: str) -> int:
        """Minutes from one family to the next; `None` is a machine that was never set up."""
        if before == after:
            return 0
        if before is None:
            return self.initial.get(after, self.default)
        return self.minutes.get((before, after), self.default)


@dataclass(frozen=True)
class Problem:
    """Everything a plan is made from. Raises a `ProblemError` on contradictory data.

    No forecast job starts before the minute `fence`, and one that is due by then has expired,
    unless it has begun or a firm job waits for it.
    """

    machines: tuple[Machine, ...]
    jobs: tuple[Job, ...]
    setups: tuple[SetupMatrix, ...] = ()
    pools: tuple[Pool, ...] = ()
    fence: int = 0

    def __post_init__(self) -> None:
        _require_unique("machine", (machine.id for machine in self.machines))
        _require_unique("job", (job.id for job in self.jobs))
        _require_unique("operation", (operation.id for operation in self.operations()))
        _require_unique("set-up matrix", (matrix.group for matrix in self.setups))
        _require_unique("pool", (pool.id for pool in self.pools))
        self._require_known_references()
        self._require_acyclic_jobs()

    def _require_known_references(self) -> None:
        for operation in self.operations():
            named = [a.machine_id for a in operation.alternatives]
            named += [operation.pinned.machine_id] if operation.pinned else []
            for machine_id in named:
                if machine_id not in self.machine:
                    raise UnknownReferenceError(f"{operation.id}: no machine {machine_id}")
            for pool_id in operation.pools:
                if pool_id not in self.pool:
                    raise UnknownReferenceError(f"{operation.id}: no pool {pool_id}")
        for job in self.jobs:
            for predecessor in job.predecessors:
                if predecessor not in self.job:
                    raise UnknownReferenceError(f"{job.id}: no job {predecessor}")

    def _require_acyclic_jobs(self) -> None:
        waiting = {job.id: set(job.predecessors) for job in self.jobs}
        while waiting:
            free = {job_id for job_id, before in waiting.items() if not before & waiting.keys()}
            if not free:
                raise CyclicJobsError(
                    f"these jobs wait for each other: {', '.join(sorted(waiting))}"
                )
            waiting = {job_id: before for job_id, before in waiting.items() if job_id not in free}

    def operations(self) -> Iterator[Operation]:
        """Every operation, job by job."""
        return (operation for job in self.jobs for operation in job.operations)

    @cached_property
    def machine(self) -> dict[str, Machine]:
        """Machines by id."""
        return {machine.id: machine for machine in self.machines}

    @cached_property
    def job(self) -> dict[str, Job]:
        """Jobs by id."""
        return {job.id: job for job in self.jobs}

    @cached_property
    def operation(self) -> dict[str, Operation]:
        """Operations by id."""
        return {operation.id: operation for operation in self.operations()}

    @cached_property
    def open_time(self) -> dict[str, OpenTime]:
        """Working-time arithmetic by machine id."""
        return {machine.id: OpenTime(machine.windows) for machine in self.machines}

    @cached_property
    def pool(self) -> dict[str, Pool]:
        """Pools by id."""
        return {pool.id: pool for pool in self.pools}

    def windows_for(self, operation: Operation, machine_id: str) -> tuple[Window, ...]:
        """When an operation can be worked on a machine: it and all pools are there. What is pinned
        stands by the machine's calendar alone."""
        return self.windows_with(machine_id, () if operation.pinned else operation.pools)

    def windows_with(self, machine_id: str, pools: tuple[str, ...]) -> tuple[Window, ...]:
        """When a machine is open and pools are there."""
        windows = self.machine[machine_id].windows
        if pools and (machine_id, pools) not in self._windows:
            found = shared(windows, *(self.pool[one].windows for one in pools))
            self._windows[machine_id, pools] = windows if found == windows else found
        return self._windows[machine_id, pools] if pools else windows

    def time_for(self, operation: Operation, machine_id: str) -> OpenTime:
        """Working-time arithmetic for an operation on a machine."""
        windows = self.windows_for(operation, machine_id)
        if windows is self.machine[machine_id].windows:
            return self.open_time[machine_id]
        key = machine_id, operation.pools
        if key not in self._times:
            self._times[key] = OpenTime(windows)
        return self._times[key]

    @cached_property
    def _windows(self) -> dict[tuple[str, tuple[str, ...]], tuple[Window, ...]]:
        return {}

    @cached_property
    def _times(self) -> dict[tuple[str, tuple[str, ...]], OpenTime]:
        return {}

    def pools_of(self, operation: Operation) -> tuple[str, ...]:
        """The pools of which an operation holds a unit; a pinned one may go without."""
        if not operation.pinned:
            return operation.pools
        return tuple(one for one in operation.pools if (operation.id, one) not in self._without)

    @cached_property
    def _without(self) -> set[tuple[str, str]]:
        """Pinned operations and pools of which other pins hold all units when they start."""
        without: set[tuple[str, str]] = set()
        held: dict[str, list[int]] = {pool.id: [] for pool in self.pools}
        clashing = {one.job_id for one in self.impossible if one.reason == Reason.PIN_CONFLICT}
        pinned = [
            one
            for one in self.operations()
            if one.pinned and one.pools and one.job_id not in clashing
        ]
        spans = [(span, one.id, one) for one in pinned if (span := self.pinned_span(one))]
        for (start, end), _, operation in sorted(spans, key=lambda one: one[:2]):
            for pool_id in operation.pools:
                until = held[pool_id] = [one for one in held[pool_id] if one > start]
                if len(until) < self.pool[pool_id].units:
                    until.append(end)
                else:
                    without.add((operation.id, pool_id))
        return without

    @cached_property
    def matrix(self) -> dict[str, SetupMatrix]:
        """Set-up matrices by machine id; a group without one needs no set-ups."""
        by_group = {matrix.group: matrix for matrix in self.setups}
        return {
            m.id: SetupMatrix(m.group)
            if m.unlimited
            else by_group.get(m.group, SetupMatrix(m.group))
            for m in self.machines
        }

    def is_foreseen(self, job: Job) -> bool:
        """Whether a job is made for the forecast alone: not begun, and no firm job waits for it."""
        begun = any(operation.pinned for operation in job.operations)
        return not (job.firm or begun or job.id in self._firm)

    @cached_property
    def _firm(self) -> set[str]:
        return self.with_predecessors(job.id for job in self.jobs if job.firm)

    def has_expired(self, job: Job) -> bool:
        """Whether a job was foreseen for days that are locked by now."""
        return 0 < self.fence >= job.due and self.is_foreseen(job)

    def earliest(self, job: Job) -> int:
        """The minute from which a job may start."""
        return max(0, job.release, self.fence if self.is_foreseen(job) else 0)

    def with_predecessors(self, job_ids: Iterable[str]) -> set[str]:
        """These jobs and every job that they wait for."""
        found: set[str] = set()
        open_ids = list(job_ids)
        while open_ids:
            job_id = open_ids.pop()
            if job_id not in found:
                found.add(job_id)
                open_ids.extend(self.job[job_id].predecessors)
        return found

    def pinned_span(self, operation: Operation) -> tuple[int, int] | None:
        """Start and end of a pinned operation; None when it runs past the last window."""
        pin = operation.pinned
        if pin is None:
            raise ValueError(f"{operation.id} is not pinned")
        if pin.end is not None:
            return pin.start, pin.end
        open_time = self.open_time[pin.machine_id]
        work = open_time.worked(pin.start) + (operation.minutes_on(pin.machine_id) or 0)
        return (pin.start, open_time.end_at(work)) if work <= open_time.total else None

    @cached_property
    def impossible(self) -> tuple[Impossible, ...]:
        """Jobs that no plan can hold, in the order of `jobs`."""
        found = {job.id: reason for job in self.jobs if (reason := _alone(self, job))}
        while clash := _pin_clash(self, found):
            found[clash.job_id] = clash
        while orphan := _orphan(self, found):
            found[orphan.job_id] = orphan
        return tuple(found[job.id] for job in self.jobs if job.id in found)

    def validate(self) -> list[Impossible]:
        """Jobs that are set aside, each with its reason. A job passes when it could be made alone.

        Crowding can still push a job past the horizon or its maximum lag; the engine then sets it
        aside in the schedule.
        """
        return list(self.impossible)


def _require_unique(kind: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise DuplicateIdError(f"two {kind} entries are called {one}")
        seen.add(one)


def _alone(problem: Problem, job: Job) -> Impossible | None:
    """The reason why a job could not be made even in an empty shop, or None."""
    if problem.has_expired(job):
        text = "It was foreseen for days that are locked by now, and nobody has ordered it."
        return Impossible(job.id, Reason.EXPIRED, text)
    for operation, following in pairwise(job.operations):
        if following.pinned and not operation.pinned:
            text = "A later step is already started or frozen, but this one is still open."
            return Impossible(job.id, Reason.PIN_ORDER, text, operation.id)
    for operation in job.operations:
        if not operation.alternatives and not operation.pinned:
            text = "No machine can do this step."
            return Impossible(job.id, Reason.NO_MACHINE, text, operation.id)
    bounds = [0] * len(job.operations)
    while True:
        outcome = _walk(problem, job, bounds)
        if not isinstance(outcome, int):
            return outcome
        if job.operations[outcome].pinned:
            return _lag_missed(job, outcome)


def _walk(problem: Problem, job: Job, bounds: list[int]) -> Impossible | int | None:
    """One pass through a job alone; raises `bounds[i]`, the earliest end of operation i, and
    returns i where the next operation cannot start within the maximum lag."""
    ready = problem.earliest(job)
    limit: int | None = None
    for i, operation in enumerate(job.operations):
        spans = _spans(problem, operation, ready, bounds[i])
        if not spans:
            text = "No working time long enough is left for this step before the calendar ends."
            delayed = any(bounds[: i + 1])
            missed = _lag_missed(job, max(0, i - 1))
            return missed if delayed else Impossible(job.id, Reason.NO_WINDOW, text, operation.id)
        first_start, first_end = min(s for s, _ in spans), min(e for _, e in spans)
        if limit is not None and first_start > limit and not operation.pinned:
            bounds[i - 1] = first_start - (job.operations[i - 1].max_lag_after or 0)
            return i - 1
        ready = max(ready, first_end + operation.min_lag_after)
        limit = None if operation.max_lag_after is None else first_end + operation.max_lag_after
    return None


def _spans(problem: Problem, operation: Operation, ready: int, bound: int) -> list[tuple[int, int]]:
    """Earliest start and end per alternative in an empty shop, set-ups left out."""
    if operation.pinned:
        span = problem.pinned_span(operation)
        return [span] if span else []
    spans = []
    for alternative in operation.alternatives:
        open_time = problem.time_for(operation, alternative.machine_id)
        free = max(ready, problem.machine[alternative.machine_id].available_from)
        work = max(open_time.worked(free), open_time.reached(bound) - alternative.minutes)
        start = open_time.fit(work, 0, alternative.minutes, splittable=operation.splittable)
        if start is not None:
            end = open_time.end_at(start + alternative.minutes)
            spans.append((open_time.start_at(start), end))
    return spans


def _lag_missed(job: Job, i: int) -> Impossible:
    text = "The next step cannot start within the longest wait allowed after this one."
    return Impossible(job.id, Reason.MAX_LAG, text, job.operations[i].id)


def _pin_clash(problem: Problem, found: Mapping[str, Impossible]) -> Impossible | None:
    """The first pin that collides with an earlier one on its machine; the past is not judged."""
    pins: dict[str, list[tuple[int, int, Operation]]] = {}
    for operation in problem.operations():
        known = found.get(operation.job_id)
        if operation.pinned and not (known and known.reason == Reason.PIN_CONFLICT):
            span = problem.pinned_span(operation)
            if span and not problem.machine[operation.pinned.machine_id].unlimited:
                pins.setdefault(operation.pinned.machine_id, []).append((*span, operation))
    for machine_id, spans in pins.items():
        spans.sort(key=lambda span: (span[0], span[1], span[2].id))
        for (_, end, first), (start, _, second) in pairwise(spans):
            setup_from = _pinned_setup(problem, machine_id, first, second, start)
            crowded = setup_from < problem.open_time[machine_id].worked(end)
            if end > 0 and (crowded or end > start):
                text = "Its frozen start collides with other started or frozen work."
                return Impossible(second.job_id, Reason.PIN_CONFLICT, text, second.id)
    return None


def _pinned_setup(
    problem: Problem, machine_id: str, first: Operation, second: Operation, start: int
) -> int:
    """Open minute at which the set-up of a pinned operation begins."""
    matrix = problem.matrix[machine_id]
    setup = matrix.between(first.setup_family, second.setup_family) if start > 0 else 0
    return problem.open_time[machine_id].worked(start) - setup


def _orphan(problem: Problem, found: Mapping[str, Impossible]) -> Impossible | None:
    for job in problem.jobs:
        lost = [p for p in job.predecessors if p in found]
        if lost and job.id not in found:
            text = f"It needs {lost[0]}, which cannot be planned."
            return Impossible(job.id, Reason.PREDECESSOR, text)
    return None
