"""Units of pools in the kernels: which of them an operation holds, and behind whom.

A unit has a row like a machine, without set-ups: a linked list through `Shop.seats`. An operation
holds its units from the start of its set-up to its end; a pinned one from its start.
"""

from .arrays import FOREVER, NONE, Numbers, Records, Shop
from .clock import end_at, fit_whole, start_at, window_at, worked
from .compiled import inlined, part, wide

# `fixed` of ROW: pinned; pinned, and its set-up is over; not pinned, but left where the rule put it
FROZEN, STARTED, HELD = 1, 2, 3


@inlined
def seated(shop: Shop, o: int) -> bool:
    """Whether operation o needs units."""
    return shop.steps[o]["seats"] < shop.steps[o]["seats_end"]


@inlined
def is_pinned(plan: Records, o: int) -> bool:
    """Whether o stands where it is as a fact."""
    return plan[o]["fixed"] != 0 and plan[o]["fixed"] != HELD


@inlined
def done_in(plan: Records, o: int, move: int) -> int:
    """The end of o on the clock under a move; as it stands where the move is NONE."""
    row = plan[o]
    return wide(row["try_done"]) if row["trial"] == move else wide(row["done"])


# Times of work that needs units: it runs in the calendar that its machine shares with the pools


@part
def shared_start(shop: Shop, m: int, c: int, start: int) -> int:
    """The open minute of calendar c at which open minute `start` of machine m begins."""
    return start if c == m else worked(shop, c, start_at(shop, m, start))


@part
def shared_end(shop: Shop, k: int, start: int) -> tuple[int, int]:
    """End of work by alternative k, in open minutes of its machine and on the clock."""
    choice = shop.choices[k]
    m, c, minutes = wide(choice["machine"]), wide(choice["calendar"]), wide(choice["minutes"])
    if c == m:
        return start + minutes, end_at(shop, m, start + minutes)
    done = end_at(shop, c, shared_start(shop, m, c, start) + minutes)
    return worked(shop, m, done), done


@part
def setup_begin(shop: Shop, k: int, start: int, setup: int) -> int:
    """The clock when the set-up of work by alternative k begins; NONE in front of the calendar."""
    m, c = wide(shop.choices[k]["machine"]), wide(shop.choices[k]["calendar"])
    begin = shared_start(shop, m, c, start) - setup
    return NONE if begin < 0 else start_at(shop, c, begin)


@part
def held_from(shop: Shop, plan: Records, o: int, start: int, setup: int) -> int:
    """The clock when o, starting at an open minute of its machine, takes its units."""
    if is_pinned(plan, o):
        return wide(shop.seats[shop.steps[o]["seats"]]["begin"])
    return setup_begin(shop, wide(plan[o]["choice"]), start, setup)


@part
def units_done(shop: Shop, plan: Records, o: int, move: int) -> int:
    """When all units that o is lined up for are free, on the clock."""
    done = wide(-FOREVER)
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        up = shop.seats[i]["up"]
        if up != NONE:
            done = max(done, done_in(plan, wide(shop.seats[up]["operation"]), move))
    return done


@part
def timed(
    shop: Shop, plan: Records, o: int, ready: int, free: int, setup: int, move: int
) -> tuple[int, int, int]:
    """Start and end, in open minutes of its machine, and end on the clock of o behind the units
    that it is lined up for, as `fitted` has it for other work; NONE thrice past the horizon."""
    row, minutes = plan[o], wide(plan[o]["minutes"])
    m, c = wide(row["machine"]), wide(shop.choices[row["choice"]]["calendar"])
    begin = max(end_at(shop, m, free), units_done(shop, plan, o, move))
    start = max(worked(shop, c, ready), worked(shop, c, begin) + setup)
    if shop.steps[o]["whole"]:
        start = fit_whole(shop, c, start, setup, minutes)
    if start + minutes > shop.machines[c]["total"]:
        return wide(NONE), wide(NONE), wide(NONE)
    if c == m:
        return start, start + minutes, end_at(shop, m, start + minutes)
    done = end_at(shop, c, start + minutes)
    return worked(shop, m, start_at(shop, c, start)), worked(shop, m, done), done


