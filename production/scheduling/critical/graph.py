"""A plan as a disjunctive graph: machine sequences, a topological order, heads and tails.

The graph is one array (ROWS, N + 1 + M) of int32: a column per operation, column N for "none",
and an anchor per machine, which stands before its first operation and behind its last one.
One array instead of many keeps calls between kernels cheap.
"""

import numpy as np

from production.scheduling.compiled import lean

from .shop import Ints, Shop

# What the shop says:
BEFORE = 0  # operation before in the job, N for none
AFTER = 1  # operation after in the job, N for none
LAG = 2  # least minutes between the end and the start of the next operation of the job
OPTIONS = 3  # first alternative; the next column holds the first one of the next operation
# What the plan says:
CHOICE = 4  # the alternative taken
MINUTES = 5
LEFT = 6  # operation before on the machine, or its anchor
RIGHT = 7  # operation behind on the machine, or its anchor
ORDER = 8  # a topological order: the operation at each place
PLACE = 9  # its inverse
END = 10  # earliest end: head plus minutes
TAIL = 11  # longest way from the start to the end of the plan, own minutes included
# Scratch space of a single call:
ASIDE = 12
SEEN = 13
ROWS = 14


def empty_graph(shop: Shop) -> Ints:
    """Room for a plan of this shop; `lay` fills it."""
    columns = len(shop.before)
    graph = np.zeros((ROWS, columns + shop.machines), np.int32)
    graph[BEFORE, :columns] = shop.before
    graph[AFTER, :columns] = shop.after
    graph[LAG, :columns] = shop.lag
    graph[OPTIONS, :columns] = shop.alt_ptr
    return graph


@lean
def size(graph: Ints) -> int:
    """N, and so the column of "none": no operation is before the first one."""
    return int(graph[BEFORE, 0])


@lean
def lay(graph: Ints, options: Ints, plan: Ints) -> int:
    """Build a plan (2, N) of choices and an order; returns its makespan.

    `options` (2, A) holds the machine and the minutes of every alternative.
    """
    count = size(graph)
    for anchor in range(count + 1, graph.shape[1]):
        graph[LEFT, anchor] = graph[RIGHT, anchor] = anchor
    for i in range(count):
        o = plan[1, i]
        choice = plan[0, o]
        graph[ORDER, i] = o
        graph[PLACE, o] = i
        link(graph, options, o, choice, graph[LEFT, count + 1 + options[0, choice]])
    count_heads(graph, 0)
    count_tails(graph, count - 1)
    return makespan(graph)


@lean
def link(graph: Ints, options: Ints, o: int, choice: int, x: int) -> None:
    """Put a loose operation behind x, an operation or the anchor on the machine of `choice`."""
    y = graph[RIGHT, x]
    graph[RIGHT, x] = graph[LEFT, y] = o
    graph[LEFT, o] = x
    graph[RIGHT, o] = y
    graph[CHOICE, o] = choice
    graph[MINUTES, o] = options[1, choice]


@lean
def unlink(graph: Ints, o: int) -> None:
    """Take an operation off its machine."""
    x, y = graph[LEFT, o], graph[RIGHT, o]
    graph[RIGHT, x] = y
    graph[LEFT, y] = x


@lean
def count_heads(graph: Ints, start: int) -> None:
    """Earliest ends of the operations from place `start` on."""
    for i in range(start, size(graph)):
        o = graph[ORDER, i]
        b = graph[BEFORE, o]
        head = max(graph[END, b] + graph[LAG, b], graph[END, graph[LEFT, o]])
        graph[END, o] = head + graph[MINUTES, o]


@lean
def count_tails(graph: Ints, start: int) -> None:
    """Tails of the operations from place `start` back to the first."""
    for i in range(start, -1, -1):
        o = graph[ORDER, i]
        rest = max(graph[TAIL, graph[AFTER, o]] + graph[LAG, o], graph[TAIL, graph[RIGHT, o]])
        graph[TAIL, o] = rest + graph[MINUTES, o]


@lean
def makespan(graph: Ints) -> int:
    """The longest of all tails: it starts at the first operation of a job."""
    longest = 0
    for o in range(size(graph)):
        longest = max(longest, graph[TAIL, o])
    return longest


@lean
def push_back(graph: Ints, o: int, x: int) -> None:
    """Order o, and what must follow it, behind x."""
    low, high = graph[PLACE, o], graph[PLACE, x]
    kept, held = low, 0
    for i in range(low, high + 1):
        a = graph[ORDER, i]
        if a == o or graph[SEEN, graph[BEFORE, a]] or graph[SEEN, graph[LEFT, a]]:
            graph[SEEN, a] = 1
            graph[ASIDE, held] = a
            held += 1
        else:
            graph[ORDER, kept] = a
            graph[PLACE, a] = kept
            kept += 1
    for i in range(held):
        a = graph[ASIDE, i]
        graph[SEEN, a] = 0
        graph[ORDER, kept + i] = a
        graph[PLACE, a] = kept + i


@lean
def pull_forward(graph: Ints, o: int, y: int) -> None:
    """Order o, and what must precede it, in front of y."""
    low, high = graph[PLACE, y], graph[PLACE, o]
    kept, held = high, 0
    for i in range(high, low - 1, -1):
        a = graph[ORDER, i]
        if a == o or graph[SEEN, graph[AFTER, a]] or graph[SEEN, graph[RIGHT, a]]:
            graph[SEEN, a] = 1
            graph[ASIDE, held] = a
            held += 1
        else:
            graph[ORDER, kept] = a
            graph[PLACE, a] = kept
            kept -= 1
    for i in range(held):
        a = graph[ASIDE, i]
        graph[SEEN, a] = 0
        graph[ORDER, kept - i] = a
        graph[PLACE, a] = kept - i


@lean
def move(graph: Ints, options: Ints, o: int, choice: int, x: int) -> None:
    """Put an operation behind x on the machine of `choice`; order, heads and tails follow.

    Only the part of the order between the old and the new place is touched (Pearce & Kelly 2006);
    heads are counted anew from its front on and tails from its rear back. The move must not close
    a circle.
    """
    count = size(graph)
    low = high = graph[PLACE, o]
    unlink(graph, o)
    link(graph, options, o, choice, x)
    y = graph[RIGHT, o]
    if x < count and graph[PLACE, x] > high:
        high = graph[PLACE, x]
        push_back(graph, o, x)
    elif y < count and graph[PLACE, y] < low:
        low = graph[PLACE, y]
        pull_forward(graph, o, y)
    count_heads(graph, low)
    count_tails(graph, high)
