"""Tabu search: the best move of a critical path that is not forbidden, again and again."""

from typing import NamedTuple

import numpy as np

from production.scheduling.chance import Chance, below, chance
from production.scheduling.compiled import lean

from .graph import CHOICE, END, LEFT, OPTIONS, ORDER, empty_graph, lay, makespan, move, size
from .neighbours import BEST, DONE, NOTES, NOW, PAIRS, TARGET, look_round, pair
from .shop import Ints, Shop, Wide, alternatives

# For how many moves the way back is barred, and how many more at random:
ORDER_BARRED, ORDER_MORE = 4, 4  # of two operations in their order
RETURN_BARRED, RETURN_MORE = 8, 8  # to a machine; one move more for each that could be taken


class Search(NamedTuple):
    """What a tabu search remembers between two calls."""

    graph: Ints  # (ROWS, N + 1 + M), see `graph`
    options: Ints  # (2, A) machine and minutes of every alternative
    best: Ints  # (2, N) choices and order of the best plan
    notes: Wide  # (NOTES,), see `neighbours`
    barred: Ints  # (PAIRS,) until when an operation may not get in front of another one
    left_until: Wide  # (A,) until when an operation may not return to an alternative
    path: Ints  # (N,) scratch: a critical path, from its end
    state: Chance  # (1,)


def search_for(shop: Shop, target: int) -> Search:
    """A search that ends at the target; `begin` gives it a plan."""
    count, wide = len(shop.before) - 1, np.int64
    notes = np.zeros(NOTES, wide)
    notes[TARGET] = target
    return Search(
        graph=empty_graph(shop),
        options=alternatives(shop),
        best=np.zeros((2, count), np.int32),
        notes=notes,
        barred=np.zeros(PAIRS, np.int32),
        left_until=np.zeros(len(shop.alt_machine), wide),
        path=np.zeros(count, np.int32),
        state=chance(0),
    )


@lean
def begin(search: Search, plan: Ints) -> int:
    """Start anew from a plan (2, N), with nothing forbidden; returns its makespan."""
    graph, options, best, notes, barred, left_until, _path, _state = search
    barred[:] = 0
    left_until[:] = 0
    notes[DONE] = 0
    notes[NOW] = lay(graph, options, plan)
    keep(graph, best, notes)
    return int(notes[NOW])


@lean
def keep(graph: Ints, best: Ints, notes: Wide) -> None:
    """Note the plan at hand as the best one."""
    notes[BEST] = notes[NOW]
    for o in range(best.shape[1]):
        best[0, o] = graph[CHOICE, o]
        best[1, o] = graph[ORDER, o]


@lean
def forbid(
    graph: Ints,
    barred: Ints,
    left_until: Wide,
    notes: Wide,
    state: Chance,
    o: int,
    choice: int,
    x: int,
) -> None:
    """Bar the way back from a move of o behind x that is about to be made."""
    if choice != graph[CHOICE, o]:
        ways = graph[OPTIONS, o + 1] - graph[OPTIONS, o]
        until = notes[DONE] + RETURN_BARRED + ways + below(state, RETURN_MORE)
        left_until[graph[CHOICE, o]] = until
        return
    until = notes[DONE] + ORDER_BARRED + below(state, ORDER_MORE)
    if x < size(graph) and graph[END, x] > graph[END, o]:
        while x != o:
            barred[pair(o, x)] = until
            x = graph[LEFT, x]
    else:
        y = graph[LEFT, o]
        while y != x:
            barred[pair(y, o)] = until
            y = graph[LEFT, y]


@lean
def improve(search: Search, moves: int) -> int:
    """Make some moves, fewer where the target is met; returns the best makespan so far.

    Each one is the best of a critical path drawn at random: Nowicki & Smutnicki (1996) for the
    job shop, Mastrolilli & Gambardella (2000) for the flexible one.
    """
    graph, options, best, notes, barred, left_until, path, state = search
    for _ in range(moves):
        if notes[BEST] <= notes[TARGET]:
            break
        slot = look_round(graph, options, barred, left_until, notes, state, path, False)
        if slot == 0:
            slot = look_round(graph, options, barred, left_until, notes, state, path, True)
        if slot == 0:
            break
        o, choice, x = notes[slot + 1], notes[slot + 2], notes[slot + 3]
        notes[DONE] += 1
        forbid(graph, barred, left_until, notes, state, o, choice, x)
        move(graph, options, o, choice, x)
        notes[NOW] = makespan(graph)
        if notes[NOW] < notes[BEST]:
            keep(graph, best, notes)
    return int(notes[BEST])
