"""Promise dates: where a new job would fit into the plan as it stands, nothing moved."""

from bisect import bisect_left
from dataclasses import dataclass, replace

from .errors import UnknownReferenceError
from .jobs import Job
from .placing import chains, place_chain
from .plan import PlannedOperation, Schedule, finishes, totals
from .problem import Problem
from .recording import binding_of, planned_at, ready_since
from .timeline import Placement, Timeline, give_back, timelines


@dataclass(frozen=True, slots=True)
class Insertion:
    """A job's place in the gaps of a plan.

    `adjusted` are planned operations right behind it: they start and end as before, only the
    change-over in front of them differs.
    """

    finish: int
    operations: tuple[PlannedOperation, ...]
    adjusted: tuple[PlannedOperation, ...] = ()


class Timetable:
    """The gaps of a plan, prepared once and asked often. Asking changes nothing. BatchError."""

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        problem.require_no_batches()
        self.problem = problem
        self.schedule = schedule
        self._timelines = timelines(problem)
        for machine_id, planned in schedule.by_machine.items():
            for one in planned:
                operation = problem.operation[one.operation_id]
                timeline = self._timelines[machine_id]
                timeline.for_one().append(operation, one.start, one.end)
                if operation.pools:
                    begin = one.start if operation.pinned else one.setup_start
                    timeline.holding.take(problem.pools_of(operation), begin, one.end)

    def earliest_finish(self, job: Job) -> Insertion | None:
        """The earliest finish of a job that is not in the plan yet; None where none is left.

        Each operation takes the machine that finishes it first. Raises UnknownReferenceError where
        the job names a machine, pool or predecessor that is not in the plan, ValueError for pins.
        """
        self._require_insertable(job)
        if self.problem.has_expired(job):
            return None
        placed: list[Placement] = []
        ready = self._ready(job)
        for chain in chains(job.operations):
            found = place_chain(self._timelines, chain, ready)
            if found is None:
                give_back(placed)
                return None
            placed += found
            ready = found[-1].end + chain[-1].min_lag_after
        answer = self._written(job, placed)
        give_back(placed)
        return answer

    def _require_insertable(self, job: Job) -> None:
        if any(operation.pinned for operation in job.operations):
            raise ValueError(f"{job.id}: a pinned operation cannot be promised")
        named = {a.machine_id for o in job.operations for a in o.alternatives}
        unknown = sorted(named - self._timelines.keys())
        unknown += [one for o in job.operations for one in o.pools if one not in self.problem.pool]
        unknown += [p for p in job.predecessors if p not in self.schedule.finish]
        if unknown:
            raise UnknownReferenceError(f"{job.id}: {', '.join(unknown)} not in the plan")

    def _ready(self, job: Job) -> int:
        ready = self.problem.earliest(job)
        for predecessor in job.predecessors:
            last = self.problem.job[predecessor].operations[-1]
            ready = max(ready, self.schedule.by_operation[last.id].end + last.min_lag_after)
        return ready

    def _written(self, job: Job, placed: list[Placement]) -> Insertion:
        own = {operation.id for operation in job.operations}
        ends = {placement.operation.id: placement.end for placement in placed}
        for predecessor in job.predecessors:
            last = self.problem.job[predecessor].operations[-1].id
            ends[last] = self.schedule.by_operation[last].end
        operations, adjusted = [], []
        for placement in placed:
            timeline, gap = placement.timeline, _position(placement)
            since = ready_since(self.problem, job, placement.operation, ends)
            binding = binding_of(timeline, gap, placement.start, since)
            operations.append(planned_at(timeline, gap, placement.start, placement.end, binding))
            if gap + 1 < len(timeline.starts) and timeline.operations[gap + 1].id not in own:
                adjusted += self._follower(timeline, gap + 1)
        return Insertion(placed[-1].end, tuple(operations), tuple(adjusted))

    def _follower(self, timeline: Timeline, gap: int) -> list[PlannedOperation]:
        """The planned operation behind an inserted one, if its change-over differs now."""
        before = self.schedule.by_operation[timeline.operations[gap].id]
        after = planned_at(timeline, gap, before.start, before.end, before.binding)
        return [after] if after != before else []


def _position(placement: Placement) -> int:
    """Where an operation stands now that others were put in beside it."""
    at = bisect_left(placement.timeline.starts, placement.work_start)
    while placement.timeline.operations[at] is not placement.operation:
        at += 1
    return at


def earliest_finish(problem: Problem, schedule: Schedule, job: Job) -> Insertion | None:
    """One question to a plan; keep a `Timetable` to ask many."""
    return Timetable(problem, schedule).earliest_finish(job)


def inserted(problem: Problem, schedule: Schedule, insertion: Insertion) -> Schedule:
    """The plan with an insertion in it; `problem` already holds the new job."""
    changed = {planned.operation_id: planned for planned in insertion.adjusted}
    kept = [changed.get(planned.operation_id, planned) for planned in schedule.operations]
    operations = sorted(
        [*kept, *insertion.operations],
        key=lambda one: (one.start, one.machine_id, one.end, one.operation_id),
    )
    finish = finishes(operations, {one.job_id for one in schedule.set_aside})
    cost = totals(problem, operations, finish)
    return replace(schedule, operations=tuple(operations), totals=cost)
