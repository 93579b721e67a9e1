"""The plans of PyJobShop with CP-SAT (`make peers`), in a process of its own.

Where it finds nothing or breaks down, its figures are `null`, its status says why, and the
benchmark goes on.

A flexible job shop is stated as PyJobShop's own example states it. Of a shop with hours,
change-overs and due dates PyJobShop knows all but two things: it makes change-overs while the
machine is closed too, and none before the first work of a machine. So its plan may be too early:
its machines and sequences are timed by our rules, and that plan is judged. `claimed` is what it
believed.
"""

import importlib
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any

from benchmarks.clock import Clock
from production.scheduling import Machine, Operation, Problem, Schedule
from production.scheduling.recording import record
from production.scheduling.timeline import take, timelines

POLL = 0.05  # seconds between two looks at the deadline


@dataclass(frozen=True)
class Answer:
    """Its figures, and its plan as timed by our rules where it found one that fits in."""

    told: dict[str, Any]
    plan: Schedule | None = None


Placed = dict[str, tuple[int, int]]  # operation -> number of its alternative, start
_NOTHING = dict.fromkeys(("claimed", "bound", "first_ms", "seconds", "cpu_s"))


@dataclass(frozen=True)
class Settings:
    """How long it may search, by the wall or, with `cpu`, by what its threads burn together."""

    seconds: float
    cpu: bool
    workers: int
    seed: int


def ask(problem: Problem, goal: str, settings: Settings) -> Answer:
    """Let it plan. Its process may be killed.

    `goal` is `makespan` or `objective`, weighted tardiness and set-up minutes.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            told, placed = process.submit(_solved, problem, goal, settings).result()
        except Exception as fault:
            return Answer({**_NOTHING, "status": f"{type(fault).__name__}: {fault}"})
    return Answer({**_NOTHING, **told}, _timed(problem, placed) if placed else None)


def _solved(problem: Problem, goal: str, settings: Settings) -> tuple[dict[str, Any], Placed]:
    """CP-SAT is called with a callback, as only that tells when there was a first plan; its
    parameters are those that PyJobShop sets."""
    cp_model = importlib.import_module("ortools.sat.python.cp_model")
    ortools = importlib.import_module("pyjobshop.solvers.ortools")
    clock = Clock()
    stated = ortools.CPModel(_stated(problem, goal))
    solver, first = cp_model.CpSolver(), cp_model.CpSolverSolutionCallback()
    first.on_solution_callback = clock.seen
    solver.parameters.num_workers = settings.workers
    solver.parameters.random_seed = settings.seed
    if not settings.cpu:
        solver.parameters.max_time_in_seconds = settings.seconds
    with _stopped(solver, clock.burnt(settings.seconds) if settings.cpu else None):
        status = solver.solve(stated.model, first)
    told = {**clock.told(), "status": solver.status_name(status)}
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return told, {}
    told["claimed"] = round(solver.objective_value)
    told["bound"] = round(solver.best_objective_bound)
    chosen = (solver.value(mode) for mode in stated.variables.mode_vars)
    starts = (solver.value(task.start) for task in stated.variables.task_vars)
    placed = {}
    for operation, start in zip(problem.operations(), starts, strict=False):
        able = list(itertools.islice(chosen, len(operation.alternatives)))
        placed[operation.id] = able.index(1), start
    return told, placed


@contextmanager
def _stopped(solver: Any, deadline: Callable[[], bool] | None) -> Iterator[None]:
    """Stop it at a deadline that it does not know itself."""
    ended = Event()

    def watch() -> None:
        while deadline and not ended.wait(POLL):
            if deadline():
                solver.stop_search()

    watching = Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _timed(problem: Problem, placed: Placed) -> Schedule | None:
    """Its machines and sequences, everything as early as may be; None beyond the horizon."""
    rows, ends = timelines(problem), {job.id: job.release for job in problem.jobs}
    for operation in sorted(
        problem.operations(), key=lambda one: (placed[one.id][1], one.sequence)
    ):
        one = operation.alternatives[placed[operation.id][0]]
        row = rows[one.machine_id]
        lowest = row.open.worked(ends[operation.job_id])
        start = row.fit(len(row.starts), operation, one.minutes, lowest)
        if start is None:
            return None
        place = row.placement(operation, len(row.starts), start, one.minutes)
        take(place)
        ends[operation.job_id] = place.end + operation.min_lag_after
    return record(problem, rows.values(), (), "pyjobshop")


# The model. Tasks and modes stand in the order of operations and alternatives; what the shop adds
# comes behind them.


def _stated(problem: Problem, goal: str) -> Any:
    model = importlib.import_module("pyjobshop").Model()
    breaks = {machine.id: _breaks(machine) for machine in problem.machines}
    machines = {name: model.add_machine(breaks=closed) for name, closed in breaks.items()}
    tasks: dict[str, Any] = {}
    for job in problem.jobs:
        due = {"due_date": job.due} if goal == "objective" else {}
        row = model.add_job(weight=job.weight, release_date=job.release, **due)
        for operation in job.operations:
            able = [one.machine_id for one in operation.alternatives]
            paused = operation.splittable and any(breaks[name] for name in able)
            task = tasks[operation.id] = model.add_task(job=row, allow_breaks=paused)
            for one in operation.alternatives:
                model.add_mode(task, [machines[one.machine_id]], one.minutes)
        for before, after in itertools.pairwise(job.operations):
            lag = before.min_lag_after
            model.add_end_before_start(tasks[before.id], tasks[after.id], lag)
    if goal == "objective":
        _add_changeovers(model, problem, machines, tasks)
        changes = len(model.constraints.setup_times) > 0  # it refuses to count none
        model.set_objective(weight_total_tardiness=1, weight_total_setup_time=int(changes))
    return model.data()


def _breaks(machine: Machine) -> list[tuple[int, int]]:
    """When it is closed, up to its horizon."""
    spans = [(0, 0), *machine.windows]
    return [(a[1], b[0]) for a, b in itertools.pairwise(spans) if a[1] < b[0]]


def _add_changeovers(
    model: Any, problem: Problem, machines: dict[str, Any], tasks: dict[str, Any]
) -> None:
    """Between every two operations that may follow each other on a machine."""
    for machine in problem.machines:
        matrix = problem.matrix[machine.id]
        here = [one for one in problem.operations() if _may_go_to(machine, one)]
        for before, after in itertools.permutations(here, 2):
            minutes = matrix.between(before.setup_family, after.setup_family)
            if minutes:
                model.add_setup_time(
                    machines[machine.id], tasks[before.id], tasks[after.id], minutes
                )


def _may_go_to(machine: Machine, operation: Operation) -> bool:
    return any(one.machine_id == machine.id for one in operation.alternatives)
