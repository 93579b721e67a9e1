"""Why an order is late: the chain of binding reasons from its last step back to a first cause."""

from dataclasses import dataclass

from production.scheduling.plan import Binding, PlannedOperation, Schedule
from production.scheduling.problem import Problem

LONGEST_CHAIN = 50


@dataclass(frozen=True, slots=True)
class Cause:
    """One link: an operation, and why it did not start earlier. `waited_for` is the next link."""

    operation_id: str
    job_id: str
    machine_id: str
    start: int
    end: int
    binding: Binding
    waited_for: str = ""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a job is in minutes (0: in time), and its causes, the last step first."""

    job_id: str
    minutes: int
    causes: tuple[Cause, ...]


class NotPlannedError(LookupError):
    """The job is not in the plan; its reason stands in `set_aside`."""


def why_late(problem: Problem, schedule: Schedule, job_id: str) -> Lateness:
    """Follow the binding reasons back from a job's last operation. Raises NotPlannedError."""
    if job_id not in schedule.finish:
        raise NotPlannedError(job_id)
    minutes = max(0, schedule.finish[job_id] - problem.job[job_id].due)
    causes: list[Cause] = []
    at: PlannedOperation | None
    at = schedule.by_operation[problem.job[job_id].operations[-1].id]
    while at is not None and minutes and len(causes) < LONGEST_CHAIN:
        before = _waited_for(problem, schedule, at)
        causes.append(_cause(at, before))
        at = before
    return Lateness(job_id, minutes, tuple(causes))


def _cause(planned: PlannedOperation, before: PlannedOperation | None) -> Cause:
    return Cause(
        operation_id=planned.operation_id,
        job_id=planned.job_id,
        machine_id=planned.machine_id,
        start=planned.start,
        end=planned.end,
        binding=planned.binding,
        waited_for=before.operation_id if before else "",
    )


def _waited_for(
    problem: Problem, schedule: Schedule, planned: PlannedOperation
) -> PlannedOperation | None:
    """The planned operation behind a binding reason; None where the chain ends."""
    unlimited = problem.machine[planned.machine_id].unlimited
    if planned.binding == Binding.MACHINE and not unlimited:
        return schedule.before_on_machine.get(planned.operation_id)
    if planned.binding == Binding.BATCH:
        return _last_in_batch(schedule, planned)
    if planned.binding == Binding.POOL:
        return _held_before(problem, schedule, planned)
    if planned.binding in (Binding.PREDECESSOR, Binding.LAG, Binding.CALENDAR):
        return _latest_before(problem, schedule, planned)
    return None


def _last_in_batch(schedule: Schedule, planned: PlannedOperation) -> PlannedOperation | None:
    """The operation for which all others in the batch waited."""
    batch = (one for one in schedule.operations if one.batch == planned.batch)
    return next((one for one in batch if one.binding != Binding.BATCH), None)


def _held_before(
    problem: Problem, schedule: Schedule, planned: PlannedOperation
) -> PlannedOperation | None:
    """The operation that gave back a unit of a pool last before this one could begin."""
    pools = set(problem.operation[planned.operation_id].pools)
    ended = [
        one
        for one in schedule.operations
        if one.end <= planned.setup_start
        and pools.intersection(problem.pools_of(problem.operation[one.operation_id]))
    ]
    return max(ended, key=lambda one: one.end, default=None)


def _latest_before(
    problem: Problem, schedule: Schedule, planned: PlannedOperation
) -> PlannedOperation | None:
    """The operation that had to end first: the one before in the job, or in a job it waits for."""
    job = problem.job[planned.job_id]
    sequence = problem.operation[planned.operation_id].sequence
    before = [o.id for o in job.operations if o.sequence < sequence][-1:]
    before = before or [problem.job[p].operations[-1].id for p in job.predecessors]
    ends = [schedule.by_operation[one] for one in before if one in schedule.by_operation]
    return max(ends, key=lambda one: one.end, default=None)
