"""A plan as one list: who goes first, and on which machine. Decoding gives operations their times.

The list is a topological order: an operation stands behind all that it waits for, and the row of a
machine is the list read for that machine alone. Every such list is a plan, and every plan in which
nothing could start earlier without overtaking is such a list.
"""

import numpy as np

from .arrays import NONE, Numbers, Records, Shop
from .clock import end_at, fit_whole, start_at, worked
from .compiled import inlined, lean, wide
from .seating import HELD, STARTED, done_in, held_from, seated, stays, take_turns, timed, units_done

# An operation in the plan: its position in the list, its alternative with what belongs to it, the
# operations in front of and behind it on its machine, start and end in open minutes, the end on the
# clock, its set-up, whether it must stay where it is (FROZEN where it is pinned, STARTED where its
# set-up is over too, HELD where only the search leaves it alone), and what a minute of delay would
# cost. Under `try_` stands what a move would make of it, if `trial` is the number of that move.
ROW = np.dtype(
    [
        (name, np.int32)
        for name in (
            *("place", "choice", "machine", "minutes", "family", "up", "down"),
            *("start", "end", "done", "setup", "fixed"),
            *("trial", "try_start", "try_end", "try_done", "try_setup"),
        )
    ]
    + [("price", np.float32)]
)


def empty_plan(shop: Shop) -> Records:
    """Rows of a plan (N,) ROW that holds nothing yet."""
    plan = np.zeros(len(shop.steps), dtype=ROW)
    for name in ("place", "choice", "machine", "up", "down"):
        plan[name] = NONE
    return plan


@lean
def choose(shop: Shop, plan: Records, o: int, k: int) -> None:
    """Give operation o its alternative k."""
    row, choice = plan[o], shop.choices[k]
    row["choice"], row["machine"] = k, choice["machine"]
    row["minutes"], row["family"] = choice["minutes"], choice["family"]


@lean
def choose_all(shop: Shop, plan: Records, operations: Numbers, choices: Numbers) -> None:
    """Give operations their alternatives."""
    for i in range(len(operations)):
        choose(shop, plan, operations[i], choices[i])


@lean
def setup_from(shop: Shop, m: int, family: int, after: int) -> int:
    """Change-over minutes of machine m from one family to another."""
    machine = shop.machines[m]
    return shop.setups[machine["matrix"] + family * machine["columns"] + after]


@inlined
def setup_in(shop: Shop, plan: Records, o: int) -> int:
    """Set-up minutes of an operation behind the one in front of it; none once it has started."""
    row = plan[o]
    if row["fixed"] == STARTED:
        return 0
    m, up = wide(row["machine"]), wide(row["up"])
    family = shop.machines[m]["set_up"] if up == NONE else plan[up]["family"]
    return setup_from(shop, m, wide(family), wide(row["family"]))


@inlined
def ready_at(shop: Shop, plan: Records, o: int, move: int) -> int:
    """When all that o waits for is over, on the clock, under a move or (NONE) as it stands."""
    step = shop.steps[o]
    if step["before"] != NONE:
        return done_in(plan, step["before"], move) + shop.steps[step["before"]]["lag"]
    ready = wide(step["release"])
    for i in range(step["waits"], step["waits_end"]):
        v = shop.waits[i]
        ready = max(ready, done_in(plan, v, move) + shop.steps[v]["lag"])
    return ready


@lean
def fitted(shop: Shop, plan: Records, o: int, ready: int, free: int, setup: int) -> int:
    """Earliest start of o, ready at `ready` on the clock, on its machine that is free from open
    minute `free` on; in open minutes. The set-up need not wait for the work to arrive."""
    m = plan[o]["machine"]
    start = max(worked(shop, m, ready), free + setup)
    if shop.steps[o]["whole"]:
        return fit_whole(shop, m, start, setup, plan[o]["minutes"])
    return start


def room_for(shop: Shop) -> Numbers:
    """What `decode` needs: a place for every machine and every unit of a pool."""
    units = int(shop.pools["unit_end"].max(initial=0))
    return np.zeros(len(shop.machines) + units, dtype=np.int32)


@lean
def decode(shop: Shop, plan: Records, order: Numbers, last: Numbers) -> bool:
    """Give every operation of the list its place, machine row, units and times; see `room_for`.

    False where something does not fit in front of fixed work, or before the horizon.
    """
    last[:] = NONE
    for x in range(len(order)):
        o = order[x]
        row = plan[o]
        m = row["machine"]
        u = last[m]
        last[m] = o
        row["place"], row["up"], row["down"] = x, u, NONE
        free, family = shop.machines[m]["origin"], shop.machines[m]["set_up"]
        if u != NONE:
            plan[u]["down"] = o
            free, family = max(free, plan[u]["end"]), plan[u]["family"]
        setup = setup_from(shop, m, family, row["family"])
        if seated(shop, o):
            take_turns(shop, o, last)
        if row["fixed"]:
            row["setup"] = setup = 0 if row["fixed"] == STARTED else setup
            if u != NONE and not plan[u]["fixed"] and plan[u]["end"] + setup > row["start"]:
                return False
            if row["fixed"] == HELD and not stays(shop, plan, o, free, setup):
                return False
            if seated(shop, o):
                begin = held_from(shop, plan, o, row["start"], setup)
                if units_done(shop, plan, o, NONE) > begin:
                    return False
            continue
        if seated(shop, o):
            ready = ready_at(shop, plan, o, NONE)
            start, end, done = timed(shop, plan, o, ready, free, setup, NONE)
            if start == NONE:
                return False
            row["setup"], row["start"], row["end"], row["done"] = setup, start, end, done
            continue
        start = fitted(shop, plan, o, ready_at(shop, plan, o, NONE), free, setup)
        row["setup"], row["start"], row["end"] = setup, start, start + row["minutes"]
        if row["end"] > shop.machines[m]["total"]:
            return False
        row["done"] = end_at(shop, m, row["end"])
    return True


@lean
def costs(shop: Shop, plan: Records, order: Numbers) -> tuple[int, int]:
    """Weighted minutes late and set-up minutes of what is in the list."""
    late, setups = 0, 0
    for x in range(len(order)):
        step, row = shop.steps[order[x]], plan[order[x]]
        setups += row["setup"]
        late += np.int64(step["weight"]) * max(0, row["done"] - step["due"])
    return late, setups


@lean
def write_starts(shop: Shop, plan: Records, begins: Numbers) -> None:
    """Starts on the clock of what is planned (N,)."""
    for o in range(len(plan)):
        if plan[o]["machine"] != NONE:
            begins[o] = start_at(shop, wide(plan[o]["machine"]), wide(plan[o]["start"]))


def sort_by_start(shop: Shop, plan: Records, order: Numbers) -> None:
    """Bring a decoded list into the order of the clock; it stays the same plan."""
    begins = np.zeros(len(plan), dtype=np.int32)
    write_starts(shop, plan, begins)
    order[:] = order[np.argsort(begins[order], kind="stable")]
