"""Moves of work that holds units of pools: the list says who goes first, as on a machine."""

from production.scheduling.arrays import NONE, Numbers, Records, Shop
from production.scheduling.compiled import part, wide
from production.scheduling.seating import join, leave


@part
def place_on_unit(shop: Shop, plan: Records, o: int, i: int, passed: int, bound: int) -> int:
    """The place of o if it passes so many others on the unit of its seat i, none beyond `bound`:
    towards the front where the bound lies in front of it."""
    y = wide(plan[o]["place"])
    earlier = bound <= y
    at = wide(shop.seats[i]["up"] if earlier else shop.seats[i]["down"])
    while passed > 0 and at != NONE:
        place = wide(plan[shop.seats[at]["operation"]]["place"])
        if (earlier and place < bound) or (not earlier and place > bound):
            break
        y = place
        at = wide(shop.seats[at]["up"] if earlier else shop.seats[at]["down"])
        passed -= 1
    return y


@part
def sit_anew(shop: Shop, plan: Records, o: int) -> None:
    """Bring the seats of o into the order of the list, o being the only one that is out of it."""
    seats, place = shop.seats, plan[o]["place"]
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        up, down = wide(seats[i]["up"]), wide(seats[i]["down"])
        seats[i]["left"] = down
        leave(shop, i)
        while up != NONE and plan[seats[up]["operation"]]["place"] > place:
            up, down = wide(seats[up]["up"]), up
        while down != NONE and plan[seats[down]["operation"]]["place"] < place:
            up, down = down, wide(seats[down]["down"])
        join(shop, i, up, down)


@part
def seat_on(shop: Shop, o: int, unit: int) -> int:
    """The seat of o on a unit, or NONE."""
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        if shop.seats[i]["unit"] == unit:
            return wide(i)
    return wide(NONE)


@part
def change_unit(shop: Shop, plan: Records, order: Numbers, i: int, unit: int) -> None:
    """Take seat i to another unit, between those who have their turns there around its place."""
    place = plan[shop.seats[i]["operation"]]["place"]
    leave(shop, i)
    up, down, x = wide(NONE), wide(NONE), place - 1
    while up == NONE and x >= 0:
        up = seat_on(shop, wide(order[x]), unit)
        x -= 1
    if up != NONE:
        down = wide(shop.seats[up]["down"])
    x = place + 1
    while up == NONE and down == NONE and x < len(order):
        down = seat_on(shop, wide(order[x]), unit)
        x += 1
    shop.seats[i]["unit"] = unit
    join(shop, i, up, down)


@part
def keep_units(shop: Shop, order: Numbers, low: int, high: int) -> None:
    """Remember the units of positions [low, high) of the list."""
    for x in range(low, high):
        for i in range(shop.steps[order[x]]["seats"], shop.steps[order[x]]["seats_end"]):
            shop.seats[i]["kept"] = shop.seats[i]["unit"]


@part
def ask_on_units(shop: Shop, plan: Records, o: int, marks: Numbers, move: int) -> tuple[int, int]:
    """Ask for a look at all that followed o on a unit before its move or does now: how many nobody
    had asked for, and the first of their places."""
    asked, front = 0, wide(len(marks))
    for i in range(shop.steps[o]["seats"], shop.steps[o]["seats_end"]):
        for seat in (shop.seats[i]["left"], shop.seats[i]["former"], shop.seats[i]["down"]):
            if seat != NONE:
                place = wide(plan[shop.seats[seat]["operation"]]["place"])
                front = min(front, place)
                asked += marks[place] != move
                marks[place] = move
        shop.seats[i]["former"] = NONE
    return asked, front
