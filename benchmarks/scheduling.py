"""Plans of the engine beside those of others: job shops from files, and a shop made for it.

`python -m benchmarks.scheduling FILE… --seconds 60 --workers 2 --seed 0 [--cpu] [--peers]`:
flexible job shops in the standard text format, makespan; with `--cpu` the seconds are those of the
CPU, all threads together, as fits a machine with other work.

`python -m benchmarks.scheduling --shop JOBS --load 0.9 --seed 0 --seconds 30`: a made-to-order
shop, Σ weight × minutes late + set-up minutes, beside it the dispatch rules; seconds are those of
the CPU.

`--peers` adds PyJobShop with CP-SAT, for job shops also CP-SAT alone (`cp_sat`): after ours, for as
many such seconds, with as many workers and the same seed.

One JSON object per case on a line of stdout.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cp_sat, shop
from benchmarks.clock import Clock
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
    parser.add_argument("--cpu", action="store_true")
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
    settings = {name: vars(asked)[name] for name in ("seconds", "workers", "seed")}
    settings["cpu"] = asked.cpu or benchmark == "shop"
    told = {"benchmark": f"scheduling/{benchmark}", "case": case, "ours": ours, "peers": peers}
    print(json.dumps({**told, "settings": settings}), flush=True)


# Job shops


Jobs = list[list[list[tuple[int, int]]]]  # per job, per operation: (machine, minutes) it may take


def job_shop(jobs: Jobs) -> tuple[Problem, int]:
    """A flexible job shop, and how many of its minutes are one of the file.

    That is more than one where the file has work without duration: in the problem it takes a
    minute, and all of it together less than a minute of the file. So a makespan of the problem, in
    whole minutes of the file, is the file's own.
    """
    choices = [one for job in jobs for operation in job for one in operation]
    unit = 1 + sum(minutes == 0 for _, minutes in choices)
    horizon = 1 + sum(max(1, unit * minutes) for _, minutes in choices)
    return Problem(
        tuple(Machine(str(m), str(m), ((0, horizon),)) for m in range(1, max(choices)[0] + 1)),
        tuple(
            Job(str(j), tuple(_operations(str(j), job, unit)), due=0) for j, job in enumerate(jobs)
        ),
    ), unit


def _operations(name: str, job: list[list[tuple[int, int]]], unit: int) -> Iterator[Operation]:
    for i, able in enumerate(job):
        choices = (Alternative(str(m), max(1, unit * minutes)) for m, minutes in able)
        yield Operation(f"{name}.{i}", name, i, tuple(choices))


def _jobs(text: str) -> Jobs:
    """Jobs and machines; then a line per job: how many operations, and of each how many machines,
    each machine (from 1) with its minutes."""
    first, *lines = (line for line in text.splitlines() if line.strip())
    jobs = []
    for line in lines[: int(first.split()[0])]:
        numbers = map(int, line.split())
        job = [
            [(next(numbers), next(numbers)) for _ in range(next(numbers))]
            for _ in range(next(numbers))
        ]
        jobs.append(job)
    return jobs


def _job_shop(path: Path, asked: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    problem, unit = job_shop(_jobs(path.read_text()))
    clock = Clock()
    ended = clock.burnt if asked.cpu else clock.past
    found = shortest(
        problem, ended(asked.seconds), asked.seed, threads=asked.workers, progress=clock.seen
    )
    ours = {**clock.told(), **_makespan(problem, found, unit)}
    models = {"pyjobshop": cp_sat.job_shop, "cp_sat": cp_sat.plain_job_shop} if asked.peers else {}
    peers = {name: _peer(problem, unit, state, asked) for name, state in models.items()}
    return ours, peers


def _makespan(problem: Problem, found: Schedule, unit: int) -> dict[str, Any]:
    return {"makespan": found.totals.makespan // unit, "checked": not check(problem, found)}


def _peer(
    problem: Problem,
    unit: int,
    state: Callable[[Problem], cp_sat.Stated],
    asked: argparse.Namespace,
) -> dict[str, Any]:
    settings = cp_sat.Settings(asked.seconds, asked.cpu, asked.workers, asked.seed)
    answer = cp_sat.ask(problem, state, settings)
    if answer.plan is None:
        return {"makespan": None, **answer.told}
    told = {**answer.told, **{name: answer.told[name] // unit for name in ("claimed", "bound")}}
    return {**told, **_makespan(problem, answer.plan, unit)}


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
    if asked.peers:
        peers["pyjobshop"] = _pyjobshop_in_shop(problem, asked)
    return {"operations": operations, **ours}, peers


def _pyjobshop_in_shop(problem: Problem, asked: argparse.Namespace) -> dict[str, Any]:
    settings = cp_sat.Settings(asked.seconds, True, asked.workers, asked.seed)
    answer = cp_sat.ask(problem, cp_sat.shop, settings)
    judged = _costs(problem, answer.plan, Clock()) if answer.plan else {"objective": None}
    return {**judged, **answer.told}


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
