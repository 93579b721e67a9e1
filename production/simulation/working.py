"""The floor works its queues, compiled: one replication after another, each an event simulation.

A machine takes the operations of its row in plan order. When the next one is not there, it waits,
with the set-up made in the meantime; when that one is late by more than the patience of the floor,
it takes the first of those behind it that is there. Events are operations that arrive and machines
that wake up. All randomness lies in the minutes that are given: the kernel itself draws nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.clock import end_at, fit_whole, start_at, worked
from production.scheduling.compiled import inlined, lean, part, wide
from production.scheduling.heap import pop, push
from production.scheduling.rows import setup_from
from production.scheduling.seating import FROZEN, STARTED

# An operation as planned: its machine (NONE: not planned), family and minutes; start and end there
# in open minutes and on the clock; the minute before which it may not start; whether it has started
# (2) or is frozen (1); how much of a set-up can delay it (frozen work only); whether it waits for
# the operation before it in its job, and for how many of other jobs
PLACED = np.dtype(
    [
        (name, np.int32)
        for name in (
            *("machine", "family", "minutes", "start", "end", "begins", "done"),
            *("gate", "fixed", "room", "follows", "pending"),
        )
    ]
)
# A machine at work: the next of its row; the open minute from which it is free; what it is set up
# for; whether it is at work, and until when on the clock; for which operation it waits, and the
# open minute at which its patience for that one ends
STATION = np.dtype(
    [(name, np.int32) for name in ("head", "free", "family", "busy", "until", "awaited", "alarm")]
)
# An operation in this replication: when it is ready, NOT_YET or GONE; how many it still waits for
CALL = np.dtype([(name, np.int32) for name in ("ready", "latest", "pending")])
NOT_YET, GONE = -1, -2
_BITS = 25  # of a key, for the number of an operation or a machine


class Plan(NamedTuple):
    """What every replication reads: `placed` (N,) PLACED, operations of all machines in their order
    (`row`), where each machine's begin (`firsts`, M + 1), and which entries of `Shop.awaited` the
    plan keeps to (`kept`)."""

    placed: Records
    row: Numbers
    firsts: Numbers
    kept: Numbers


class Room(NamedTuple):
    """What a replication works with: `calls` (N,) CALL, `stations` (M,) STATION, a heap
    of `events[0]` events."""

    calls: Records
    stations: Records
    heap: NDArray[np.int64]
    events: NDArray[np.int64]


class Run(NamedTuple):
    """What one replication reads and writes, (N,) each: minutes that operations take, and their
    starts, ends (on the clock) and set-ups."""

    minutes: Numbers
    starts: Numbers
    ends: Numbers
    setups: Numbers


def room_for(plan: Plan) -> Room:
    """Room for one replication at a time."""
    n, m = len(plan.placed), len(plan.firsts) - 1
    return Room(
        np.zeros(n, dtype=CALL),
        np.zeros(m, dtype=STATION),
        np.zeros(4 * (n + m) + 1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )


@lean
def work(
    shop: Shop,
    plan: Plan,
    room: Room,
    minutes: Numbers,
    starts: Numbers,
    ends: Numbers,
    setups: Numbers,
    patience: int,
    look: int,
) -> None:
    """Replications one after another; `minutes` and what is written are (R, N).

    `patience` is in open minutes of a machine, NONE where nothing overtakes; `look` is how many
    operations behind the next one may.
    """
    for r in range(len(minutes)):
        run = Run(minutes[r], starts[r], ends[r], setups[r])
        _open(shop, plan, room, run)
        while room.events[0] > 0:
            key = pop(room.heap, room.events)
            minute, who = key >> _BITS, key & ((1 << _BITS) - 1)
            if who < len(plan.placed):
                if room.calls[who]["ready"] != NOT_YET:
                    continue  # it had started before
                room.calls[who]["ready"] = max(minute, 0)
                m = wide(plan.placed[who]["machine"])
                if not room.stations[m]["busy"]:
                    _decide(shop, plan, room, run, m, minute, patience, look)
            else:
                m = who - len(plan.placed)
                station = room.stations[m]
                if not station["busy"] or minute >= station["until"]:
                    station["busy"] = 0
                    _decide(shop, plan, room, run, m, minute, patience, look)


@part
def _open(shop: Shop, plan: Plan, room: Room, run: Run) -> None:
    """The floor at minute 0: what has started is under way, what waits for nothing arrives."""
    room.events[0] = 0
    for m in range(len(room.stations)):
        station = room.stations[m]
        station["head"], station["awaited"] = plan.firsts[m], NONE
        station["busy"], station["until"] = 0, 0
        station["free"], station["family"] = shop.machines[m]["origin"], shop.machines[m]["set_up"]
    for o in range(len(plan.placed)):
        call, placed = room.calls[o], plan.placed[o]
        call["ready"], call["latest"], call["pending"] = NOT_YET, placed["gate"], placed["pending"]
        run.starts[o], run.ends[o], run.setups[o] = NONE, NONE, 0
    for x in range(len(plan.row)):
        if plan.placed[plan.row[x]]["fixed"] == STARTED:
            _begin(shop, plan, room, run, wide(plan.row[x]), 0, 0)
    for o in range(len(plan.placed)):
        placed = plan.placed[o]
        free = placed["machine"] != NONE and not placed["follows"] and placed["pending"] == 0
        if free and room.calls[o]["ready"] == NOT_YET:
            _arrive(plan, room, o)


@inlined
def _arrive(plan: Plan, room: Room, o: int) -> None:
    """Operation o will be ready when all that it waits for is over."""
    _push(room, max(wide(room.calls[o]["latest"]), 0), o)


@part
def _decide(
    shop: Shop, plan: Plan, room: Room, run: Run, m: int, minute: int, patience: int, look: int
) -> None:
    """What machine m, free now, begins; nothing where it has to wait."""
    station = room.stations[m]
    x, end = wide(station["head"]), wide(plan.firsts[m + 1])
    while x < end and room.calls[plan.row[x]]["ready"] == GONE:
        x += 1
    station["head"] = x
    if x == end:
        return
    o = wide(plan.row[x])
    if room.calls[o]["ready"] != NOT_YET:
        _begin(shop, plan, room, run, o, wide(room.calls[o]["ready"]), wide(station["free"]))
        return
    if patience == NONE or plan.placed[o]["fixed"]:
        return
    now = worked(shop, m, minute)
    if station["awaited"] != o:
        station["awaited"] = o
        station["alarm"] = max(wide(station["free"]), wide(plan.placed[o]["start"])) + patience
        if now < station["alarm"]:
            _push(room, start_at(shop, m, wide(station["alarm"])), len(plan.placed) + m)
    if now < station["alarm"]:
        return
    seen = 0
    while seen < look and x + 1 < end:
        x += 1
        o = wide(plan.row[x])
        if plan.placed[o]["fixed"] == FROZEN:
            return
        if room.calls[o]["ready"] >= 0:
            _begin(shop, plan, room, run, o, minute, max(now, wide(station["free"])))
            return
        if room.calls[o]["ready"] == NOT_YET:
            seen += 1


@part
def _begin(shop: Shop, plan: Plan, room: Room, run: Run, o: int, ready: int, free: int) -> None:
    """Operation o takes its machine, which may be set up from open minute `free` on."""
    placed = plan.placed[o]
    m = wide(placed["machine"])
    station = room.stations[m]
    setup = setup_from(shop, m, wide(station["family"]), wide(placed["family"]))
    if placed["fixed"] == STARTED:
        start, setup = wide(placed["start"]), 0
    elif placed["fixed"] == FROZEN:
        start = max(worked(shop, m, ready), free + min(setup, wide(placed["room"])))
    else:
        start = max(worked(shop, m, ready), free + setup)
        if shop.steps[o]["whole"]:
            start = fit_whole(shop, m, start, setup, wide(placed["minutes"]))
    end = start + run.minutes[o]
    as_planned = placed["fixed"] != 0 and start == placed["start"]
    begins = wide(placed["begins"]) if as_planned else start_at(shop, m, start)
    done = wide(placed["done"])
    if not as_planned or end != placed["end"]:
        done = max(end_at(shop, m, end), begins + 1)
    run.starts[o], run.ends[o], run.setups[o] = begins, done, setup
    station["busy"], station["family"] = 1, placed["family"]
    station["free"] = max(wide(station["free"]), end)
    station["until"] = max(wide(station["until"]), done)
    room.calls[o]["ready"] = GONE
    _push(room, max(done, 0), len(plan.placed) + m)
    _tell(shop, plan, room, o, done + wide(shop.steps[o]["lag"]))


@part
def _tell(shop: Shop, plan: Plan, room: Room, o: int, over: int) -> None:
    """What waits for operation o may go on when it is over."""
    after = wide(shop.steps[o]["after"])
    if after != NONE and plan.placed[after]["follows"]:
        room.calls[after]["latest"] = max(wide(room.calls[after]["latest"]), over)
        if room.calls[after]["ready"] == NOT_YET:
            _arrive(plan, room, after)
    for i in range(wide(shop.steps[o]["awaited"]), wide(shop.steps[o]["awaited_end"])):
        if plan.kept[i]:
            call = room.calls[shop.awaited[i]]
            call["latest"] = max(wide(call["latest"]), over)
            call["pending"] -= 1
            if call["pending"] == 0 and call["ready"] == NOT_YET:
                _arrive(plan, room, wide(shop.awaited[i]))


@part
def _push(room: Room, minute: int, who: int) -> None:
    """An event: when, and which operation or machine."""
    push(room.heap, room.events, (minute << _BITS) | who)
