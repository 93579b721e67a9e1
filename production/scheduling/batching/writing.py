"""The plan of a plain problem written down as the plan of the problem with batches."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from production.scheduling.plan import Binding, PlannedOperation, Schedule, finishes, totals
from production.scheduling.recording import ready_since

from .cutting import Cut, Cutter

ARRIVING = {Binding.NOW, Binding.MATERIAL, Binding.PREDECESSOR, Binding.LAG}


def written(cutter: Cutter, cut: Cut, schedule: Schedule) -> Schedule:
    """The same plan in the operations of the problem; no job that is cut is left out of it."""
    problem = cutter.problem
    aside = {one.job_id: one for one in schedule.set_aside} | cutter.impossible
    found = [one for planned in schedule.operations for one in _each(cutter, cut, planned)]
    ends = {one.operation_id: one.end for one in found}
    found = [replace(one, binding=_binding(cutter, one, ends)) for one in found]
    found.sort(key=lambda one: (one.start, one.machine_id, one.end, one.operation_id))
    left = tuple(aside[job.id] for job in problem.jobs if job.id in aside)
    finish = finishes(found, set(aside))
    return Schedule(tuple(found), totals(problem, found, finish), left, schedule.rule)


def _each(cutter: Cutter, cut: Cut, planned: PlannedOperation) -> Iterator[PlannedOperation]:
    """What an operation of the plain problem stands for; the change-over stands at the first."""
    if planned.machine_id == cutter.clock.id:
        return
    batch = cut.standing_for.get(planned.operation_id, ())
    for name in batch or (planned.operation_id,):
        job_id = cutter.problem.operation[name].job_id
        one = replace(planned, operation_id=name, job_id=job_id, batch=batch[0] if batch else "")
        if name != planned.operation_id:
            one = replace(one, setup_start=one.start, setup_minutes=0)
        yield one


def _binding(cutter: Cutter, planned: PlannedOperation, ends: Mapping[str, int]) -> Binding:
    """Why an operation starts when it does: of a batch only what came last held it back."""
    if planned.binding not in ARRIVING:
        return planned.binding
    problem, operation = cutter.problem, cutter.problem.operation[planned.operation_id]
    ready, why = ready_since(problem, problem.job[operation.job_id], operation, ends)
    if ready == planned.start:
        return why
    return Binding.BATCH if planned.batch else planned.binding
