"""What a plan says: when each operation runs where, what it costs, what was set aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from .problem import Impossible, Problem


class Binding(StrEnum):
    """Why an operation starts when it does and not earlier."""

    NOW = "now"
    MACHINE = "machine"
    POOL = "pool"
    PREDECESSOR = "predecessor"
    BATCH = "batch"
    MATERIAL = "material"
    LAG = "lag"
    CALENDAR = "calendar"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """An operation in its place: set-up in `[setup_start, start)`, processing in `[start, end)`.

    Both pause while the machine is closed; `setup_minutes` counts open minutes. Operations with one
    `batch` run together; it is called after that one of them at which the change-over stands.
    """

    operation_id: str
    job_id: str
    machine_id: str
    setup_start: int
    start: int
    end: int
    setup_minutes: int
    binding: Binding
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Cost of a plan in minutes: `objective = weighted_tardiness + setup_minutes`."""

    objective: int = 0
    weighted_tardiness: int = 0
    setup_minutes: int = 0
    late_jobs: int = 0
    makespan: int = 0


@dataclass(frozen=True)
class Schedule:
    """A whole plan. `set_aside` holds the jobs left out, each with its reason.

    Pinned operations of a job set aside stay in the plan (they occupy their machine), except where
    the pins themselves collide.
    """

    operations: tuple[PlannedOperation, ...]
    totals: Totals
    set_aside: tuple[Impossible, ...] = ()
    rule: str = ""

    @cached_property
    def by_operation(self) -> dict[str, PlannedOperation]:
        """Planned operations by id."""
        return {planned.operation_id: planned for planned in self.operations}

    @cached_property
    def by_machine(self) -> dict[str, list[PlannedOperation]]:
        """Planned operations of each machine by start of processing."""
        machines: dict[str, list[PlannedOperation]] = {}
        for planned in sorted(self.operations, key=lambda p: (p.start, p.end, p.operation_id)):
            machines.setdefault(planned.machine_id, []).append(planned)
        return machines

    @cached_property
    def before_on_machine(self) -> dict[str, PlannedOperation]:
        """What runs right before each planned operation on its machine, by id; the first of a
        machine has none, and one batch has one."""
        found: dict[str, PlannedOperation] = {}
        for row in self.by_machine.values():
            for earlier, later in pairwise(row):
                if not later.batch or later.batch != earlier.batch:
                    found[later.operation_id] = earlier
                elif earlier.operation_id in found:
                    found[later.operation_id] = found[earlier.operation_id]
        return found

    @cached_property
    def finish(self) -> dict[str, int]:
        """Minute at which each planned job is done."""
        return finishes(self.operations, {one.job_id for one in self.set_aside})


def finishes(operations: Iterable[PlannedOperation], without: set[str]) -> dict[str, int]:
    """Last end per job, for the jobs not set aside."""
    last: dict[str, int] = {}
    for planned in operations:
        if planned.job_id not in without:
            last[planned.job_id] = max(planned.end, last.get(planned.job_id, planned.end))
    return last


def lateness(problem: Problem, finish: Mapping[str, int]) -> dict[str, int]:
    """Minutes late per planned job, 0 where it is in time."""
    return {job_id: max(0, end - problem.job[job_id].due) for job_id, end in finish.items()}


def totals(
    problem: Problem, operations: Iterable[PlannedOperation], finish: Mapping[str, int]
) -> Totals:
    """The cost of a plan: Σ weight × minutes late + set-up minutes. Jobs set aside cost nothing."""
    late = lateness(problem, finish)
    tardiness = sum(problem.job[job_id].weight * minutes for job_id, minutes in late.items())
    setup = sum(planned.setup_minutes for planned in operations)
    return Totals(
        objective=tardiness + setup,
        weighted_tardiness=tardiness,
        setup_minutes=setup,
        late_jobs=sum(minutes > 0 for minutes in late.values()),
        makespan=max(0, *finish.values()) if finish else 0,
    )
