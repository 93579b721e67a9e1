"""Event-driven list scheduling, compiled: whenever a machine is free, a rule picks among the work
that waits for it.

Events are arrivals of operations and machines waking up. A machine takes the waiting operation with
the highest score that fits now and that no other machine would finish earlier. `fill` plans one
class of jobs into the gaps of what stands; start reading there.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import FOREVER, NONE, Numbers, Records, Shop
from .clock import end_at, start_at, window_at, worked
from .compiled import inlined, lean, part, wide
from .gaps import (
    Rows,
    behind,
    family_in,
    finishes_before,
    fit,
    free_from,
    rows_of,
    stand,
    stand_tied,
    tied,
)
from .heap import pop, push
from .rows import ready_at, setup_from, setup_in
from .seating import seated, setup_begin, shared_end

# What waits for a machine: an operation by one of its alternatives. Its score is
# `worth - max(start_by - now, 0) * urgency - setup * change`
OFFER = np.dtype(
    [(name, np.int32) for name in ("choice", "operation", "minutes", "family", "whole")]
    + [("worth", np.float32), ("start_by", np.float32)]
)
# A job: whether it is left out; how it ended (OPEN, ...) and at which operation; jobs it waits for
JOB = np.dtype([(name, np.int32) for name in ("aside", "ended", "stuck", "pending")])
OPEN, NO_LAG, FULL, NO_PREDECESSOR = range(4)
# An operation: when it arrived, whether it has been taken out of the queues
CALL = np.dtype([("ready", np.int32), ("taken", np.int32)])

Flags = NDArray[np.bool_]
_BITS = 24  # of a key, for the number of an operation
_PAST = 1 << 30


class Floor(NamedTuple):
    """One run of a rule, J jobs: what it reads and, from `rows` on, what it writes.

    `offers` (A,) OFFER, one for each alternative of the shop. `near` names the machines that share
    work with each. `queue` (A,) OFFER holds the queues of the machines one after another, in order
    of arrival; what has been taken is swept out at the next look. `arrivals` is a heap of
    operations that will arrive, `counts[0]` of them; `scores` and `bounds` are scratch.
    """

    offers: Records
    near: Numbers
    urgency: float
    change: float
    rows: Rows
    calls: Records
    jobs: Records
    queue: Records
    arrivals: NDArray[np.int64]
    counts: NDArray[np.int64]
    scores: NDArray[np.float32]
    bounds: NDArray[np.int64]


def floor_of(
    shop: Shop,
    plan: Records,
    aside: Flags,
    offers: Records,
    factors: tuple[float, float],
    near: tuple[Numbers, Numbers],
) -> Floor:
    """The floor when a run goes on from a plan, whose rows it will write.

    `aside` (J,) tells the jobs that are left out; `factors` are urgency and change; `near` names
    machines that share work, and where those of each begin.
    """
    rows = rows_of(shop, plan)
    lines = rows.lines
    lines["alarm"] = FOREVER
    places = np.bincount(shop.choices["machine"], minlength=len(lines))
    lines["queue"] = np.cumsum(places) - places
    lines["near"], lines["near_end"] = near[1][:-1], near[1][1:]
    jobs = np.zeros(len(aside), dtype=JOB)
    jobs["aside"] = aside
    return Floor(
        offers,
        near[0],
        *factors,
        rows,
        np.zeros(len(plan), dtype=CALL),
        jobs,
        np.zeros(len(offers), dtype=OFFER),
        np.zeros(len(plan), dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros(len(plan) + len(offers), dtype=np.float32),
        np.zeros(len(plan), dtype=np.int64),
    )


@lean
def fill(shop: Shop, floor: Floor, firm: int) -> int:
    """Plan the firm jobs (1) or the others (0) into the gaps of what stands; the number of jobs
    without a place, which `floor.jobs` names.

    1. What maximum lags tie to pinned operations. 2. Every job is released. 3. Arrivals and
    machines that wake up, until nothing happens any more. 4. Jobs that never finished are named.
    """
    if len(shop.machines) == 0:
        return 0  # no machine, no job that is not left out
    floor.rows.lines["begun"][:] = NONE
    _continue_tied(shop, floor, firm)
    for o in range(len(shop.steps)):
        begins = shop.steps[o]["before"] == NONE or floor.rows.plan[o - 1]["machine"] != NONE
        if begins and _is_due(shop, floor, o, firm):
            _release(shop, floor, o)
    while True:
        m = _next_to_wake(floor)
        minute = floor.rows.lines[m]["alarm"]
        if floor.counts[0] > 0 and (floor.arrivals[0] >> _BITS) - _PAST <= minute:
            _arrive(shop, floor, _pop(floor))
        elif minute == FOREVER:
            break
        else:
            if len(shop.pools) > 0:
                m = _most_urgent(shop, floor, m, wide(minute))
            floor.rows.lines[m]["alarm"] = FOREVER
            _decide(shop, floor, m, wide(minute), firm)
    return _name_open(shop, floor, firm)


@part
def _is_due(shop: Shop, floor: Floor, o: int, firm: int) -> bool:
    """Whether an operation has no place yet and its job is to be planned in this run."""
    job = floor.jobs[shop.steps[o]["job"]]
    due = shop.steps[o]["firm"] == firm and not job["aside"] and job["ended"] == OPEN
    return bool(due and floor.rows.plan[o]["machine"] == NONE)


# Jobs


@inlined
def _continue_tied(shop: Shop, floor: Floor, firm: int) -> None:
    """Place what a maximum lag ties to pinned operations, the most urgent first."""
    plan = floor.rows.plan
    for o in range(len(shop.steps) - 1):
        step = shop.steps[o]
        is_tied = plan[o]["fixed"] and step["longest"] != NONE and step["after"] != NONE
        if is_tied and _is_due(shop, floor, o + 1, firm):
            _push(floor, wide(plan[o]["done"]) + step["longest"], o)
    while floor.counts[0] > 0:
        latest = (floor.arrivals[0] >> _BITS) - _PAST
        o = _pop(floor)
        ready = wide(plan[o]["done"]) + shop.steps[o]["lag"]
        if not stand_tied(shop, floor.rows, o + 1, ready, latest, floor.bounds):
            _fail(shop, floor, o + 1, NO_LAG)


@inlined
def _release(shop: Shop, floor: Floor, o: int) -> None:
    """A job begins with operation o, or goes on with it behind what stands already."""
    job, plan = floor.jobs[shop.steps[o]["job"]], floor.rows.plan
    for i in range(shop.steps[o]["waits"], shop.steps[o]["waits_end"]):
        job["pending"] += plan[shop.waits[i]]["machine"] == NONE
    if job["pending"] == 0:
        _announce(shop, floor, o)


@part
def _announce(shop: Shop, floor: Floor, o: int) -> None:
    """All that an operation waits for is planned: say when it will arrive."""
    ready = ready_at(shop, floor.rows.plan, o, NONE)
    floor.calls[o]["ready"] = ready
    _push(floor, ready, o)


@inlined
def _go_on(shop: Shop, floor: Floor, o: int, firm: int) -> None:
    """Behind a placed operation the next one becomes ready, or the jobs above begin."""
    if shop.steps[o]["after"] != NONE:
        _announce(shop, floor, o + 1)
    for i in range(shop.steps[o]["awaited"], shop.steps[o]["awaited_end"]):
        v = wide(shop.awaited[i])
        if _is_due(shop, floor, v, firm):
            floor.jobs[shop.steps[v]["job"]]["pending"] -= 1
            if floor.jobs[shop.steps[v]["job"]]["pending"] == 0:
                _announce(shop, floor, v)


@inlined
def _fail(shop: Shop, floor: Floor, o: int, how: int) -> None:
    job = floor.jobs[shop.steps[o]["job"]]
    job["ended"], job["stuck"] = how, o


@inlined
def _name_open(shop: Shop, floor: Floor, firm: int) -> int:
    """Name what jobs that never finished were waiting for, and count those without a place."""
    for o in range(len(shop.steps)):
        if _is_due(shop, floor, o, firm):
            held = shop.steps[o]["before"] == NONE
            held &= floor.jobs[shop.steps[o]["job"]]["pending"] > 0
            _fail(shop, floor, o, NO_PREDECESSOR if held else FULL)
    failed = 0
    for job in range(len(floor.jobs)):
        failed += floor.jobs[job]["ended"] != OPEN
    return failed


# Arrivals: earlier minutes first, then lower numbers


@part
def _push(floor: Floor, minute: int, o: int) -> None:
    push(floor.arrivals, floor.counts, ((minute + _PAST) << _BITS) + o)


@part
def _pop(floor: Floor) -> int:
    return pop(floor.arrivals, floor.counts) & ((1 << _BITS) - 1)


# Queues


@inlined
def _arrive(shop: Shop, floor: Floor, o: int) -> None:
    """An operation joins the queue of every machine that can do it."""
    for k in range(shop.steps[o]["first"], shop.steps[o]["beyond"]):
        m = wide(shop.choices[k]["machine"])
        line = floor.rows.lines[m]
        floor.queue[line["queue"] + line["slots"]] = floor.offers[k]
        line["slots"] += 1
        line["waiting"] += 1
        _call(floor, m, wide(floor.calls[o]["ready"]))


@inlined
def _leave(shop: Shop, floor: Floor, o: int) -> None:
    floor.calls[o]["taken"] = 1
    for k in range(shop.steps[o]["first"], shop.steps[o]["beyond"]):
        floor.rows.lines[shop.choices[k]["machine"]]["waiting"] -= 1


# Machines


@inlined
def _next_to_wake(floor: Floor) -> int:
    """The machine with the earliest alarm."""
    first, lines = wide(0), floor.rows.lines
    for m in range(1, len(lines)):
        if lines[m]["alarm"] < lines[first]["alarm"]:
            first = m
    return first


@part
def _most_urgent(shop: Shop, floor: Floor, m: int, now: int) -> int:
    """Of the machines that wake with machine m the one whose best work has the highest score: it
    may take the units that others want too."""
    best, highest, lines = wide(m), np.float32(-np.inf), floor.rows.lines
    for other in range(m, len(lines)):
        if lines[other]["alarm"] == now and lines[other]["waiting"] > 0:
            score = floor.scores[_score(shop, floor, other, now)]
            if score > highest:
                best, highest = wide(other), score
    return best


@inlined
def _wake(floor: Floor, m: int, at: int) -> None:
    """Look at machine m at a minute, if not before."""
    floor.rows.lines[m]["alarm"] = min(floor.rows.lines[m]["alarm"], at)


@part
def _call(floor: Floor, m: int, now: int) -> None:
    """Look at machine m as soon as it is free."""
    up = floor.rows.lines[m]["begun"]
    busy = 0 if up == NONE else wide(floor.rows.plan[up]["done"])
    _wake(floor, m, max(now, busy, 0))


@inlined
def _call_near(floor: Floor, m: int, now: int) -> None:
    """The row of machine m is fuller: all that share work with it look again."""
    for i in range(floor.rows.lines[m]["near"], floor.rows.lines[m]["near_end"]):
        if floor.rows.lines[floor.near[i]]["waiting"] > 0:
            _call(floor, wide(floor.near[i]), now)


@inlined
def _decide(shop: Shop, floor: Floor, m: int, now: int, firm: int) -> None:
    """Let machine m take the best waiting operation if it is free and open, or sleep until then."""
    rows, line, minute = floor.rows, floor.rows.lines[m], worked(shop, m, now)
    up, down = wide(line["begun"]), behind(rows, m, line["begun"])
    while down != NONE and rows.plan[down]["start"] <= minute:
        up, down = down, wide(rows.plan[down]["down"])
    line["begun"] = up
    if line["waiting"] == 0 or minute >= shop.machines[m]["total"]:
        return
    free, opens = wide(free_from(shop, rows, m, up)), start_at(shop, m, minute)
    if free > minute:
        _wake(floor, m, end_at(shop, m, free))
    elif opens > now:
        _wake(floor, m, opens)
    elif not _take_best(shop, floor, m, now, firm) and down != NONE:
        _wake(floor, m, end_at(shop, m, wide(rows.plan[down]["end"])))


@inlined
def _take_best(shop: Shop, floor: Floor, m: int, now: int, firm: int) -> bool:
    """Try what waits for machine m by falling score, of equals the first, until one is taken."""
    line = floor.rows.lines[m]
    scores = floor.scores
    best, taken = _score(shop, floor, m, now), False
    while not taken and scores[best] > -np.inf:
        offer = floor.queue[line["queue"] + best]
        taken = _try(shop, floor, wide(offer["choice"]), wide(offer["operation"]), now, firm)
        if not taken:
            scores[best] = -np.inf
            for i in range(line["slots"]):
                if scores[i] > scores[best]:
                    best = i
    return taken


@part
def _score(shop: Shop, floor: Floor, m: int, now: int) -> int:
    """Give each in the queue a score, minus infinity for what certainly does not fit now; the first
    of the highest. What has been taken is swept out on the way.

    What must not be interrupted and is too long for the rest of the window waits for the next one.
    """
    machine, rows, line = shop.machines[m], floor.rows, floor.rows.lines[m]
    up = wide(line["begun"])
    down = behind(rows, m, up)
    free, family = free_from(shop, rows, m, up), family_in(shop, rows, m, up)
    at = window_at(shop, m, worked(shop, m, now))
    window = shop.windows[at]
    closes = wide(window["before"]) + window["closes"] - window["opens"]
    room = FOREVER if down == NONE else wide(rows.plan[down]["start"])
    setups = machine["matrix"] + family * machine["columns"]
    urgency, change, late = np.float32(floor.urgency), np.float32(floor.change), np.float32(0)
    queue, scores, i, best = floor.queue, floor.scores, wide(0), wide(0)
    for slot in range(line["queue"], line["queue"] + line["slots"]):
        offer = queue[slot]
        if floor.calls[offer["operation"]]["taken"]:
            continue
        setup = shop.setups[setups + offer["family"]]
        ends = free + setup + offer["minutes"]
        if ends > room or (offer["whole"] and ends > closes):
            scores[i] = -np.inf
            if ends <= room and at + 1 < machine["window_end"]:
                _wake(floor, m, wide(shop.windows[at + 1]["opens"]))
        else:
            slack = max(offer["start_by"] - np.float32(now), late)
            scores[i] = offer["worth"] - slack * urgency - np.float32(setup) * change
            if scores[i] > scores[best]:
                best = i
        if line["queue"] + i < slot:
            queue[line["queue"] + i] = offer
        i += 1
    line["slots"] = i
    return best


@part
def _try(shop: Shop, floor: Floor, k: int, o: int, now: int, firm: int) -> bool:
    """Take operation o by its alternative k, unless it fits only later or another machine would
    finish it earlier. Work that fits only a later window waits for it, so that other work may use
    this one."""
    rows, choice, ready = floor.rows, shop.choices[k], wide(floor.calls[o]["ready"])
    m = wide(choice["machine"])
    up = wide(rows.lines[m]["begun"])
    start = fit(shop, rows, o, k, up, worked(shop, m, max(ready, 0)))
    if start == NONE:
        return False
    family = wide(family_in(shop, rows, m, up))
    setup = setup_from(shop, m, family, wide(choice["family"]))
    if seated(shop, o):
        begin = setup_begin(shop, k, start, setup)
        if begin > now:
            _wake(floor, m, begin)
            return False
    elif start - setup > worked(shop, m, now):
        _wake(floor, m, start_at(shop, m, start - setup))
        return False
    done = shared_end(shop, k, start)[1]
    for other in range(wide(shop.steps[o]["first"]), wide(shop.steps[o]["beyond"])):
        if other != k and finishes_before(shop, rows, o, other, ready, done):
            return False
    return _take(shop, floor, k, o, start, now, firm)


@inlined
def _take(shop: Shop, floor: Floor, k: int, o: int, start: int, now: int, firm: int) -> bool:
    """Place an operation here, or with all that maximum lags tie to it wherever it ends first."""
    rows, n = floor.rows, tied(shop, o)
    line = rows.lines[shop.choices[k]["machine"]]
    _leave(shop, floor, o)
    stands = True
    if n == 1:
        stand(shop, rows, o, k, start, wide(line["begun"]))
        line["begun"] = o
    else:
        ready = wide(floor.calls[o]["ready"])
        stands = stand_tied(shop, rows, o, ready, wide(FOREVER), floor.bounds)
    if stands:
        for v in range(o, o + n):
            _call_near(floor, wide(rows.plan[v]["machine"]), now)
        _go_on(shop, floor, o + n - 1, firm)
    else:
        _fail(shop, floor, o, NO_LAG)
    return stands


# What it costs


@lean
def plan_costs(shop: Shop, plan: Records, aside: Flags) -> tuple[int, int]:
    """Weighted minutes late of the jobs not left out, and set-up minutes of all that stands. Each
    row gets the set-up that it needs behind what is in front of it."""
    late, setups, done = 0, 0, wide(-_PAST)
    for o in range(len(shop.steps)):
        step, row = shop.steps[o], plan[o]
        done = row["done"] if step["before"] == NONE else max(done, row["done"])
        if row["machine"] == NONE:
            continue
        row["setup"] = setup_in(shop, plan, o)
        setups += row["setup"]
        if not aside[step["job"]] and step["after"] == NONE:
            late += np.int64(step["weight"]) * max(0, done - step["due"])
    return late, setups
