"""Plans of the engine beside those of others: job shops from files, and a shop made for it.

`python -m benchmarks.scheduling FILE… --seconds 60 --workers 2 --seed 0 [--peers]`: flexible job
shops in the standard text format, makespan; `--peers` adds PyJobShop with CP-SAT (`make peers`) on
as many workers, for as long by the wall, with the same seed. It runs after ours and in a process of
its own: where it finds nothing or breaks down, its line says `null` and why.

`python -m benchmarks.scheduling --shop JOBS --load 0.9 --seed 0 --seconds 30`: a made-to-order
shop, Σ weight × minutes late + set-up minutes, beside it the dispatch rules; seconds are those of
the CPU.

One JSON object per case on a line of stdout.
"""

import argparse
import importlib
import importlib.util
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import shop
from production.scheduling import (
    Alternative,
    Job,
    Machine,
    Operation,
    Problem,
    Schedule,
    check,
    dispatch,
    schedule,
    shortest,
)
from production.scheduling.warming import warm


def main(words: Sequence[str]) -> None:
    arguments = _arguments()
    asked = arguments.parse_args(words)
    if asked.peers and not importlib.util.find_spec("pyjobshop"):
        arguments.error("the peers are not here; `make peers` installs them")
    print("compiling …", file=sys.stderr)
    warm()
    if asked.shop:
        _print("shop", f"{asked.shop} jobs, load {asked.load}", asked, *_shop(asked))
    for path in asked.files:
        _print("fjsp", path.name.split(".")[0], asked, *_job_shop(path, asked))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scheduling")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--shop", type=int, metavar="JOBS")
    parser.add_argument("--load", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peers", action="store_true")
    return parser


def _print(
    benchmark: str,
    case: str,
    asked: argparse.Namespace,
    ours: dict[str, Any],
    peers: dict[str, Any],
) -> None:
    settings = {"seconds": asked.seconds, "workers": asked.workers, "seed": asked.seed}
    told = {"benchmark": f"scheduling/{benchmark}", "case": case, "ours": ours, "peers": peers}
    print(json.dumps({**told, "settings": settings}), flush=True)


class Clock:
    """Seconds since its making, and when something was seen first."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        self.first: float | None = None

    def seen(self, *_: object) -> None:
        if self.first is None:
            self.first = time.perf_counter() - self.wall

    def past(self, seconds: float) -> Callable[[], bool]:
        return lambda: time.perf_counter() - self.wall > seconds

    def burnt(self, seconds: float) -> Callable[[], bool]:
        return lambda: time.process_time() - self.cpu > seconds

    def told(self) -> dict[str, float]:
        return {
            "first_ms": round(1000 * (self.first or 0), 1),
            "seconds": round(time.perf_counter() - self.wall, 2),
            "cpu_s": round(time.process_time() - self.cpu, 2),
        }


# Job shops


def job_shop(text: str) -> Problem:
    """A flexible job shop: jobs, machines; per job its operations, each with its alternatives as
    machine (from 1) and minutes."""
    first, *lines = text.splitlines()
    jobs, machines = (int(word) for word in first.split()[:2])
    rows = [[int(word) for word in line.split()] for line in lines if line.strip()][:jobs]
    horizon = sum(map(sum, rows)) + 1
    return Problem(
        tuple(Machine(str(m), str(m), ((0, horizon),)) for m in range(1, machines + 1)),
        tuple(
            Job(str(j), tuple(_operations(str(j), iter(row))), due=0) for j, row in enumerate(rows)
        ),
    )


def _operations(job: str, numbers: Iterator[int]) -> Iterator[Operation]:
    for i in range(next(numbers)):
        able = [(str(next(numbers)), next(numbers)) for _ in range(next(numbers))]
        yield Operation(f"{job}.{i}", job, i, tuple(Alternative(*one) for one in able))


def _job_shop(path: Path, asked: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    problem = job_shop(path.read_text())
    clock = Clock()
    found = shortest(
        problem, clock.past(asked.seconds), asked.seed, threads=asked.workers, progress=clock.seen
    )
    ours = {"makespan": found.totals.makespan, **clock.told(), "checked": not check(problem, found)}
    peers = {"pyjobshop": _pyjobshop(problem, asked)} if asked.peers else {}
    return ours, peers


def _pyjobshop(problem: Problem, asked: argparse.Namespace) -> dict[str, Any]:
    """What PyJobShop with CP-SAT finds. Its process may be killed; ours goes on."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            return process.submit(_cp_sat, problem, asked).result()
        except Exception as fault:
            return {**_NOTHING, "status": f"{type(fault).__name__}: {fault}"}


_NOTHING = dict.fromkeys(("makespan", "bound", "first_ms", "seconds", "cpu_s"))


def _cp_sat(problem: Problem, asked: argparse.Namespace) -> dict[str, Any]:
    """PyJobShop states the model and CP-SAT solves it, with a callback, as only that tells when
    there was a first plan; the parameters are those that PyJobShop sets."""
    cp_model = importlib.import_module("ortools.sat.python.cp_model")
    ortools = importlib.import_module("pyjobshop.solvers.ortools")
    clock = Clock()
    model = ortools.CPModel(_stated(problem)).model
    solver, first = cp_model.CpSolver(), cp_model.CpSolverSolutionCallback()
    first.on_solution_callback = clock.seen
    solver.parameters.max_time_in_seconds = asked.seconds
    solver.parameters.num_workers = asked.workers
    solver.parameters.random_seed = asked.seed
    status = solver.solve(model, first)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    told = {**clock.told(), "status": solver.status_name(status)}
    if not found:
        return {**_NOTHING, **told, "first_ms": None}
    bound = round(solver.best_objective_bound)
    return {"makespan": round(solver.objective_value), "bound": bound, **told}


def _stated(problem: Problem) -> Any:
    """The flexible job shop as PyJobShop's own example states it; makespan is its usual goal."""
    model = importlib.import_module("pyjobshop").Model()
    machines = {machine.id: model.add_machine() for machine in problem.machines}
    for job in problem.jobs:
        row = model.add_job()
        tasks = [model.add_task(job=row) for _ in job.operations]
        for task, operation in zip(tasks, job.operations, strict=True):
            for one in operation.alternatives:
                model.add_mode(task, [machines[one.machine_id]], one.minutes)
        for before, after in itertools.pairwise(tasks):
            model.add_end_before_start(before, after)
    return model.data()


# The shop


def _shop(asked: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    problem = shop.made(asked.shop, asked.load, asked.seed)
    operations = sum(len(job.operations) for job in problem.jobs)
    peers = {}
    for rule in ("fifo", "edd", "atcs"):
        clock = Clock()
        ruled = dispatch(problem, rule)
        clock.seen()
        peers[rule] = _costs(problem, ruled, clock)
    clock = Clock()
    found = schedule(
        problem, clock.burnt(asked.seconds), asked.seed, threads=asked.workers, progress=clock.seen
    )
    ours = _costs(problem, found, clock)
    return {"operations": operations, **ours}, peers


def _costs(problem: Problem, found: Schedule, clock: Clock) -> dict[str, Any]:
    told, totals = clock.told(), found.totals
    return {
        "objective": totals.objective,
        "weighted_tardiness": totals.weighted_tardiness,
        "setup_minutes": totals.setup_minutes,
        "late": totals.late_jobs,
        "left_out": len(found.set_aside),
        **told,
        "checked": not check(problem, found),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
