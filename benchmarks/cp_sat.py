"""The plans of CP-SAT, with and without PyJobShop (`make peers`), in a process of their own.

Where it finds nothing or breaks down, its figures are `null`, its status says why, and the
benchmark goes on.

A flexible job shop is stated as PyJobShop's own example states it, and as plainly as CP-SAT allows;
neither is the better one everywhere. Of a shop with hours, change-overs and due dates PyJobShop
knows all but two things: it makes change-overs while the machine is closed too, and none before the
first work of a machine. So its plan may be too early: its machines and sequences are timed by our
rules, and that plan is judged. `claimed` is what it believed.
"""

import importlib
import itertools
from collections.abc import Callable, Iterator, Sequence
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
class Stated:
    """A model of CP-SAT, with a literal per alternative and a start per operation, in their
    order."""

    model: Any
    chosen: Sequence[Any]
    starts: Sequence[Any]


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


def ask(problem: Problem, state: Callable[[Problem], Stated], settings: Settings) -> Answer:
    """Let it plan what one of the functions below has stated. Its process may be killed."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            told, placed = process.submit(_solved, problem, state, settings).result()
        except Exception as fault:
            return Answer({**_NOTHING, "status": f"{type(fault).__name__}: {fault}"})
    return Answer({**_NOTHING, **told}, _timed(problem, placed) if placed else None)


def _solved(
    problem: Problem, state: Callable[[Problem], Stated], settings: Settings
) -> tuple[dict[str, Any], Placed]:
    """CP-SAT is called with a callback, as only that tells when there was a first plan; its
    parameters are those that PyJobShop sets."""
    cp_model = importlib.import_module("ortools.sat.python.cp_model")
    importlib.import_module("pyjobshop.solvers.ortools")  # it takes its time
    clock = Clock()
    stated = state(problem)
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
    chosen, placed = map(solver.value, stated.chosen), {}
    for operation, start in zip(problem.operations(), stated.starts, strict=True):
        able = list(itertools.islice(chosen, len(operation.alternatives)))
        placed[operation.id] = able.index(1), solver.value(start)
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
    return record(problem, rows.values(), (), "cp-sat")


# The models


def plain_job_shop(problem: Problem) -> Stated:
    """Starts and optional intervals, makespan; no PyJobShop."""
    model = importlib.import_module("ortools.sat.python.cp_model").CpModel()
    until = max(machine.windows[-1][1] for machine in problem.machines)
    rows: dict[str, list[Any]] = {machine.id: [] for machine in problem.machines}
    chosen, starts, last = [], [], model.new_int_var(0, until, "makespan")
    for job in problem.jobs:
        ready: Any = 0
        for operation in job.operations:
            start, end = (model.new_int_var(0, until, "") for _ in range(2))
            literals = [model.new_bool_var("") for _ in operation.alternatives]
            for one, literal in zip(operation.alternatives, literals, strict=True):
                span = model.new_optional_interval_var(start, one.minutes, end, literal, "")
                rows[one.machine_id].append(span)
            model.add_exactly_one(literals)
            model.add(start >= ready)
            ready = end + operation.min_lag_after
            chosen += literals
            starts.append(start)
        model.add(last >= end)
    for spans in rows.values():
        model.add_no_overlap(spans)
    model.minimize(last)
    return Stated(model, chosen, starts)


def job_shop(problem: Problem) -> Stated:
    """PyJobShop's model, makespan."""
    return _pyjobshop(problem, due=False)


def shop(problem: Problem) -> Stated:
    """PyJobShop's model, weighted tardiness and set-up minutes."""
    return _pyjobshop(problem, due=True)


def _pyjobshop(problem: Problem, *, due: bool) -> Stated:
    ortools = importlib.import_module("pyjobshop.solvers.ortools")
    stated = ortools.CPModel(_data(problem, due=due))
    starts = [task.start for task in stated.variables.task_vars]
    return Stated(stated.model, stated.variables.mode_vars, starts)


def _data(problem: Problem, *, due: bool) -> Any:
    model = importlib.import_module("pyjobshop").Model()
    breaks = {machine.id: _breaks(machine) for machine in problem.machines}
    machines = {name: model.add_machine(breaks=closed) for name, closed in breaks.items()}
    tasks: dict[str, Any] = {}
    for job in problem.jobs:
        row = model.add_job(job.weight, job.release, due_date=job.due if due else None)
        for operation in job.operations:
            able = [one.machine_id for one in operation.alternatives]
            paused = operation.splittable and any(breaks[name] for name in able)
            task = tasks[operation.id] = model.add_task(job=row, allow_breaks=paused)
            for one in operation.alternatives:
                model.add_mode(task, [machines[one.machine_id]], one.minutes)
        for before, after in itertools.pairwise(job.operations):
            lag = before.min_lag_after
            model.add_end_before_start(tasks[before.id], tasks[after.id], lag)
    if due:
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
