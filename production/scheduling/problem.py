"""What is to be planned, and which jobs no plan can hold.

Times are whole minutes from the plan's origin; 0 is now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from .errors import (
    BatchError,
    CyclicJobsError,
    DuplicateIdError,
    ReservationError,
    UnknownReferenceError,
)
from .jobs import Alternative, Job, Operation, Pin
from .machines import Machine, Pool, SetupMatrix
from .reservations import ALL, Reservation, between
from .transfers import overlap
from .worktime import OpenTime, Window, shared

Calendar = tuple[str, tuple[str, ...], tuple[Window, ...]]  # a machine, pools, and within what


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


@dataclass(frozen=True)
class Problem:
    """Everything a plan is made from. Raises a `ProblemError` on contradictory data.

    No forecast job starts before the minute `fence`, and one that is due by then has expired,
    unless it has begun or a firm job waits for it. A reservation that begins before the fence has
    lapsed.
    """

    machines: tuple[Machine, ...]
    jobs: tuple[Job, ...]
    setups: tuple[SetupMatrix, ...] = ()
    pools: tuple[Pool, ...] = ()
    fence: int = 0
    reservations: tuple[Reservation, ...] = ()

    def __post_init__(self) -> None:
        _require_unique("machine", (machine.id for machine in self.machines))
        _require_unique("job", (job.id for job in self.jobs))
        _require_unique("operation", (operation.id for operation in self.operations()))
        _require_unique("set-up matrix", (matrix.group for matrix in self.setups))
        _require_unique("pool", (pool.id for pool in self.pools))
        self._require_known_references()
        self._require_acyclic_jobs()
        self._require_machines_to_reserve()

    def _require_known_references(self) -> None:
        for operation in self.operations():
            named = [*operation.machine_ids]
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

    def _require_machines_to_reserve(self) -> None:
        for one in self.reservations:
            if one.machine_id not in self.machine:
                raise UnknownReferenceError(f"a reservation: no machine {one.machine_id}")
            if self.machine[one.machine_id].unlimited:
                raise ReservationError(f"{one.machine_id}: nothing queues there, nothing is held")

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

    def windows_with(self, calendar: Calendar) -> tuple[Window, ...]:
        """When a machine is open and pools are there."""
        machine_id, pools, stretches = calendar
        windows = self.machine[machine_id].windows
        if not pools and stretches == (ALL,):
            return windows
        if calendar not in self._windows:
            found = shared(windows, stretches, *(self.pool[one].windows for one in pools))
            self._windows[calendar] = windows if found == windows else found
        return self._windows[calendar]

    # Reservations

    @cached_property
    def held(self) -> dict[str, list[Reservation]]:
        """Reservations by machine, those that have lapsed left out."""
        found: dict[str, list[Reservation]] = {}
        for one in self.reservations:
            if one.start >= self.fence or not self.fence:
                found.setdefault(one.machine_id, []).append(one)
        return found

    def stretches(self, operation: Operation, machine_id: str) -> tuple[Window, ...]:
        """Where an operation may run on a machine, reservations kept; it leaves none of them. What
        is pinned stands where it is."""
        held = () if operation.pinned else self.held.get(machine_id, ())
        job = self.job.get(operation.job_id) if held else None
        barred = [(one.start, one.end) for one in held if job is None or not one.admits(job)]
        return between(barred) if barred else (ALL,)

    def is_barred(self, operation: Operation, machine_id: str) -> bool:
        """Whether an operation must keep out of a stretch of a machine."""
        return bool(self.held) and self.stretches(operation, machine_id) != (ALL,)

    def calendar_for(self, operation: Operation, machine_id: str) -> Calendar:
        """The calendar of an operation on a machine, all its stretches together."""
        pools = () if operation.pinned else operation.pools
        return machine_id, pools, self.stretches(operation, machine_id)

    # Transfer batches

    def require_simulable(self) -> None:
        """Raises BatchError or ReservationError where a plan has what nobody can simulate yet."""
        if any(operation.transfer for operation in self.operations()):
            raise BatchError("pieces are handed on in lots, which nobody can simulate yet")
        if self.reservations:
            raise ReservationError("machines are held for some orders, as nobody can simulate yet")

    def lag_after(self, job: Job, operation: Operation) -> int:
        """Minutes from an operation's end to the earliest start of the next one in its job; below 0
        where that may begin before all pieces are made. Unlike machines count as the quickest."""
        at = job.operations.index(operation) + 1 if operation.transfer else 0
        if not at or at == len(job.operations) or operation.size or job.operations[at].size:
            return operation.min_lag_after
        minutes, following = self._least(operation), self._least(job.operations[at])
        early = overlap(job.quantity, operation.transfer, minutes, following)
        return operation.min_lag_after - early

    def _least(self, operation: Operation) -> int:
        """The fewest open minutes that an operation may take; those of a pinned one."""
        span = self.pinned_span(operation) if operation.pinned else None
        if operation.pinned and span:
            worked = self.open_time[operation.pinned.machine_id].worked
            return worked(span[1]) - worked(span[0])
        return min((one.minutes for one in operation.alternatives), default=0)

    # Racks and plates

    @cached_property
    def has_batches(self) -> bool:
        """Whether any operation may share a rack or plate with others."""
        shared = {machine.id for machine in self.machines if machine.batch}
        return bool(shared) and any(
            operation.size and shared.intersection(operation.machine_ids)
            for operation in self.operations()
        )

    def require_no_batches(self) -> None:
        """Raises BatchError where a part of the engine would plan every operation by itself."""
        if self.has_batches:
            raise BatchError(
                "this part of the engine knows no batches; `schedule` and `repaired` do"
            )

    def alone(self, operation: Operation, on: Alternative) -> int | None:
        """Open minutes without company; None where a rack or plate is too small."""
        batch = self.machine[on.machine_id].batch
        if batch is None or not operation.size:
            return on.minutes
        return batch.minutes([on.minutes]) if operation.size <= batch.capacity else None

    @cached_property
    def pinned_together(self) -> dict[str, tuple[Operation, ...]]:
        """What is pinned to a rack or plate as one batch, in order of its ids, by operation id."""
        found: dict[tuple[Pin, str], list[Operation]] = {}
        for one in self.operations():
            if one.pinned and one.size and self.machine[one.pinned.machine_id].batch:
                found.setdefault((one.pinned, one.setup_family), []).append(one)
        return {
            one.id: tuple(sorted(some, key=lambda each: each.id))
            for some in found.values()
            if len(some) > 1
            for one in some
        }

    def _pinned_minutes(self, operation: Operation, machine_id: str) -> int:
        """Open minutes of a pinned operation whose end is not given, company included."""
        batch, together = self.machine[machine_id].batch, self.pinned_together.get(operation.id)
        if batch is None or not operation.size:
            return operation.minutes_on(machine_id) or 0
        return batch.minutes(one.minutes_on(machine_id) or 0 for one in together or [operation])

    def time_for(self, operation: Operation, machine_id: str) -> OpenTime:
        """Working-time arithmetic for an operation on a machine."""
        if not operation.pools and not self.reservations:
            return self.open_time[machine_id]
        key = self.calendar_for(operation, machine_id)
        windows = self.windows_with(key)
        if windows is self.machine[machine_id].windows:
            return self.open_time[machine_id]
        if key not in self._times:
            self._times[key] = OpenTime(windows)
        return self._times[key]

    @cached_property
    def _windows(self) -> dict[Calendar, tuple[Window, ...]]:
        return {}

    @cached_property
    def _times(self) -> dict[Calendar, OpenTime]:
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
        pinned = [one for one in self.operations() if one.pinned and one.job_id not in clashing]
        pinned = [one for one in pinned if one is self._standing_for(one, clashing)]
        spans = [(span, one.id, one) for one in pinned if (span := self.pinned_span(one))]
        for (start, end), _, operation in sorted(spans, key=lambda one: one[:2]):
            together = self.pinned_together.get(operation.id, (operation,))
            for pool_id in dict.fromkeys(name for one in together for name in one.pools):
                until = held[pool_id] = [one for one in held[pool_id] if one > start]
                if len(until) < self.pool[pool_id].units:
                    until.append(end)
                else:
                    without.update((one.id, pool_id) for one in together)
        return without

    def _standing_for(self, operation: Operation, clashing: set[str]) -> Operation:
        """The one of what is pinned together that holds what all of it needs."""
        together = self.pinned_together.get(operation.id, (operation,))
        return next(one for one in together if one.job_id not in clashing)

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
        return not (job.firm or begun or job.id in self.firm_ids)

    @cached_property
    def firm_ids(self) -> set[str]:
        """Firm jobs and all that they wait for."""
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
        work = open_time.worked(pin.start) + self._pinned_minutes(operation, pin.machine_id)
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
        able = (problem.alone(operation, one) is not None for one in operation.alternatives)
        if not operation.pinned and not any(able):
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
        ready = max(ready, first_end + problem.lag_after(job, operation))
        limit = None if operation.max_lag_after is None else first_end + operation.max_lag_after
    return None


def _spans(problem: Problem, operation: Operation, ready: int, bound: int) -> list[tuple[int, int]]:
    """Earliest start and end per alternative in an empty shop, set-ups left out."""
    if operation.pinned:
        span = problem.pinned_span(operation)
        return [span] if span else []
    spans = []
    for alternative in operation.alternatives:
        minutes = problem.alone(operation, alternative)
        if minutes is None:
            continue
        open_time = problem.time_for(operation, alternative.machine_id)
        free = max(ready, problem.machine[alternative.machine_id].available_from)
        work = max(open_time.worked(free), open_time.reached(bound) - minutes)
        start = open_time.fit(work, 0, minutes, splittable=operation.splittable)
        if start is not None:
            spans.append((open_time.start_at(start), open_time.end_at(start + minutes)))
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
            if second in problem.pinned_together.get(first.id, ()):
                continue
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
