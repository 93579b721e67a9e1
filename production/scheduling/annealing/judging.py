"""What a move really changes: only operations that it reaches are timed anew."""

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.clock import end_at
from production.scheduling.compiled import inlined, lean, wide
from production.scheduling.rows import fitted, ready_at, setup_from
from production.scheduling.seating import HELD, held_from, seated, stays, timed, units_done

from .moving import put
from .units import ask_on_units

IMPOSSIBLE = 1.0e15
GAIN = 0.3  # part of its price that a minute earlier behind the horizon is expected to bring


@inlined
def ask(marks: Numbers, place: int, move: int) -> int:
    """Ask for a look at a position of the list; 1 where nobody had asked."""
    if marks[place] == move:
        return 0
    marks[place] = move
    return 1


@inlined
def time_anew(shop: Shop, plan: Records, o: int, move: int) -> bool:
    """Set the times that o has under a move; False where they collide with fixed work."""
    row = plan[o]
    m = row["machine"]
    free, family = shop.machines[m]["origin"], shop.machines[m]["set_up"]
    u = row["up"]
    if u != NONE:
        before = plan[u]
        free = max(free, before["try_end"] if before["trial"] == move else before["end"])
        family = before["family"]
    setup = setup_from(shop, m, family, row["family"])
    start, end, done = row["start"], row["end"], row["done"]
    if row["fixed"]:
        if u != NONE and not plan[u]["fixed"] and free + setup > start:
            return False
        if row["fixed"] == HELD and not stays(shop, plan, o, free, setup):
            return False
        if seated(shop, o):
            taken = held_from(shop, plan, o, wide(start), setup)
            if units_done(shop, plan, o, move) > taken:
                return False
    elif seated(shop, o):
        ready = ready_at(shop, plan, o, move)
        start, end, done = timed(shop, plan, o, ready, wide(free), wide(setup), move)
        if start == NONE:
            return False
    else:
        start = fitted(shop, plan, o, ready_at(shop, plan, o, move), free, setup)
        end = start + row["minutes"]
        done = end_at(shop, m, end)
    row["trial"] = move
    row["try_start"], row["try_end"], row["try_done"], row["try_setup"] = start, end, done, setup
    return True


@inlined
def late_cost(weight: int, due: int, before: int, after: int) -> float:
    """What it costs more that a job ends at `after` and not at `before`."""
    return float(weight) * (max(0, after - due) - max(0, before - due))


@lean
def change(
    shop: Shop,
    plan: Records,
    order: Numbers,
    marks: Numbers,
    touched: Numbers,
    move: int,
    low: int,
    horizon: int,
    asked: int,
) -> float:
    """What a move costs: `asked` positions from `low` on are marked, and what they push follows.

    From position `horizon` on nothing is followed any further; a shift there counts at its price.
    `touched[0]` is the number of operations that got new times, `touched[1:]` names them.
    """
    delta = 0.0
    x = low
    count = 0
    while asked > 0:
        if marks[x] != move:
            x += 1
            continue
        asked -= 1
        o = order[x]
        step, row = shop.steps[o], plan[o]
        if not time_anew(shop, plan, o, move):
            touched[0] = count
            return IMPOSSIBLE
        count += 1
        touched[count] = o
        delta += row["try_setup"] - row["setup"]
        if x >= horizon:
            shift = row["try_start"] - row["start"]
            delta += row["price"] * shift * (1.0 if shift > 0 else GAIN)
            x += 1
            continue
        if row["try_done"] != row["done"]:
            if step["weight"] > 0:
                delta += late_cost(step["weight"], step["due"], row["done"], row["try_done"])
            v = step["after"]
            if v != NONE and plan[v]["place"] > x:
                asked += ask(marks, plan[v]["place"], move)
            for i in range(step["awaited"], step["awaited_end"]):
                if plan[shop.awaited[i]]["place"] > x:
                    asked += ask(marks, plan[shop.awaited[i]]["place"], move)
            for i in range(step["seats"], step["seats_end"]):
                v = shop.seats[i]["down"]
                if v != NONE:
                    asked += ask(marks, plan[shop.seats[v]["operation"]]["place"], move)
        if row["down"] != NONE and row["try_end"] != row["end"]:
            asked += ask(marks, plan[row["down"]]["place"], move)
        x += 1
    touched[0] = count
    return delta


@inlined
def judged(
    shop: Shop,
    plan: Records,
    order: Numbers,
    marks: Numbers,
    touched: Numbers,
    move: int,
    o: int,
    k: int,
    u: int,
    v: int,
    y: int,
    horizon: int,
) -> float:
    """Take o to position y, by its alternative k between u and v, and say what that costs."""
    v_old = plan[o]["down"]
    front = min(plan[o]["place"], y)
    put(shop, plan, order, o, k, u, v, y)
    asked = ask(marks, y, move)
    if v_old != NONE:
        front = min(front, plan[v_old]["place"])
        asked += ask(marks, plan[v_old]["place"], move)
    if v != NONE:
        asked += ask(marks, plan[v]["place"], move)
    if seated(shop, o):
        more, first = ask_on_units(shop, plan, o, marks, move)
        asked, front = asked + more, min(front, first)
    return change(shop, plan, order, marks, touched, move, front, horizon, asked)


@inlined
def keep(plan: Records, touched: Numbers) -> None:
    """Take over the times of the last move that was judged."""
    for i in range(1, touched[0] + 1):
        row = plan[touched[i]]
        row["start"], row["end"] = row["try_start"], row["try_end"]
        row["done"], row["setup"] = row["try_done"], row["try_setup"]
