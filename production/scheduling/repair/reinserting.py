"""Best insertion: an operation is taken out of its row and put back where it costs least.

Of all gaps near the time at which its work arrives, on every machine that can do it, those that
look best by the prices of a delay are judged exactly, as far as the horizon. New work is inserted
first, step after step; then what a disturbance delays gets its turn, the earliest first.
"""

import numpy as np
from numpy.typing import NDArray

from production.scheduling.annealing.judging import IMPOSSIBLE, judged, keep
from production.scheduling.annealing.moving import (
    earliest_place,
    first_of,
    in_front,
    latest_place,
    link,
    put,
    unlink,
)
from production.scheduling.arrays import FOREVER, NONE, Numbers, Records, Shop
from production.scheduling.clock import end_at, fit_whole, start_at, worked
from production.scheduling.compiled import inlined, lean, part, wide
from production.scheduling.rows import ready_at, setup_from

JUDGED, JUDGED_NEW = 3, 8  # gaps of a known and of a new operation that are judged exactly
LOOKED_AT = 250  # gaps of a row, from the arrival of the work on
WAITING = 2.0  # times as long as its work is what follows in a job expected to take
BEST_CHANGE = 100.0  # change-over minutes that a later gap may save
WORTH_IT = 1e-6

# A place for an operation: what it seems to cost, its alternative, its neighbours there, its
# position in the list
GAP = np.dtype(
    [("looks", np.float64)] + [(name, np.int32) for name in ("choice", "up", "down", "place")]
)
Counts = NDArray[np.int64]


@lean
def delayed(shop: Shop, plan: Records, order: Numbers, starts: Numbers, found: Numbers) -> int:
    """Operations that start later than before, or had no place, and whose delay costs something.

    `starts` (N,) on the clock, FOREVER where an operation is no concern. Writes them into `found`
    in the order of the list and returns their number.
    """
    count = 0
    for x in range(len(order)):
        o = order[x]
        row = plan[o]
        if row["fixed"] or row["price"] <= 0:
            continue
        if start_at(shop, wide(row["machine"]), wide(row["start"])) > starts[o]:
            found[count] = o
            count += 1
    return count


@lean
def reinsert(
    shop: Shop,
    plan: Records,
    order: Numbers,
    some: Numbers,
    marks: Numbers,
    touched: Numbers,
    gaps: Records,
    counts: Counts,
    calm: Records,
    ahead: int,
    budget: int,
) -> float:
    """Put each of some operations where it makes the plan cheapest; what that saves (0 or less).

    Gaps are compared by effects up to `ahead` positions behind the later end of a move; the best
    one is then judged to the end of the list, so that what is kept is a gain. Ends where
    `counts[1]`, the operations timed anew, has reached the budget. `counts[0]` numbers the moves;
    `marks` and the trials of the plan know none that is higher.
    """
    saved = 0.0
    size = len(order)
    for i in range(len(some)):
        if counts[1] >= budget:
            break
        o = some[i]
        x, old = wide(plan[o]["place"]), wide(plan[o]["choice"])
        up, down = wide(plan[o]["up"]), wide(plan[o]["down"])
        high = latest_place(shop, plan, o, size - 1)
        _look(shop, plan, order, o, high, -FOREVER, float(plan[o]["price"]), gaps)
        best, least = NONE, -WORTH_IT
        for j in range(len(gaps)):
            if gaps[j]["choice"] == NONE:
                break
            gap = gaps[j]
            if gap["choice"] == old and gap["up"] == up:
                continue
            cost = _tried(shop, plan, order, marks, touched, counts, calm, o, gap, ahead)
            if cost < least:
                best, least = j, cost
            put(shop, plan, order, o, old, up, down, x)
        if best != NONE:
            cost = _tried(shop, plan, order, marks, touched, counts, calm, o, gaps[best], size)
            if cost < -WORTH_IT:
                saved += cost
                keep(plan, touched, calm)
            else:
                put(shop, plan, order, o, old, up, down, x)
    return saved


@lean
def insert(
    shop: Shop,
    plan: Records,
    order: Numbers,
    size: int,
    some: Numbers,
    tails: Numbers,
    dues: Numbers,
    weights: Numbers,
    marks: Numbers,
    touched: Numbers,
    gaps: Records,
    counts: Counts,
    calm: Records,
    ahead: int,
) -> bool:
    """Put operations that are not in the list into it, each where the plan with it is cheapest.

    `order` (n,) is in use up to `size` and has room for `some`, which wait for nothing that is not
    in the list or in front of them. `tails` are the minutes of work that follow each in its job,
    `dues` and `weights` those of its job. False where one finds no place in front of fixed work.
    """
    for i in range(len(some)):
        o = some[i]
        order[size] = o
        row = plan[o]
        row["place"], row["up"], row["down"] = size, NONE, NONE
        row["setup"], row["start"], row["end"], row["done"] = 0, 0, 0, -FOREVER
        since = wide(dues[i]) - tails[i]
        _look(shop, plan, order[: size + 1], o, size, since, float(weights[i]), gaps)
        best, least = NONE, IMPOSSIBLE
        for j in range(len(gaps)):
            if gaps[j]["choice"] == NONE:
                break
            cost = _tried(shop, plan, order, marks, touched, counts, calm, o, gaps[j], ahead)
            if shop.steps[o]["weight"] == 0:
                cost += weights[i] * max(0.0, float(row["try_done"]) + tails[i] - dues[i])
            if cost < least:
                best, least = j, cost
            unlink(plan, o)
            row["up"], row["down"] = NONE, NONE
        if best == NONE:
            return False
        _tried(shop, plan, order, marks, touched, counts, calm, o, gaps[best], size)
        keep(plan, touched, calm)
        size += 1
    return True


