"""What a minute of delay costs at each operation, all that it pushes on included."""

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.clock import worked
from production.scheduling.compiled import inlined, lean, part


@inlined
def closeness(slack: int, tolerance: float) -> float:
    """1 where there is no slack left, falling to 0 at `tolerance` minutes."""
    if slack <= 0:
        return 1.0
    return max(0.0, 1.0 - slack / tolerance)


@lean
def set_prices(shop: Shop, plan: Records, order: Numbers, tolerance: float) -> None:
    """Set the price of every operation of the list, the last one first.

    A late job costs its weight. What starts as soon as an operation ends is pushed on by it; what
    starts a little later counts in part, as a long enough delay would reach it.
    """
    for x in range(len(order) - 1, -1, -1):
        o = order[x]
        step, row = shop.steps[o], plan[o]
        value = 0.0
        if step["weight"] > 0:
            value += step["weight"] * closeness(step["due"] - row["done"], tolerance)
        if step["after"] != NONE:
            value += pushed(shop, plan, o, step["after"], tolerance)
        for i in range(step["awaited"], step["awaited_end"]):
            value += pushed(shop, plan, o, shop.awaited[i], tolerance)
        queued = 0.0  # a delay that reaches one queue by two ways counts once
        for i in range(step["seats"], step["seats_end"]):
            seat = shop.seats[i]["down"]
            queued = max(queued, pushed_on_unit(shop, plan, row["done"], seat, tolerance))
        v = row["down"]
        if v != NONE and not plan[v]["fixed"]:
            slack = plan[v]["start"] - plan[v]["setup"] - row["end"]
            queued = max(queued, plan[v]["price"] * closeness(slack, tolerance))
        row["price"] = value + queued


@part
def pushed_on_unit(shop: Shop, plan: Records, done: int, seat: int, tolerance: float) -> float:
    """The price of the operation that takes a unit next, as far as a later end would reach it."""
    if seat == NONE:
        return 0.0
    v = shop.seats[seat]["operation"]
    if plan[v]["fixed"]:
        return 0.0
    slack = plan[v]["start"] - plan[v]["setup"] - worked(shop, plan[v]["machine"], done)
    return plan[v]["price"] * closeness(slack, tolerance)


@inlined
def pushed(
    shop: Shop,
    plan: Records,
    o: int,
    v: int,
    tolerance: float,
) -> float:
    """The price of v, as far as a delay of o, which it waits for, would reach it."""
    if plan[v]["fixed"] or plan[v]["place"] == NONE:
        return 0.0
    ready = plan[o]["done"] + shop.steps[o]["lag"]
    slack = plan[v]["start"] - worked(shop, plan[v]["machine"], ready)
    return plan[v]["price"] * closeness(slack, tolerance)
