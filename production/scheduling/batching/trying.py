"""Batches tried: the problem cut, really planned, and what that costs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from production.scheduling.errors import CyclicJobsError
from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem
from production.scheduling.stability import Stability

from .cutting import Batches, Cut, Cutter, batches_in
from .writing import written

Planning = Callable[[Problem], Schedule]  # of a plain problem
Cost = tuple[int, int]  # weight of the jobs left out; objective


@dataclass(frozen=True)
class Trial:
    """Batches, and the plan that was made of them."""

    cutter: Cutter
    cut: Cut
    planned: Schedule
    cost: Cost

    @property
    def batches(self) -> Batches:
        """What shares a rack or plate."""
        return self.cut.batches

    @cached_property
    def schedule(self) -> Schedule:
        """The plan in the operations of the problem."""
        return written(self.cutter, self.cut, self.planned)

    def priced(self, stability: Stability | None) -> Cost:
        """What it costs with its departures from the plan before."""
        if stability is None or not stability.price:
            return self.cost
        return self.cost[0], self.cost[1] + stability.cost(self.schedule)

    @cached_property
    def plan(self) -> dict[str, PlannedOperation]:
        """Its planned operations by id."""
        return self.schedule.by_operation


def tried(cutter: Cutter, batches: Batches, planning: Planning) -> Trial:
    """Plan with these batches; those that hold a job without a place are undone, and it is tried
    once more."""
    while True:
        cut, batches = _cut(cutter, batches)
        planned = planning(cut.plain)
        lost = {one.job_id for one in planned.set_aside}
        names = {name for one in lost for name in cut.owners[one]}
        left = _without(cutter.problem, batches, names)
        if left == batches:
            weight = sum(cutter.problem.job[name].weight for name in names)
            return Trial(cutter, cut, planned, (weight, planned.totals.objective))
        batches = left


def _without(problem: Problem, batches: Batches, jobs: set[str]) -> Batches:
    operation = problem.operation
    return batches_in(
        ()
        if all(operation[one].job_id in jobs for one in batch)
        else [one for one in batch if operation[one].job_id not in jobs]
        for batch in batches
    )


def _cut(cutter: Cutter, batches: Batches) -> tuple[Cut, Batches]:
    """The problem cut at batches, those left out that would wait for each other."""
    while True:
        try:
            return cutter.cut(batches), batches
        except CyclicJobsError:
            circle = _circle(cutter.problem, batches)
            batches = tuple(one for one in batches if one[0] != max(circle))


def _circle(problem: Problem, batches: Batches) -> list[str]:
    """Names of batches that wait for each other."""
    name = {one: batch[0] for batch in batches for one in batch}
    waits: dict[str, set[str]] = {}
    for job in problem.jobs:
        before = {problem.job[one].operations[-1].id for one in job.predecessors}
        for operation in job.operations:
            known = waits.setdefault(name.get(operation.id, operation.id), set())
            known |= {name.get(one, one) for one in before}
            before = {operation.id}
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        return [one for one in error.args[1] if one in name]
    raise ValueError("no batches wait for each other")
