"""Moves of one operation: to another place in the list and so to other neighbours on a machine."""

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.compiled import inlined, wide
from production.scheduling.rows import choose
from production.scheduling.seating import seated

from .units import sit_anew


@inlined
def earliest_place(shop: Shop, plan: Records, o: int, low: int) -> int:
    """First position behind all that o waits for, not below `low`."""
    step = shop.steps[o]
    if step["before"] != NONE:
        low = max(low, plan[step["before"]]["place"] + 1)
    for i in range(step["waits"], step["waits_end"]):
        low = max(low, plan[shop.waits[i]]["place"] + 1)
    return low


@inlined
def latest_place(shop: Shop, plan: Records, o: int, high: int) -> int:
    """Last position in front of all that waits for o, not above `high`."""
    step = shop.steps[o]
    v = step["after"]
    if v != NONE and plan[v]["place"] != NONE:
        high = min(high, plan[v]["place"] - 1)
    for i in range(step["awaited"], step["awaited_end"]):
        v = shop.awaited[i]
        if plan[v]["place"] != NONE:
            high = min(high, plan[v]["place"] - 1)
    return high


@inlined
def in_front(plan: Records, order: Numbers, m: int, x: int) -> int:
    """The last operation of machine m in front of position x."""
    x -= 1
    while x >= 0 and plan[order[x]]["machine"] != m:
        x -= 1
    return order[x] if x >= 0 else NONE


@inlined
def first_of(plan: Records, order: Numbers, m: int) -> int:
    """The first operation of machine m."""
    for x in range(len(order)):
        if plan[order[x]]["machine"] == m:
            return order[x]
    return NONE


@inlined
def shift(plan: Records, order: Numbers, x: int, y: int) -> None:
    """Take the operation at position x to position y; those between close up."""
    o = order[x]
    step = 1 if y > x else -1
    while x != y:
        v = order[x + step]
        order[x] = v
        plan[v]["place"] = x
        x += step
    order[y] = o
    plan[o]["place"] = y


@inlined
def unlink(plan: Records, o: int) -> None:
    """Take o out of its machine's row."""
    u, v = plan[o]["up"], plan[o]["down"]
    if u != NONE:
        plan[u]["down"] = v
    if v != NONE:
        plan[v]["up"] = u


@inlined
def link(plan: Records, o: int, u: int, v: int) -> None:
    """Put o between u and v, neighbours in the row of its machine."""
    plan[o]["up"], plan[o]["down"] = u, v
    if u != NONE:
        plan[u]["down"] = o
    if v != NONE:
        plan[v]["up"] = o


@inlined
def put(shop: Shop, plan: Records, order: Numbers, o: int, k: int, u: int, v: int, y: int) -> None:
    """Take o to position y of the list, by its alternative k between u and v on that machine."""
    unlink(plan, o)
    link(plan, o, u, v)
    choose(shop, plan, o, k)
    shift(plan, order, wide(plan[o]["place"]), y)
    if seated(shop, o):
        sit_anew(shop, plan, o)
