"""What the minutes of an order went into: work, set-up, and waiting by its cause.

Every minute on the clock from the plan's origin to an order's end has exactly one use. Where an
order waited for another one, the minutes of that one take the place: the cause lies there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from production.scheduling.jobs import Job, Operation
from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem

from .lateness import NotPlannedError
from .occupancy import Occupancy


class Use(StrEnum):
    """What a minute of an order went into."""

    WORK = "work"  # it was worked on
    SETUP = "setup"  # its part was there, its machine was being set up for it
    BUSY = "busy"  # its machine worked on other orders
    CHANGEOVER = "changeover"  # its machine was being set up for other orders
    CLOSED = "closed"  # its machine was closed: nights, holidays, maintenance, breakdown
    MATERIAL = "material"  # its material was not there
    LAG = "lag"  # it cured or dried
    OVERDUE = (
        "overdue"  # it was late before the plan began; only the table of bottlenecks has these
    )
    HELD = (
        "held"  # machine free and open, but it was frozen, the gap too short, or what follows late
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes of one use, at one operation on its machine (both empty while material is awaited).

    `job_id` is the order itself, or one below it that it had to wait for.
    """

    job_id: str
    operation_id: str
    machine_id: str
    use: Use
    minutes: int


@dataclass(frozen=True, slots=True)
class JobTime:
    """An order from `begin` (0, or earlier where it was started before) to `finish`.

    Σ minutes of the stretches = finish − begin, whatever happened in between.
    """

    job_id: str
    begin: int
    finish: int
    stretches: tuple[Stretch, ...]

    @property
    def by_use(self) -> Mapping[Use, int]:
        """Minutes of each use."""
        found = dict.fromkeys(Use, 0)
        for stretch in self.stretches:
            found[stretch.use] += stretch.minutes
        return found


def time_of(problem: Problem, schedule: Schedule, job_id: str) -> JobTime:
    """What the minutes of one job went into. Raises NotPlannedError."""
    if job_id not in schedule.finish:
        raise NotPlannedError(job_id)
    return next(iter(times_of(problem, schedule, [job_id])))


def times_of(problem: Problem, schedule: Schedule, job_ids: Iterable[str]) -> Iterator[JobTime]:
    """What the minutes of planned jobs went into, in the order of `job_ids`."""
    occupancy = Occupancy(problem, schedule)
    for job_id in job_ids:
        at = begin = _begin(problem, schedule, problem.job[job_id])
        stretches: list[Stretch] = []
        for job in _path(problem, schedule, problem.job[job_id]):
            found = list(_stretches(problem, schedule, occupancy, job, at))
            stretches += found
            at += sum(stretch.minutes for stretch in found)
        yield JobTime(job_id, begin, at, tuple(stretches))


# Which jobs, and from when


def _path(problem: Problem, schedule: Schedule, job: Job) -> list[Job]:
    """The job and those below it that it had to wait for last, the lowest first."""
    path = [job]
    while (below := _awaited(problem, schedule, path[-1])) is not None:
        path.append(below)
    return path[::-1]


def _awaited(problem: Problem, schedule: Schedule, job: Job) -> Job | None:
    """The job below that was over last, where it kept this one waiting longer than material did."""
    if job.operations[0].pinned:
        return None
    over = {below: _over(problem, schedule, problem.job[below]) for below in job.predecessors}
    latest = max(over, key=lambda below: over[below], default=None)
    if latest is None or over[latest] < max(1, job.release):
        return None
    return problem.job[latest]


def _over(problem: Problem, schedule: Schedule, job: Job) -> int:
    last = job.operations[-1]
    return schedule.by_operation[last.id].end + last.min_lag_after


def _begin(problem: Problem, schedule: Schedule, job: Job) -> int:
    first = schedule.by_operation[_path(problem, schedule, job)[0].operations[0].id]
    return min(0, first.start)


# One job


def _stretches(
    problem: Problem, schedule: Schedule, occupancy: Occupancy, job: Job, at: int
) -> Iterator[Stretch]:
    """The uses of [at, end of the job), without those of no minutes."""
    before: PlannedOperation | None = None
    if (below := _awaited(problem, schedule, job)) is not None:
        before = schedule.by_operation[below.operations[-1].id]
    for operation in job.operations:
        planned = schedule.by_operation[operation.id]
        ready = _ready(problem, job, before)
        for stretch in _one(occupancy, operation, planned, before, (at, ready)):
            if stretch.minutes:
                yield stretch
        at, before = max(at, planned.end), planned


def _ready(problem: Problem, job: Job, before: PlannedOperation | None) -> int:
    """When material is there or what cures is dry."""
    if before is None:
        return job.release
    return before.end + problem.operation[before.operation_id].min_lag_after


def _one(
    occupancy: Occupancy,
    operation: Operation,
    planned: PlannedOperation,
    before: PlannedOperation | None,
    since: tuple[int, int],
) -> Iterator[Stretch]:
    """From `since[0]` to the end of one operation, which could have started at `since[1]`."""
    at, ready = since
    start = max(at, planned.start)
    ready = min(max(at, ready), start)
    if before is not None:
        yield _stretch(before, Use.LAG, ready - at)
    else:
        yield Stretch(planned.job_id, "", "", Use.MATERIAL, ready - at)
    for use, minutes in occupancy.waiting(planned, ready, start).items():
        yield _stretch(planned, Use(use), minutes)
    end = max(start, planned.end)
    work = end - start if operation.pinned else occupancy.open(planned.machine_id, start, end)
    yield _stretch(planned, Use.WORK, work)
    yield _stretch(planned, Use.CLOSED, end - start - work)


def _stretch(planned: PlannedOperation, use: Use, minutes: int) -> Stretch:
    return Stretch(planned.job_id, planned.operation_id, planned.machine_id, use, minutes)
