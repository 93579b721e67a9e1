"""Machine rows in the kernels, and the gaps in them.

The row of a machine is a linked list through the plan (`up` and `down` of ROW). A gap is named by
the operation that it follows, NONE for the one in front of the whole row. What stands is never
moved.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import FOREVER, NONE, Numbers, Records, Shop
from .clock import end_at, fit_whole, start_at, window_at, worked
from .compiled import inlined, lean, part, wide
from .rows import choose, setup_from, setup_in
from .seating import (
    held_from,
    is_pinned,
    seated,
    setup_begin,
    shared_end,
    sit_between,
    stand_up,
    units_free,
)

# A machine during a run: the first operation of its row; the last one that is behind us, nothing
# is put in front of it; where its queue begins, how long it is, how many in it still wait; when to
# look at it next; where the machines that share work with it are named
_LINE = ("head", "begun", "queue", "slots", "waiting", "alarm", "near", "near_end")
LINE = np.dtype([(name, np.int32) for name in _LINE])


class Rows(NamedTuple):
    """The rows of all machines: `plan` (N,) ROW and `lines` (M,) LINE; `units` names a seat of
    every unit of a pool, NONE where nobody holds it."""

    plan: Records
    lines: Records
    units: Numbers


def units_of(shop: Shop, plan: Records) -> Numbers:
    """Units of pools, held by what stands in a plan."""
    units = np.full(int(shop.pools["unit_end"].max(initial=0)), NONE, dtype=np.int32)
    holders = np.unique(shop.seats["operation"])
    holders = holders[plan["machine"][holders] != NONE]
    begins = np.zeros(len(holders), dtype=np.int32)
    if len(holders):
        _write_begins(shop, plan, holders, begins)
        _seat(shop, plan, units, holders, begins, np.lexsort((plan["done"][holders], begins)))
    return units


@lean
def _write_begins(shop: Shop, plan: Records, holders: Numbers, begins: Numbers) -> None:
    for i in range(len(holders)):
        o = wide(holders[i])
        begins[i] = held_from(shop, plan, o, wide(plan[o]["start"]), setup_in(shop, plan, o))


@lean
def _seat(
    shop: Shop,
    plan: Records,
    units: Numbers,
    holders: Numbers,
    begins: Numbers,
    turn: NDArray[np.int64],
) -> None:
    for i in turn:
        o = wide(holders[i])
        sit_between(shop, units, o, wide(begins[i]), wide(plan[o]["done"]))


@inlined
def behind(rows: Rows, m: int, up: int) -> int:
    """The operation behind a gap of machine m."""
    return rows.lines[m]["head"] + 0 if up == NONE else rows.plan[up]["down"] + 0


@inlined
def free_from(shop: Shop, rows: Rows, m: int, up: int) -> int:
    """Open minute at which a gap begins."""
    origin = shop.machines[m]["origin"]
    return origin if up == NONE else max(origin, rows.plan[up]["end"])


@inlined
def family_in(shop: Shop, rows: Rows, m: int, up: int) -> int:
    """What a machine is set up for when a gap begins."""
    return shop.machines[m]["set_up"] if up == NONE else rows.plan[up]["family"]


@inlined
def keeps_whole(shop: Shop, rows: Rows, m: int, o: int, setup: int) -> bool:
    """Whether a set-up leaves an operation of the row that cannot be split inside its window."""
    start = wide(rows.plan[o]["start"])
    movable = shop.steps[o]["whole"] and not is_pinned(rows.plan, o)
    return not movable or shop.windows[window_at(shop, m, start)]["before"] <= start - setup


@part
def fit(shop: Shop, rows: Rows, o: int, k: int, up: int, lowest: int) -> int:
    """Start of operation o by its alternative k in one gap, in open minutes, or NONE.

    The operation behind the gap keeps its start and gets the change-over that it needs then.
    """
    choice = shop.choices[k]
    m, minutes = wide(choice["machine"]), wide(choice["minutes"])
    setup = setup_from(shop, m, wide(family_in(shop, rows, m, up)), wide(choice["family"]))
    if seated(shop, o):
        return fit_seated(shop, rows, o, k, up, lowest, setup)
    start = max(lowest, free_from(shop, rows, m, up) + setup)
    if shop.steps[o]["whole"]:
        start = fit_whole(shop, m, start, setup, minutes)
    if start + minutes > shop.machines[m]["total"]:
        return NONE
    down = behind(rows, m, up)
    if down == NONE:
        return start
    after = setup_from(shop, m, wide(choice["family"]), wide(rows.plan[down]["family"]))
    if start + minutes + after > rows.plan[down]["start"]:
        return NONE
    if seated(shop, down) and not keeps_units(shop, rows, m, down, after, start + minutes):
        return NONE
    return start if keeps_whole(shop, rows, m, down, after) else NONE


@part
def fit_seated(shop: Shop, rows: Rows, o: int, k: int, up: int, lowest: int, setup: int) -> int:
    """`fit` for an operation that needs units of pools, and runs only while they are there."""
    choice = shop.choices[k]
    m, c, minutes = wide(choice["machine"]), wide(choice["calendar"]), wide(choice["minutes"])
    down, after, room = behind(rows, m, up), 0, wide(FOREVER)
    if down != NONE:
        after = setup_from(shop, m, wide(choice["family"]), wide(rows.plan[down]["family"]))
        room = wide(rows.plan[down]["start"]) - after
    begin = end_at(shop, m, wide(free_from(shop, rows, m, up)))
    start = worked(shop, c, start_at(shop, m, lowest))
    while True:
        start = max(start, worked(shop, c, begin) + setup)
        if shop.steps[o]["whole"]:
            start = fit_whole(shop, c, start, setup, minutes)
        if start + minutes > shop.machines[c]["total"]:
            return NONE
        begin, done = start_at(shop, c, start - setup), end_at(shop, c, start + minutes)
        end = worked(shop, m, done)
        if end > room:
            return NONE
        later = units_free(shop, rows.units, o, begin, done)
        if later == begin:
            break
        begin = later
    if down != NONE:
        if seated(shop, down) and not keeps_units(shop, rows, m, down, after, end):
            return NONE
        if not keeps_whole(shop, rows, m, down, after):
            return NONE
    return worked(shop, m, start_at(shop, c, start))


@part
def keeps_units(shop: Shop, rows: Rows, m: int, o: int, setup: int, free: int) -> bool:
    """Whether an operation that holds units may have a set-up behind open minute `free`: it must
    not take them sooner than it does."""
    row = rows.plan[o]
    if is_pinned(rows.plan, o):
        return True
    begin = setup_begin(shop, wide(row["choice"]), wide(row["start"]), setup)
    held = shop.seats[shop.steps[o]["seats"]]["begin"]
    return begin != NONE and begin >= held and worked(shop, m, begin) >= free


@inlined
def first_gap(rows: Rows, m: int, lowest: int) -> int:
    """The first gap that is not behind us and ends after an open minute."""
    up = wide(rows.lines[m]["begun"])
    down = behind(rows, m, up)
    while down != NONE and rows.plan[down]["start"] <= lowest:
        up, down = down, wide(rows.plan[down]["down"])
    return up


@inlined
def reached(shop: Shop, m: int, minute: int) -> int:
    """The smallest number of open minutes whose end is at or after a minute on the clock."""
    work = worked(shop, m, minute)
    return work + 1 if end_at(shop, m, work) < minute else work


@part
def probe(shop: Shop, rows: Rows, o: int, k: int, ready: int, bound: int) -> tuple[int, int]:
    """The earliest start at or after `ready` whose end is not before `bound` (both on the clock),
    in open minutes, and its gap; NONE twice where no place is left."""
    m, minutes = wide(shop.choices[k]["machine"]), wide(shop.choices[k]["minutes"])
    lowest = worked(shop, m, max(ready, 0))
    if bound > 0:
        c = wide(shop.choices[k]["calendar"])
        soonest = reached(shop, c, bound) - minutes
        if c != m and soonest > 0:
            soonest = worked(shop, m, start_at(shop, c, soonest))
        lowest = max(lowest, soonest)
    up = wide(first_gap(rows, m, lowest))
    while True:
        start = fit(shop, rows, o, k, up, lowest)
        if start != NONE:
            return start, up
        up = wide(behind(rows, m, up))
        if up == NONE:
            return NONE, NONE


@part
def finishes_before(shop: Shop, rows: Rows, o: int, k: int, ready: int, done: int) -> bool:
    """Whether alternative k would finish an operation before a minute on the clock."""
    m, minutes = wide(shop.choices[k]["machine"]), wide(shop.choices[k]["minutes"])
    latest = worked(shop, m, done) - minutes
    lowest = worked(shop, m, max(ready, 0))
    if lowest > latest:
        return False
    up = wide(first_gap(rows, m, lowest))
    while free_from(shop, rows, m, up) <= latest:
        start = fit(shop, rows, o, k, up, lowest)
        if start != NONE:
            return shared_end(shop, k, start)[1] < done
        up = wide(behind(rows, m, up))
        if up == NONE:
            return False
    return False


@part
def stand(shop: Shop, rows: Rows, o: int, k: int, start: int, up: int) -> None:
    """Put operation o into a gap by its alternative k."""
    choose(shop, rows.plan, o, k)
    row = rows.plan[o]
    m = wide(row["machine"])
    row["start"] = start
    row["end"], row["done"] = shared_end(shop, k, start)
    if seated(shop, o):
        setup = setup_from(shop, m, wide(family_in(shop, rows, m, up)), wide(row["family"]))
        begin = setup_begin(shop, k, start, setup)
        sit_between(shop, rows.units, o, begin, wide(row["done"]))
    down = behind(rows, m, up)
    row["up"], row["down"] = up, down
    if up == NONE:
        rows.lines[m]["head"] = o
    else:
        rows.plan[up]["down"] = o
    if down != NONE:
        rows.plan[down]["up"] = o


@inlined
def withdraw(shop: Shop, rows: Rows, o: int) -> None:
    """Take an operation out of its row again."""
    row = rows.plan[o]
    if seated(shop, o):
        stand_up(shop, rows.units, o)
    up, down = row["up"], row["down"]
    if up == NONE:
        rows.lines[row["machine"]]["head"] = down
    else:
        rows.plan[up]["down"] = down
    if down != NONE:
        rows.plan[down]["up"] = up
    row["machine"], row["choice"], row["up"], row["down"] = NONE, NONE, NONE, NONE


# Stretches that maximum lags hold together


@inlined
def tied(shop: Shop, o: int) -> int:
    """How many operations, o the first, maximum lags hold together."""
    n = 1
    while shop.steps[o + n - 1]["longest"] != NONE and shop.steps[o + n - 1]["after"] != NONE:
        n += 1
    return n


@part
def stand_tied(
    shop: Shop, rows: Rows, o: int, ready: int, latest: int, bounds: NDArray[np.int64]
) -> bool:
    """Put a stretch of tied operations, o the first, into their earliest places; False where there
    are none. `ready` and `latest` bound the start of the first on the clock; `bounds` is scratch.

    Where an operation cannot start in time after the one before, the one before gets a later
    earliest end, and the stretch is placed anew. Bounds only rise, so that ends at the horizon.
    """
    n = tied(shop, o)
    bounds[:n] = 0
    while True:
        placed, go_on = _stand_in_turn(shop, rows, o, n, ready, latest, bounds)
        if placed == n:
            return True
        for i in range(placed):
            withdraw(shop, rows, o + i)
        if not go_on:
            return False


@inlined
def _stand_in_turn(
    shop: Shop, rows: Rows, o: int, n: int, ready: int, latest: int, bounds: NDArray[np.int64]
) -> tuple[int, bool]:
    """One round: how many operations stand now, and whether another round may place more."""
    for i in range(n):
        k, start, up, soonest = _soonest(shop, rows, o + i, ready, latest, bounds[i])
        if k == NONE:
            if i == 0 or soonest == FOREVER:
                return i, False
            bounds[i - 1] = soonest - shop.steps[o + i - 1]["longest"]
            return i, True
        stand(shop, rows, o + i, k, start, up)
        done, longest = rows.plan[o + i]["done"], shop.steps[o + i]["longest"]
        ready = done + shop.steps[o + i]["lag"]
        latest = FOREVER if longest == NONE else done + longest
    return n, True


@inlined
def _soonest(
    shop: Shop, rows: Rows, o: int, ready: int, latest: int, bound: int
) -> tuple[int, int, int, int]:
    """The alternative that finishes operation o first and starts it by `latest`, with start and
    gap, NONE thrice without one; and the earliest start on the clock of all."""
    best_k, best_start, best_up = wide(NONE), wide(NONE), wide(NONE)
    best_done, best_begins, soonest = wide(FOREVER), wide(FOREVER), wide(FOREVER)
    for k in range(wide(shop.steps[o]["first"]), wide(shop.steps[o]["beyond"])):
        start, up = probe(shop, rows, o, k, ready, bound)
        if start == NONE:
            continue
        m = wide(shop.choices[k]["machine"])
        begins = start_at(shop, m, start)
        soonest = min(soonest, begins)
        done = shared_end(shop, k, start)[1]
        if begins <= latest and (done, begins) < (best_done, best_begins):
            best_k, best_start, best_up = k, start, up
            best_done, best_begins = done, begins
    return best_k, best_start, best_up, soonest
