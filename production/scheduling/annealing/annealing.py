"""Simulated annealing of one window of the list (Kirkpatrick, Gelatt, Vecchi 1983)."""

from typing import NamedTuple

import numpy as np

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.chance import Chance, below, fraction
from production.scheduling.compiled import lean, wide
from production.scheduling.seating import seated

from .judging import judged, keep
from .moving import earliest_place, first_of, in_front, latest_place, put
from .units import change_unit, keep_units, place_on_unit

FARTHEST = 16  # neighbours on its machine that an operation may pass at once
URGENT = 0.5  # share of moves of operations whose delay costs something
REASSIGNED = 0.4  # share of moves to a machine drawn by lot, where there are several
ALIKE = 0.3  # share of moves that look for a neighbour of the same family
OTHER_UNIT = 0.3  # share of moves to another unit of a pool drawn by lot
ON_UNIT = 0.5  # share of moves past others on a unit of a pool, for work that needs one
EARLIER, URGENT_EARLIER = 0.5, 0.8  # share of moves towards the front
HOPELESS = 30.0  # times its temperature


class Window(NamedTuple):
    """Positions [low, high) of the list are moved, effects are followed up to `horizon`."""

    low: int
    high: int
    horizon: int


@lean
def anneal(
    shop: Shop,
    plan: Records,
    order: Numbers,
    marks: Numbers,
    touched: Numbers,
    chance: Chance,
    window: Window,
    moves: int,
    hot: float,
    cold: float,
    urgent: Numbers,
    best: Numbers,
    calm: Records,
) -> tuple[float, int]:
    """Change the window by `moves` moves, its temperature falling from `hot` to `cold` minutes.

    Leaves the best list that it saw in `best` (2, high - low), operations and their alternatives,
    its units under `kept` of the seats, and returns how much less it costs as far as can be judged
    (0 or less), and how many operations were timed anew. `marks` (n,) must be zero at first,
    `touched` has room for n + 1; `calm` tells what departures from the plan before cost.
    """
    low, high, horizon = window
    size = high - low
    some = 0
    for x in range(low, high):
        o = order[x]
        best[0, x - low], best[1, x - low] = o, plan[o]["choice"]
        if plan[o]["price"] > 0 and not plan[o]["fixed"]:
            urgent[some] = o
            some += 1
    if len(shop.seats) > 0:
        keep_units(shop, order, low, high)
    now, least = 0.0, 0.0
    timed = 0
    cooling = (cold / hot) ** (1.0 / max(1, moves))
    heat = hot
    for move in range(1, moves + 1):
        heat *= cooling
        if some > 0 and fraction(chance) < URGENT:
            o = urgent[below(chance, some)]
            earlier = fraction(chance) < URGENT_EARLIER
        else:
            o = order[low + below(chance, size)]
            earlier = fraction(chance) < EARLIER
        if plan[o]["fixed"]:
            continue
        # 1. On which machine, and between whom?
        step = shop.steps[o]
        x, old = plan[o]["place"], plan[o]["choice"]
        seat, unit = wide(NONE), wide(NONE)
        if seated(shop, o) and fraction(chance) < OTHER_UNIT:
            seat = wide(step["seats"]) + below(chance, step["seats_end"] - step["seats"])
            unit, pool = wide(shop.seats[seat]["unit"]), shop.pools[shop.seats[seat]["pool"]]
            other = wide(pool["unit"]) + below(chance, pool["unit_end"] - pool["unit"])
            if other == unit:
                continue
            shop.seats[seat]["former"] = shop.seats[seat]["down"]
            change_unit(shop, plan, order, seat, other)
        k = old
        if step["beyond"] - step["first"] > 1 and fraction(chance) < REASSIGNED:
            k = step["first"] + below(chance, step["beyond"] - step["first"])
        m, family = shop.choices[k]["machine"], shop.choices[k]["family"]
        u_old, v_old = plan[o]["up"], plan[o]["down"]
        u, v = u_old, v_old
        passed = int(FARTHEST * fraction(chance) ** 3)
        if k == old:
            passed += 1
        elif shop.machines[m]["real"] != m:  # nobody else is there
            u, v = NONE, NONE
        elif m != plan[o]["machine"]:  # else another stretch between what is held there
            u = in_front(plan, order, m, x)
            v = plan[u]["down"] if u != NONE else first_of(plan, order, m)
        alike = fraction(chance) < ALIKE
        if alike:
            passed = 4 * FARTHEST
        y = x
        if seated(shop, o) and fraction(chance) < ON_UNIT:
            i = step["seats"] + below(chance, step["seats_end"] - step["seats"])
            if earlier:
                y = place_on_unit(shop, plan, o, i, passed + 1, earliest_place(shop, plan, o, low))
                while u != NONE and plan[u]["place"] >= y:
                    v, u = u, plan[u]["up"]
            else:
                farthest = latest_place(shop, plan, o, high - 1)
                y = place_on_unit(shop, plan, o, i, passed + 1, farthest)
                while v != NONE and plan[v]["place"] <= y:
                    u, v = v, plan[v]["down"]
        elif earlier:
            nearest = earliest_place(shop, plan, o, low)
            while passed > 0 and u != NONE and plan[u]["place"] >= nearest:
                y = plan[u]["place"]
                v, u = u, plan[u]["up"]
                passed -= 1
                if alike and u != NONE and plan[u]["family"] == family:
                    break
        else:
            farthest = latest_place(shop, plan, o, high - 1)
            while passed > 0 and v != NONE and plan[v]["place"] <= farthest:
                y = plan[v]["place"]
                u, v = v, plan[v]["down"]
                passed -= 1
                if alike and plan[u]["family"] == family:
                    break
        if seat == NONE and k == old and y == x:
            continue
        # 2. Move it and judge.
        delta = judged(shop, plan, order, marks, touched, move, o, k, u, v, y, horizon, calm)
        timed += touched[0]
        # 3. Keep it or take it back.
        if delta <= 0 or (delta < HOPELESS * heat and fraction(chance) < np.exp(-delta / heat)):
            keep(plan, touched, calm)
            now += delta
            if now < least - 1e-6:
                least = now
                for x in range(size):
                    best[0, x], best[1, x] = order[low + x], plan[order[low + x]]["choice"]
                if len(shop.seats) > 0:
                    keep_units(shop, order, low, high)
        else:
            put(shop, plan, order, o, old, u_old, v_old, x)
            if seat != NONE:
                change_unit(shop, plan, order, seat, unit)
    return least, timed
