"""A problem laid out for dispatching: arrays by operation, look-ups by machine."""

from dataclasses import dataclass

import numpy as np

from .problem import Job, Operation, Problem
from .queueing import Indices
from .rules import Floats, Waiting


def firm_jobs(problem: Problem) -> set[str]:
    """Firm jobs and every job that they wait for."""
    firm: set[str] = set()
    open_ids = [job.id for job in problem.jobs if job.firm]
    while open_ids:
        job_id = open_ids.pop()
        if job_id not in firm:
            firm.add(job_id)
            open_ids.extend(problem.job[job_id].predecessors)
    return firm


@dataclass(frozen=True, slots=True)
class _Row:
    operation: Operation
    due: int
    weight: int
    minutes: float
    after: float


class Table:
    """Arrays over all operations of a problem, in its order; built once, shared by every rule."""

    def __init__(self, problem: Problem) -> None:
        rows = [row for job in problem.jobs for row in _rows(job)]
        self.problem = problem
        self.operations = [row.operation for row in rows]
        self.index = {row.operation.id: i for i, row in enumerate(rows)}
        self.due = np.array([row.due for row in rows], dtype=np.float64)
        self.weight = np.array([row.weight for row in rows], dtype=np.float64)
        self.minutes = np.array([row.minutes for row in rows], dtype=np.float64)
        self.after = np.array([row.after for row in rows], dtype=np.float64)
        self.mean_minutes = float(self.minutes.mean()) if rows else 1.0
        self.mean_setup = _mean_setup(problem)
        self.families = sorted({operation.setup_family for operation in self.operations})
        number = {family: i for i, family in enumerate(self.families)}
        self.family = np.array([number[o.setup_family] for o in self.operations], dtype=np.intp)
        self.firm = firm_jobs(problem)
        self.neighbours = _neighbours(problem)
        self._setups: dict[tuple[str, str | None], Floats] = {}

    def setups(self, machine_id: str, before: str | None) -> Floats:
        """Change-over minutes from a family to every family on a machine."""
        row = self._setups.get((machine_id, before))
        if row is None:
            matrix = self.problem.matrix[machine_id]
            minutes = [matrix.between(before, after) for after in self.families]
            row = self._setups[machine_id, before] = np.array(minutes, dtype=np.float64)
        return row

    def waiting(
        self, at: Indices, ready: Floats, machine_id: str, before: str | None, now: int
    ) -> Waiting:
        """What a rule may look at for the operations `at` in one machine's queue."""
        return Waiting(
            now=now,
            ready=ready[at],
            due=self.due[at],
            weight=self.weight[at],
            minutes=self.minutes[at],
            after=self.after[at],
            setup=self.setups(machine_id, before)[self.family[at]],
            mean_minutes=self.mean_minutes,
            mean_setup=self.mean_setup,
        )


def _rows(job: Job) -> list[_Row]:
    rows: list[_Row] = []
    after = 0.0
    for operation in reversed(job.operations):
        minutes = [a.minutes for a in operation.alternatives] or [1]
        mean = sum(minutes) / len(minutes)
        lag = operation.min_lag_after if rows else 0
        rows.append(_Row(operation, job.due, job.weight, mean, after + lag))
        after += lag + mean
    return rows[::-1]


def _mean_setup(problem: Problem) -> float:
    minutes = [m for matrix in problem.setups for m in (matrix.default, *matrix.minutes.values())]
    return max(1.0, sum(minutes) / len(minutes)) if minutes else 1.0


def _neighbours(problem: Problem) -> dict[str, list[str]]:
    """Machines that share work with each machine."""
    near: dict[str, set[str]] = {machine.id: set() for machine in problem.machines}
    for group in {tuple(a.machine_id for a in o.alternatives) for o in problem.operations()}:
        for machine_id in group:
            near[machine_id].update(group)
    return {machine_id: sorted(ids) for machine_id, ids in near.items()}
