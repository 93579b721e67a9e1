"""The moves of one critical path: inside its blocks, and to other machines."""

from production.scheduling.chance import Chance, below
from production.scheduling.compiled import lean

from .graph import AFTER, BEFORE, CHOICE, END, LAG, LEFT, MINUTES, OPTIONS, RIGHT, TAIL, size
from .moves import behind, in_front, may_follow, may_precede, trace
from .shop import Ints, Wide

PAIRS = 1 << 16  # slots for pairs of operations
NEVER = 1 << 30

# Fields of the notes (NOTES,) of a search:
DONE = 0  # moves made
NOW = 1  # makespan of the plan at hand
BEST = 2  # best makespan
TARGET = 3  # makespan that needs no improvement
PICK = 4  # the best allowed move: its value, operation, alternative, place, and ties
SPARE = 9  # a forbidden move by lot: the same five fields
NOTES = 14


@lean
def pair(a: int, b: int) -> int:
    """Slot of the ordered pair (a, b); two pairs may share one."""
    return (a * 40503 + b * 9973 + (a >> 3) * b) & (PAIRS - 1)


@lean
def offer(notes: Wide, state: Chance, tabu: bool, value: int, o: int, choice: int, x: int) -> None:
    """Keep a move if none was better so far; equal ones have equal chances.

    A forbidden move counts like any other one if it promises a new best makespan.
    """
    slot = PICK
    if tabu and value >= notes[BEST]:
        slot = SPARE
        value = 0
    if value > notes[slot]:
        return
    if value < notes[slot]:
        notes[slot] = value
        notes[slot + 4] = 0
    notes[slot + 4] += 1
    if notes[slot + 4] == 1 or below(state, notes[slot + 4]) == 0:
        notes[slot + 1] = o
        notes[slot + 2] = choice
        notes[slot + 3] = x


@lean
def undoes_behind(graph: Ints, barred: Ints, now: int, u: int, v: int) -> bool:
    """Whether u behind v puts an operation back in front of u too early."""
    o = graph[RIGHT, u]
    while barred[pair(o, u)] <= now:
        if o == v:
            return False
        o = graph[RIGHT, o]
    return True


@lean
def undoes_in_front(graph: Ints, barred: Ints, now: int, v: int, u: int) -> bool:
    """Whether v in front of u puts v back in front of an operation too early."""
    o = graph[LEFT, v]
    while barred[pair(v, o)] <= now:
        if o == u:
            return False
        o = graph[LEFT, o]
    return True


@lean
def try_stretch(graph: Ints, barred: Ints, notes: Wide, state: Chance, u: int, v: int) -> None:
    """Offer u behind v and v in front of u, where u stands before v in one block."""
    now = notes[DONE]
    if may_follow(graph, u, v):
        tabu = undoes_behind(graph, barred, now, u, v)
        offer(notes, state, tabu, behind(graph, u, v), u, graph[CHOICE, u], v)
    if graph[RIGHT, u] != v and may_precede(graph, v, u):
        tabu = undoes_in_front(graph, barred, now, v, u)
        offer(notes, state, tabu, in_front(graph, v, u), v, graph[CHOICE, v], graph[LEFT, u])


@lean
def try_block(
    graph: Ints, barred: Ints, notes: Wide, state: Chance, block: Ints, first: bool, last: bool
) -> None:
    """Offer the moves of a block, which is read from its end: the N7 moves.

    Every operation to either edge and either edge to every operation: Zhang et al. (2007). In the
    first block of a path only its end counts, in the last block only its front.
    """
    length = len(block)
    rear, front = block[0], block[length - 1]
    try_stretch(graph, barred, notes, state, front, rear)
    for i in range(1, length - 1):
        if not first:
            try_stretch(graph, barred, notes, state, front, block[i])
        if not last:
            try_stretch(graph, barred, notes, state, block[i], rear)


@lean
def try_machines(
    graph: Ints, options: Ints, left_until: Wide, notes: Wide, state: Chance, o: int
) -> None:
    """Offer every sound place for o on each other machine that can do it.

    The estimate is the way through o: Mastrolilli & Gambardella (2000).
    """
    count = size(graph)
    b, s = graph[BEFORE, o], graph[AFTER, o]
    ready = graph[END, b] + graph[LAG, b]
    rest = graph[TAIL, s] + graph[LAG, o]
    latest = graph[END, s] if s < count else NEVER
    earliest = graph[END, b] - graph[MINUTES, b] if b < count else -1
    for choice in range(graph[OPTIONS, o], graph[OPTIONS, o + 1]):
        if choice == graph[CHOICE, o]:
            continue
        tabu = left_until[choice] > notes[DONE]
        x = count + 1 + options[0, choice]
        y = graph[RIGHT, x]
        while x > count or (x != s and graph[END, x] - graph[MINUTES, x] < latest):
            end = max(ready, graph[END, x]) + options[1, choice]
            if end + rest > notes[PICK]:
                break
            if y > count or (y != b and graph[END, y] > earliest):
                value = end + max(rest, graph[TAIL, y])
                offer(notes, state, tabu, value, o, choice, x)
            if y > count:
                break
            x, y = y, graph[RIGHT, y]


@lean
def look_round(
    graph: Ints,
    options: Ints,
    barred: Ints,
    left_until: Wide,
    notes: Wide,
    state: Chance,
    path: Ints,
    every: bool,
) -> int:
    """Offer the moves of a critical path; returns PICK or SPARE, or 0 where there is none.

    `every` offers also those moves at the ends of the path that cannot shorten it.
    """
    length = trace(graph, notes[NOW], path, state)
    notes[PICK] = notes[SPARE] = NEVER
    notes[PICK + 4] = notes[SPARE + 4] = 0
    start = 0
    while start < length:
        stop = start + 1
        while stop < length and graph[LEFT, path[stop - 1]] == path[stop]:
            stop += 1
        if stop - start > 1:
            first, last = not every and stop == length, not every and start == 0
            try_block(graph, barred, notes, state, path[start:stop], first, last)
        start = stop
    for i in range(length):
        try_machines(graph, options, left_until, notes, state, path[i])
    if notes[PICK + 4] > 0:
        return PICK
    return SPARE if notes[SPARE + 4] > 0 else 0