@part
def _look(
    shop: Shop,
    plan: Records,
    order: Numbers,
    o: int,
    high: int,
    since: int,
    price: float,
    gaps: Records,
) -> None:
    """The gaps that look best for an operation, by rising cost: `price` a minute that it ends after
    `since`, what it pushes on, change-overs. Unused entries have no choice.

    Positions are those after the move, `high` is the last one that may be taken.
    """
    for j in range(len(gaps)):
        gaps[j]["choice"], gaps[j]["looks"] = NONE, np.inf
    row, step = plan[o], shop.steps[o]
    x, machine = wide(row["place"]), wide(row["machine"])
    up, down = wide(row["up"]), wide(row["down"])
    ready, low = wide(ready_at(shop, plan, o, NONE)), wide(earliest_place(shop, plan, o, 0))
    anchor = low
    while anchor < x and _begins(shop, plan, wide(order[anchor])) < ready:
        anchor += 1
    near = anchor if machine == NONE else x
    unlink(plan, o)
    row["machine"] = NONE
    for k in range(step["first"], step["beyond"]):
        choice = shop.choices[k]
        m, minutes = wide(choice["machine"]), wide(choice["minutes"])
        family = wide(choice["family"])
        arrives = worked(shop, m, ready)
        u = wide(in_front(plan, order, m, anchor))
        if u != NONE:
            u = wide(plan[u]["up"])  # what runs when the work arrives could also wait for it
        v = wide(plan[u]["down"]) if u != NONE else wide(first_of(plan, order, m))
        for _ in range(LOOKED_AT):
            # 1. Where in the list?
            first, last = low, high
            if u != NONE:
                first = max(first, plan[u]["place"] + (1 if plan[u]["place"] < x else 0))
            if v != NONE:
                last = min(last, plan[v]["place"] - (1 if plan[v]["place"] > x else 0))
            if first > high:
                break
            # 2. When, and what would it cost?
            free, set_up = wide(shop.machines[m]["origin"]), wide(shop.machines[m]["set_up"])
            if u != NONE:
                free, set_up = max(free, plan[u]["end"]), wide(plan[u]["family"])
            setup = setup_from(shop, m, set_up, family)
            start = max(arrives, free + setup)
            if step["whole"]:
                start = fit_whole(shop, m, start, setup, minutes)
            end = start + minutes
            own = price * max(0, end_at(shop, m, end) - since)
            if own > gaps[len(gaps) - 1]["looks"] + BEST_CHANGE:
                break
            looks, fits = own + setup, first <= last
            if v != NONE:
                after = setup_from(shop, m, family, wide(plan[v]["family"]))
                push = end + after - plan[v]["start"]
                fits &= push <= 0 or not plan[v]["fixed"]
                looks += after - plan[v]["setup"] + plan[v]["price"] * max(0, push)
            if fits:
                _note(gaps, looks, k, u, v, min(max(near, first), last))
            if v == NONE:
                break
            u, v = v, wide(plan[v]["down"])
    row["machine"] = machine
    if machine != NONE:
        link(plan, o, up, down)


@inlined
def _begins(shop: Shop, plan: Records, o: int) -> int:
    """The start of an operation on the clock."""
    return start_at(shop, wide(plan[o]["machine"]), wide(plan[o]["start"]))


@inlined
def _note(gaps: Records, looks: float, k: int, u: int, v: int, y: int) -> None:
    """Keep a gap among the best, in their order."""
    j = len(gaps)
    while j > 0 and looks < gaps[j - 1]["looks"]:
        j -= 1
        if j + 1 < len(gaps):
            gaps[j + 1] = gaps[j]
    if j < len(gaps):
        gaps[j]["looks"], gaps[j]["choice"] = looks, k
        gaps[j]["up"], gaps[j]["down"], gaps[j]["place"] = u, v, y


@part
def _tried(
    shop: Shop,
    plan: Records,
    order: Numbers,
    marks: Numbers,
    touched: Numbers,
    counts: Counts,
    calm: Records,
    o: int,
    gap: np.void,
    ahead: int,
) -> float:
    """Move an operation into a gap and judge that; the caller keeps it or takes it back."""
    counts[0] += 1
    horizon = min(len(order), max(plan[o]["place"], gap["place"]) + ahead)
    cost = judged(
        shop, plan, order, marks, touched, counts[0], o, wide(gap["choice"]),
        wide(gap["up"]), wide(gap["down"]), wide(gap["place"]), wide(horizon), calm,
    )  # fmt: skip
    counts[1] += touched[0]
    return cost