@part
def stays(shop: Shop, plan: Records, o: int, free: int, setup: int) -> bool:
    """Whether work that is not pinned, but held, has room for another set-up where it stands."""
    row = plan[o]
    m, c = wide(row["machine"]), wide(shop.choices[row["choice"]]["calendar"])
    start = shared_start(shop, m, c, wide(row["start"]))
    begin = start - setup
    if begin < 0 or (c != m and worked(shop, m, start_at(shop, c, begin)) < free):
        return False
    return not shop.steps[o]["whole"] or shop.windows[window_at(shop, c, start)]["before"] <= begin


# The row of a unit


@inlined
def leave(shop: Shop, i: int) -> None:
    """Take seat i out of the row of its unit; it still knows its neighbours there."""
    up, down = shop.seats[i]["up"], shop.seats[i]["down"]
    if up != NONE:
        shop.seats[up]["down"] = down
    if down != NONE:
        shop.seats[down]["up"] = up


@inlined
def join(shop: Shop, i: int, up: int, down: int) -> None:
    """Put seat i between two neighbours on a unit, NONE at an end of its row."""
    shop.seats[i]["up"], shop.seats[i]["down"] = up, down
    if up != NONE:
        shop.seats[up]["down"] = i
    if down != NONE:
        shop.seats[down]["up"] = i


# Units in a list: who stands in front has the unit first


@part
def take_turns(shop: Shop, o: int, last: Numbers) -> None:
    """Seat o on its units behind all that stands in front of it in the list; `last` names the last
    seat of every unit, behind the machines."""
    base = len(shop.machines)
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        seat = shop.seats[i]
        join(shop, i, last[base + seat["unit"]], NONE)
        last[base + seat["unit"]] = i


# Units on the clock: an operation takes them wherever they are free


@part
def last_before(shop: Shop, units: Numbers, unit: int, minute: int) -> int:
    """The last seat of a unit that begins before a minute; `units` remembers where we looked."""
    at = wide(units[unit])
    if at == NONE:
        return at
    while shop.seats[at]["begin"] >= minute and shop.seats[at]["up"] != NONE:
        at = wide(shop.seats[at]["up"])
    units[unit] = at
    if shop.seats[at]["begin"] >= minute:
        return wide(NONE)
    down = wide(shop.seats[at]["down"])
    while down != NONE and shop.seats[down]["begin"] < minute:
        at, down = down, wide(shop.seats[down]["down"])
    units[unit] = at
    return at


@inlined
def until(shop: Shop, at: int) -> int:
    """When a seat is given up."""
    return wide(-FOREVER) if at == NONE else wide(shop.seats[at]["end"])


@part
def units_free(shop: Shop, units: Numbers, o: int, begin: int, done: int) -> int:
    """`begin` where all of a unit of every pool is free from then to `done`; else a later minute
    before which o cannot begin."""
    later = begin
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        pool, soonest = shop.pools[shop.seats[i]["pool"]], wide(FOREVER)
        for unit in range(pool["unit"], pool["unit_end"]):
            soonest = min(soonest, until(shop, last_before(shop, units, unit, done)))
        later = max(later, soonest)
    return later


@part
def sit_between(shop: Shop, units: Numbers, o: int, begin: int, done: int) -> None:
    """Give o units that are free from `begin` to `done`, of each pool the one that is free last."""
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        seat = shop.seats[i]
        pool, latest, best = shop.pools[seat["pool"]], wide(-FOREVER), wide(NONE)
        for unit in range(pool["unit"], pool["unit_end"]):
            since = until(shop, last_before(shop, units, unit, done))
            if latest <= since <= begin:
                latest, best = since, unit
        up = last_before(shop, units, best, done)
        down = wide(units[best]) if up == NONE else wide(shop.seats[up]["down"])
        seat["unit"], seat["begin"], seat["end"] = best, begin, done
        join(shop, i, up, down)
        units[best] = i


@part
def stand_up(shop: Shop, units: Numbers, o: int) -> None:
    """Take its units from o again."""
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        seat = shop.seats[i]
        leave(shop, i)
        units[seat["unit"]] = seat["down"] if seat["up"] == NONE else seat["up"]
        seat["unit"], seat["up"], seat["down"] = NONE, NONE, NONE
