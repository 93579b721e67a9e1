"""Right-shift: every operation keeps its machine and its turn and starts as early as that allows.

What has no place on its machine any more, or never had one, takes the machine that finishes it
first. Source: Abumaizar and Svestka (1997), who compare it with rescheduling what is affected.
"""

import numpy as np
from numpy.typing import NDArray

from production.scheduling.arrays import FOREVER, NONE, Numbers, Records, Shop
from production.scheduling.clock import end_at, worked
from production.scheduling.compiled import inlined, lean, wide
from production.scheduling.dispatching import FULL, NO_LAG, NO_PREDECESSOR, OPEN
from production.scheduling.gaps import Rows, stand_from, stand_tied, tied
from production.scheduling.rows import ready_at

Keys = NDArray[np.int64]
NEW = -FOREVER  # the start before of an operation that had none
LAST = 1 << 40  # the key of new work: behind all that had its turn
FIRST = -(1 << 40)  # the key of fixed work and of what a maximum lag ties to it: they cannot wait


@lean
def line_up(shop: Shop, keys: Keys, depths: Keys) -> None:
    """Give every operation its turn: `keys` (N,), of equals the lower in `depths` (N,).

    Keys come as minutes of the starts before, or LAST. New work in front of known work of its
    job takes the turn of that; whatever waits has its turn behind what it waits for.
    """
    for o in range(len(keys) - 1, -1, -1):
        after = shop.steps[o]["after"]
        if keys[o] == LAST and after != NONE:
            keys[o] = keys[after]
    changed = True
    while changed:
        changed = False
        for o in range(len(keys)):
            step = shop.steps[o]
            key, depth = keys[o], depths[o]
            if key == FIRST:
                continue
            before = step["before"]
            if before != NONE:
                key, depth = max(key, keys[before]), max(depth, depths[before] + 1)
            for i in range(step["waits"], step["waits_end"]):
                v = shop.waits[i]
                key, depth = max(key, keys[v]), max(depth, depths[v] + 1)
            if key != keys[o] or depth != depths[o]:
                keys[o], depths[o] = key, depth
                changed = True


@lean
def shift_right(
    shop: Shop,
    kept: Shop,
    rows: Rows,
    order: Numbers,
    starts: Numbers,
    jobs: Records,
    bounds: Keys,
    in_turn: int,
) -> int:
    """Place the operations of a list one after another; the number of jobs without a place.

    Parameters
    ----------
    kept : the shop in which an operation has no other machine than the one that it had
    rows : what stands already, fixed work first of all; written
    order : operations by turn, whatever waits behind what it waits for
    starts : (N,) start before, minutes on the clock; work tied by maximum lags starts no earlier
    jobs : (J,) JOB, tells who is left out and is told who ended without a place
    bounds : (N,) scratch
    in_turn : 1 keeps the order of every row, 0 also takes gaps in front
    """
    plan, failed = rows.plan, 0
    for m in range(len(rows.lines)):
        rows.lines[m]["begun"] = NONE
    for x in range(len(order)):
        o = order[x]
        job = jobs[shop.steps[o]["job"]]
        if job["aside"] or job["ended"] != OPEN:
            continue
        how = OPEN
        if plan[o]["machine"] == NONE:
            how = _placed(shop, kept, rows, o, starts, bounds)
        if how != OPEN:
            job["ended"], job["stuck"] = how, o
            failed += 1
        elif in_turn and not _stands_first(shop, plan, o):
            _take_turn(rows, o)
    return failed


@inlined
def _stands_first(shop: Shop, plan: Records, o: int) -> bool:
    """Whether an operation was placed out of turn, as a maximum lag ties it to fixed work."""
    before = wide(shop.steps[o]["before"])
    return before != NONE and shop.steps[before]["longest"] != NONE and plan[before]["fixed"] != 0


@inlined
def _take_turn(rows: Rows, o: int) -> None:
    """Nothing is put in front of an operation any more."""
    line = rows.lines[rows.plan[o]["machine"]]
    last = line["begun"]
    if last == NONE or rows.plan[o]["start"] > rows.plan[last]["start"]:
        line["begun"] = o


@lean
def _placed(shop: Shop, kept: Shop, rows: Rows, o: int, starts: Numbers, bounds: Keys) -> int:
    """Place an operation with all that maximum lags tie to it: OPEN, or how its job ended.

    1. On the machines that they had, not before they were to start. 2. Earlier. 3. Anywhere.
    """
    plan, step = rows.plan, shop.steps[o]
    before, latest = wide(step["before"]), wide(FOREVER)
    if before != NONE and plan[before]["machine"] == NONE:
        return FULL
    for i in range(step["waits"], step["waits_end"]):
        if plan[shop.waits[i]]["machine"] == NONE:
            return NO_PREDECESSOR
    if before != NONE and shop.steps[before]["longest"] != NONE:
        latest = wide(plan[before]["done"]) + shop.steps[before]["longest"]
    ready, n = wide(ready_at(shop, plan, o, NONE)), wide(tied(shop, o))
    if n > 1:
        for i in range(n):
            bounds[i] = _end_before(kept, o + i, starts)
        if stand_from(kept, rows, o, ready, latest, bounds):
            return OPEN
    if stand_tied(kept, rows, o, ready, latest, bounds):
        return OPEN
    if stand_tied(shop, rows, o, ready, latest, bounds):
        return OPEN
    return FULL if n == 1 and latest == FOREVER else NO_LAG


@inlined
def _end_before(kept: Shop, o: int, starts: Numbers) -> int:
    """When an operation was to end, on the clock; 0 where it had no place."""
    k = kept.steps[o]["first"]
    if starts[o] == NEW or kept.steps[o]["beyond"] != k + 1:
        return 0
    m = wide(kept.choices[k]["machine"])
    return end_at(kept, m, worked(kept, m, wide(starts[o])) + kept.choices[k]["minutes"])
