"""What batches bring: the shop of the benchmark with printer plates and powder ovens.

`python -m benchmarks.plates` prints the objective of plans without batches, with batches filled in
due-date order, formed by rule, and searched, all by one number of moves.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from production.scheduling import (
    Operation,
    Plate,
    Problem,
    Rack,
    Schedule,
    check,
    improving,
    schedule,
)
from production.scheduling.batching import Cutter, dispatch
from production.scheduling.batching.eligible import Eligible
from production.scheduling.batching.forming import DUE_DATE_ORDER, formed
from production.scheduling.batching.trying import tried
from production.scheduling.dispatch import dispatch as by_rules

from .shop import made

PLATE, OVEN = Plate(100, minutes_each_time=90), Rack(4)
SHARED = {"fdm": PLATE, "resin": PLATE, "powder": OVEN}
LEFT = {"fdm": 7, "resin": 3, "powder": 1}  # machines: fewer are enough where work shares them


def with_plates(orders: int, load: float, seed: int) -> Problem:
    """The shop of a seed, its printers with plates and its powder cell with ovens."""
    shop = made(orders, load, seed)
    rng = np.random.default_rng(seed)
    machines = tuple(
        replace(one, batch=SHARED.get(one.group)) for one in shop.machines if _is_left(one.id)
    )
    jobs = tuple(
        replace(job, operations=tuple(_sized(one, rng) for one in job.operations))
        for job in shop.jobs
    )
    return replace(shop, machines=machines, jobs=jobs)


def _is_left(machine_id: str) -> bool:
    cell, number = machine_id.split("-")
    return int(number) < LEFT.get(cell, 99)


def _sized(operation: Operation, rng: np.random.Generator) -> Operation:
    batch = SHARED.get(operation.alternatives[0].machine_id.split("-")[0])
    if batch is None:
        return operation
    if isinstance(batch, Rack):
        places = tuple(one for one in operation.alternatives if _is_left(one.machine_id))
        return replace(operation, alternatives=places, size=int(rng.integers(1, 3)))
    own = tuple(
        replace(one, minutes=max(10, one.minutes - batch.minutes_each_time))
        for one in operation.alternatives
        if _is_left(one.machine_id)
    )
    return replace(operation, alternatives=own, size=int(rng.integers(15, 61)))


def alone(shop: Problem, moves: int) -> Schedule:
    """The plan of a shop in which nothing shares anything."""
    return improving.schedule(Cutter(shop).cut(()).plain, iterations=moves)


def filled(shop: Problem, moves: int) -> Schedule:
    """The plan with batches filled in due-date order, searched, the batches as they are."""
    cutter = Cutter(shop)
    begun = tried(cutter, (), by_rules)
    members = Eligible(shop).members(begun.plan)
    batches = formed(shop, members, DUE_DATE_ORDER)
    return tried(
        cutter, batches, lambda plain: improving.schedule(plain, iterations=moves)
    ).schedule


WAYS: dict[str, Callable[[Problem, int], Schedule]] = {
    "alone, searched": alone,
    "due-date order": lambda shop, _: dispatch(shop, tastes=[DUE_DATE_ORDER]),
    "due-date order, searched": filled,
    "formed": lambda shop, _: dispatch(shop),
    "formed, searched": lambda shop, moves: schedule(shop, iterations=moves),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each load and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=120)
    parser.add_argument("--moves", type=int, default=200, help="an operation")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--loads", type=float, nargs="+", default=[0.9, 1.1])
    chosen = parser.parse_args(arguments)
    for load in chosen.loads:
        for seed in chosen.seeds:
            shop = with_plates(chosen.orders, load, seed)
            row = []
            for name, way in WAYS.items():
                begun = time.process_time()
                plan = way(shop, chosen.moves * len(shop.operation))
                if "alone" not in name and check(shop, plan):
                    raise SystemExit(f"{name}: the plan breaks the rules")
                spent = time.process_time() - begun
                row.append(f"{name} {plan.totals.objective:,} ({spent:.1f} s)")
            print(f"{load} {seed} {len(shop.operation)}:", "; ".join(row), flush=True)


if __name__ == "__main__":
    main()
