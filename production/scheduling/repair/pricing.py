"""What one minute of delay costs at each operation: every late job that it reaches counts once.

The search prices generously: it adds up all ways by which a delay may spread. A repair decides by
few looks and needs the true slope, so a delay is handed to an operation only by the one that it
really waits for.
"""

from production.scheduling.annealing.pricing import closeness
from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.clock import worked
from production.scheduling.compiled import lean, part, wide
from production.scheduling.rows import setup_from


@lean
def set_slopes(shop: Shop, plan: Records, order: Numbers, tolerance: float) -> None:
    """Set the price of every operation of the list, the last one first.

    A late job costs its weight. Slack up to `tolerance` minutes, in front of a due date or of what
    is pushed on, counts in part.
    """
    for x in range(len(order)):
        plan[order[x]]["price"] = 0.0
    for x in range(len(order) - 1, -1, -1):
        o = order[x]
        step, row = shop.steps[o], plan[o]
        if step["weight"] > 0:
            row["price"] += step["weight"] * closeness(step["due"] - row["done"], tolerance)
        if row["price"] > 0 and not row["fixed"]:
            v, slack = _waited_for(shop, plan, o)
            if v != NONE:
                plan[v]["price"] += row["price"] * closeness(slack, tolerance)


@part
def _waited_for(shop: Shop, plan: Records, o: int) -> tuple[int, int]:
    """The operation that holds back o, and by how many minutes more it could be late."""
    step, row = shop.steps[o], plan[o]
    m = wide(row["machine"])
    found, ends, u = wide(NONE), wide(0), wide(row["up"])
    if u != NONE:
        setup = setup_from(shop, m, wide(plan[u]["family"]), wide(row["family"]))
        found, ends = u, plan[u]["end"] + setup
    v = wide(step["before"])
    if v != NONE:
        arrives = worked(shop, m, plan[v]["done"] + shop.steps[v]["lag"])
        if arrives > ends:
            found, ends = v, arrives
    for i in range(step["waits"], step["waits_end"]):
        v = wide(shop.waits[i])
        arrives = worked(shop, m, plan[v]["done"] + shop.steps[v]["lag"])
        if arrives > ends:
            found, ends = v, arrives
    return found, row["start"] - ends
