"""The shortest plan of a plain job shop, for those who ask for an early end and nothing else.

A shop with hours, change-overs or due dates is planned by `schedule`.
"""

import numpy as np

from . import critical
from .anytime import Deadline, Progress
from .errors import ProblemError
from .jobs import Operation
from .machines import Machine
from .plan import Schedule
from .problem import Problem
from .recording import record
from .timeline import timelines


class NotPlainError(ProblemError):
    """The problem has more to it than the shortest plan may leave out."""


def shortest(
    problem: Problem,
    deadline: Deadline | None = None,
    seed: int = 0,
    iterations: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Schedule:
    """The plan with the earliest end that was found in time; see `critical.shortest`.

    Raises NotPlainError where a machine closes or needs change-overs, where work is pinned, not
    there yet, or tied to other jobs or by a longest lag, and where the horizon is too near.
    """
    _require_plain(problem)
    operations = list(problem.operations())
    number = {machine.id: at for at, machine in enumerate(problem.machines)}
    choices = [one for operation in operations for one in operation.alternatives]
    found = critical.shortest(
        critical.build(
            np.cumsum([0, *(len(job.operations) for job in problem.jobs)]),
            np.cumsum([0, *(len(operation.alternatives) for operation in operations)]),
            [number[one.machine_id] for one in choices],
            [one.minutes for one in choices],
            len(number),
            [operation.min_lag_after for operation in operations],
        ),
        deadline,
        seed,
        iterations,
        threads,
        progress,
    )
    return _written(problem, operations, found)


def _require_plain(problem: Problem) -> None:
    longest = sum(
        max(one.minutes for one in operation.alternatives) + operation.min_lag_after
        for operation in problem.operations()
        if operation.alternatives
    )
    for machine in problem.machines:
        if not _never_rests(machine, longest):
            raise NotPlainError(
                f"{machine.id} is not open all the time or has no queue, or its horizon is too near"
            )
    if problem.reservations:
        raise NotPlainError("machines are held for some orders")
    if problem.setups:
        raise NotPlainError("there are change-overs")
    for job in problem.jobs:
        if job.release > 0 or job.predecessors:
            raise NotPlainError(f"{job.id} cannot begin at once")
        for operation in job.operations:
            if not _is_plain(operation):
                raise NotPlainError(
                    f"{operation.id} is pinned, tied, has no machine or needs a pool"
                )


def _never_rests(machine: Machine, longest: int) -> bool:
    spans = machine.windows
    return (
        not machine.unlimited
        and machine.available_from <= 0
        and len(spans) == 1
        and spans[0][0] <= 0
        and spans[0][1] >= longest
    )


def _is_plain(operation: Operation) -> bool:
    tied = operation.max_lag_after is not None or operation.transfer > 0
    alone = operation.pinned is None and not operation.pools and not tied
    return bool(operation.alternatives) and alone


def _written(problem: Problem, operations: list[Operation], found: critical.Solution) -> Schedule:
    rows = timelines(problem)
    for o in np.argsort(found.start, kind="stable"):
        row = rows[problem.machines[found.machine[o]].id]
        row.append(operations[o], int(found.start[o]), int(found.end[o]))
    return record(problem, rows.values(), (), "critical path")
