"""A problem and its plan laid out in tables for the floor."""

from collections.abc import Sequence

import numpy as np

from production.scheduling.arrays import NONE, Numbers, Records, Shop, shop_of
from production.scheduling.jobs import Operation
from production.scheduling.plan import PlannedOperation, Schedule
from production.scheduling.problem import Problem
from production.scheduling.seating import FROZEN, STARTED
from production.scheduling.worktime import OpenTime

from .working import PLACED, Plan


def laid_out(problem: Problem, schedule: Schedule, ahead: int | None) -> tuple[Shop, Plan]:
    """Tables of a plan that keeps to its problem. `ahead` is how many minutes before its planned
    start an operation may begin; None: as soon as it can.

    Frozen and started work are facts, which need not fit together: each keeps only to what the
    plan keeps to, so without disturbance the floor repeats the plan to the minute. Raises
    BatchError where work shares racks or plates or is handed on in lots, ReservationError where
    machines are held.
    """
    problem.require_simulable()
    shop = shop_of(problem)
    operations = list(problem.operations())
    numbers = {operation.id: at for at, operation in enumerate(operations)}
    machines = {machine.id: at for at, machine in enumerate(problem.machines)}
    placed = np.zeros(len(operations), dtype=PLACED)
    placed["machine"] = NONE
    for one in schedule.operations:
        at = numbers[one.operation_id]
        _place(problem, shop, placed, at, one, machines[one.machine_id])
    in_order = sorted(schedule.operations, key=lambda one: (one.start, one.end, one.operation_id))
    rows, firsts = _rows(shop, placed, [numbers[one.operation_id] for one in in_order])
    _leave_room(shop, placed, rows)
    _gate(shop, placed, operations, ahead)
    kept = _keep_order(shop, placed)
    return shop, Plan(placed, rows, firsts, kept)


def _rows(shop: Shop, placed: Records, in_order: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Operations of every machine in their order, and where each machine's begin (M + 1)."""
    some = np.array(in_order, dtype=np.int32)
    machine = placed["machine"][some]
    row = some[np.argsort(machine, kind="stable")]
    counts = np.bincount(machine, minlength=len(shop.machines))
    return row, np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _place(
    problem: Problem, shop: Shop, placed: Records, at: int, one: PlannedOperation, m: int
) -> None:
    first, beyond = shop.steps["first"][at], shop.steps["beyond"][at]
    lanes = shop.choices["machine"][first:beyond]
    k = first + shop.machines["real"][lanes].tolist().index(m)
    pin = problem.operation[one.operation_id].pinned
    hours = problem.open_time[one.machine_id]
    row = placed[at]
    row["machine"], row["family"] = shop.choices["machine"][k], shop.choices["family"][k]
    row["start"], row["end"] = worked(hours, one.start), worked(hours, one.end)
    row["begins"], row["done"] = one.start, one.end
    row["minutes"] = row["end"] - row["start"]
    row["fixed"] = 0 if pin is None else STARTED if one.start <= 0 else FROZEN


def worked(hours: OpenTime, minute: int) -> int:
    """Open minutes before a minute; behind the last window a machine is open without end."""
    return hours.worked(minute) + max(0, minute - (hours.ends[-1] if hours.ends else 0))


def _leave_room(shop: Shop, placed: Records, row: Numbers) -> None:
    """What a plan leaves for the set-up of frozen work is all that this may delay it by."""
    before: dict[int, int] = {}
    for o in row.tolist():
        m = int(placed["machine"][o])
        free = before.get(m, int(shop.machines["origin"][m]))
        placed["room"][o] = placed["start"][o] - free
        before[m] = max(free, int(placed["end"][o]))


def _gate(shop: Shop, placed: Records, operations: Sequence[Operation], ahead: int | None) -> None:
    """Before when nothing starts: its release; its plan, where that is a fact or what follows must
    not wait for long."""
    pinned = placed["fixed"] != 0
    held = np.array([one.max_lag_after is not None for one in operations], dtype=np.bool_)
    tied = held & (shop.steps["after"] != NONE)
    first = shop.steps["before"] == NONE
    gate = np.where(first & ~pinned, shop.steps["release"], 0)
    earliest = placed["begins"] if ahead is None else placed["begins"] - ahead
    if ahead is not None:
        gate = np.maximum(gate, earliest)
    placed["gate"] = np.where(tied | pinned, np.maximum(gate, placed["begins"]), gate)


def _keep_order(shop: Shop, placed: Records) -> Numbers:
    """Who waits for whom, as the plan does; the entries of `shop.awaited` that hold."""
    steps = shop.steps
    planned = placed["machine"] != NONE
    over = placed["done"] + steps["lag"]
    before = np.maximum(steps["before"], 0)
    follows = (steps["before"] != NONE) & planned & planned[before]
    placed["follows"] = follows & (placed["begins"] >= over[before])
    kept = np.zeros(len(shop.awaited), dtype=np.int32)
    for v in np.flatnonzero(planned & (steps["awaited_end"] > steps["awaited"])):
        for i in range(steps["awaited"][v], steps["awaited_end"][v]):
            o = shop.awaited[i]
            if planned[o] and placed["begins"][o] >= over[v]:
                kept[i] = 1
                placed["pending"][o] += 1
    return kept
