"""Whether operations may share a rack or plate as planned, and how long their batch takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from production.scheduling.jobs import Operation
from production.scheduling.machines import Machine, Rack
from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem

from .faults import Fault, Violation


@dataclass(frozen=True, slots=True)
class Company:
    """What an operation and all that run with it need: open minutes (None: they cannot run there),
    and whether they may be interrupted."""

    minutes: int | None
    splittable: bool


Batches = dict[str, list[PlannedOperation]]


def batches_of(schedule: Schedule) -> Batches:
    """What runs together, by the name of its batch; what runs alone by its own."""
    found: Batches = {}
    for planned in schedule.operations:
        found.setdefault(planned.batch or planned.operation_id, []).append(planned)
    return found


def company_of(problem: Problem, batches: Batches, planned: PlannedOperation) -> Company:
    """The company of a planned operation."""
    operation = problem.operation[planned.operation_id]
    machine = problem.machine[planned.machine_id]
    if machine.batch is None or not operation.size:
        return Company(operation.minutes_on(machine.id), operation.splittable)
    if operation.pinned and operation.pinned.machine_id == machine.id:
        return Company(pinned_minutes(problem, operation), operation.splittable)
    company = batches[planned.batch or planned.operation_id]
    together = [problem.operation[one.operation_id] for one in company]
    splittable = all(one.splittable for one in together)
    return Company(_minutes(machine, together), splittable)


def pinned_minutes(problem: Problem, operation: Operation) -> int:
    """Open minutes of what is pinned, all that is pinned with it included."""
    pin = operation.pinned
    if pin is None:
        raise ValueError(f"{operation.id} is not pinned")
    machine = problem.machine[pin.machine_id]
    alone = operation.minutes_on(machine.id) or 0
    if machine.batch is None or not operation.size:
        return alone
    together = [one for one in problem.operations() if _pinned_with(operation, one)]
    return _minutes(machine, together) or alone


def _pinned_with(operation: Operation, other: Operation) -> bool:
    same = operation.pinned == other.pinned and operation.setup_family == other.setup_family
    return same and other.size > 0


def _minutes(machine: Machine, together: Sequence[Operation]) -> int | None:
    own = [one.minutes_on(machine.id) for one in together]
    known = [one for one in own if one is not None]
    if machine.batch is None or len(known) < len(own):
        return None
    if isinstance(machine.batch, Rack):
        return max(known)
    return machine.batch.minutes_each_time + sum(known)


def shared(problem: Problem, schedule: Schedule, batches: Batches) -> Iterator[Violation]:
    """Every fault in what shares a rack or plate, and what is pinned together but apart."""
    for name, together in batches.items():
        text = _fault(problem, name, together)
        if text:
            yield Violation(Fault.BATCH, name, text)
    running: dict[object, str] = {}
    for planned in schedule.operations:
        one, machine = problem.operation[planned.operation_id], problem.machine[planned.machine_id]
        if machine.batch and one.size and one.pinned:
            name = planned.batch or one.id
            if running.setdefault((one.pinned, one.setup_family), name) != name:
                yield Violation(Fault.BATCH, one.id, "pinned together, but planned apart")


def _fault(problem: Problem, name: str, together: Sequence[PlannedOperation]) -> str:
    """What is wrong with one batch, "" where nothing is."""
    operations = [problem.operation[one.operation_id] for one in together]
    first = next((one for one in together if one.operation_id == name), None)
    if first is None:
        return "is not called after one of its operations"
    batch = problem.machine[first.machine_id].batch
    filled, free = sum(one.size for one in operations), not operations[0].pinned
    if batch and free and filled > batch.capacity:
        return f"takes {filled} of {batch.capacity}"
    if len(together) == 1:
        return ""
    if batch is None or not all(one.size for one in operations):
        return "shares what cannot be shared"
    if (
        len({(one.setup_family, free and frozenset(one.pools), one.pinned) for one in operations})
        > 1
    ):
        return "holds what does not belong together"
    if len({(one.machine_id, one.start, one.end) for one in together}) > 1:
        return "does not begin and end as one"
    if any(one.setup_minutes or one.setup_start != one.start for one in together if one != first):
        return "is changed over more than once"
    return ""
