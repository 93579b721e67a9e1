"""Plans of the engine beside those of others: job shops from files, and a shop made for it.

`python -m benchmarks.scheduling FILE… --seconds 60 --workers 2 --seed 0 [--cpu] [--peers]`:
flexible job shops in the standard text format, makespan; with `--cpu` the seconds are those of the
CPU, all threads together, as fits a machine with other work.

`python -m benchmarks.scheduling --shop JOBS --load 0.9 --seed 0 --seconds 30`: a made-to-order
shop, Σ weight × minutes late + set-up minutes, beside it the dispatch rules; seconds are those of
the CPU.

`--peers` adds PyJobShop with CP-SAT (`cp_sat`): after ours, for as many such seconds, with as many
workers and the same seed.

One JSON object per case on a line of stdout.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
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
    ended = clock.burnt if asked.cpu else clock.past
    found = shortest(
        problem, ended(asked.seconds), asked.seed, threads=asked.workers, progress=clock.seen
    )
    ours = {"makespan": found.totals.makespan, **clock.told(), "checked": not check(problem, found)}
    peers = {"pyjobshop": _pyjobshop(problem, asked)} if asked.peers else {}
    return ours, peers


def _pyjobshop(problem: Problem, asked: argparse.Namespace) -> dict[str, Any]:
    settings = cp_sat.Settings(asked.seconds, asked.cpu, asked.workers, asked.seed)
    answer = cp_sat.ask(problem, "makespan", settings)
    plan = answer.plan
    judged = {
        "makespan": plan and plan.totals.makespan,
        "checked": plan and not check(problem, plan),
    }
    return {**judged, **answer.told}


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
    answer = cp_sat.ask(problem, "objective", settings)
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
