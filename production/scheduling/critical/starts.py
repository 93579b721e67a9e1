"""First plans: jobs enter one operation at a time, each on the machine that ends it first."""

import numpy as np

from production.scheduling.chance import Chance, below
from production.scheduling.compiled import kernel

from .graph import AFTER, BEFORE, LAG, OPTIONS, size
from .shop import Ints

RULES = 3
REMAINING, EARLIEST, RANDOM = 0, 1, 2
ANY = 1 << 20


@kernel
def remaining(graph: Ints, options: Ints, work: Ints) -> None:
    """Write to `work` (N + 1,) the least minutes from each operation's start to its job's end."""
    count = size(graph)
    work[count] = 0
    for o in range(count - 1, -1, -1):
        least = options[1, graph[OPTIONS, o]]
        for choice in range(graph[OPTIONS, o], graph[OPTIONS, o + 1]):
            least = min(least, options[1, choice])
        work[o] = least + graph[LAG, o] + work[graph[AFTER, o]]


@kernel
def quickest(graph: Ints, options: Ints, free: Ints, o: int, ready: int, state: Chance) -> int:
    """The alternative that ends o first, the shortest among equals, then any."""
    found, ties, best = -1, 0, 0
    for choice in range(graph[OPTIONS, o], graph[OPTIONS, o + 1]):
        minutes = options[1, choice]
        end = max(ready, free[options[0, choice]]) + minutes
        value = (end << 20) + minutes
        if ties == 0 or value < best:
            found, ties, best = choice, 1, value
        elif value == best:
            ties += 1
            if below(state, ties) == 0:
                found = choice
    return found


@kernel
def openings(graph: Ints) -> Ints:
    """The first operation of every job, (J,)."""
    count = size(graph)
    found = np.empty(count, np.int32)
    jobs = 0
    for o in range(count):
        if graph[BEFORE, o] == count:
            found[jobs] = o
            jobs += 1
    return found[:jobs]


@kernel
def dispatched(
    graph: Ints, options: Ints, plan: Ints, rule: int, noise: int, state: Chance
) -> None:
    """Write a plan's choices and order to `plan` (2, N).

    The rule picks the job that goes on: the one with the most work left (REMAINING), with the
    earliest end beside the most work behind it (EARLIEST), or any (RANDOM). Up to `noise` minutes
    blur the first two.
    """
    count = size(graph)
    work = np.empty(count + 1, np.int32)
    remaining(graph, options, work)
    free = np.zeros(graph.shape[1] - count - 1, np.int32)
    ready = np.zeros(count + 1, np.int32)
    following = openings(graph)
    for i in range(count):
        found, best, taken, until = -1, 0, 0, 0
        for j in range(len(following)):
            o = following[j]
            if o == count:
                continue
            choice = quickest(graph, options, free, o, ready[o], state)
            end = max(ready[o], free[options[0, choice]]) + options[1, choice]
            value = below(state, noise + 1)
            if rule == REMAINING:
                value -= work[o]
            elif rule == EARLIEST:
                value += end - work[graph[AFTER, o]]
            else:
                value = below(state, ANY)
            if found < 0 or value < best:
                found, best, taken, until = j, value, choice, end
        o = following[found]
        free[options[0, taken]] = until
        ready[graph[AFTER, o]] = until + graph[LAG, o]
        following[found] = graph[AFTER, o]
        plan[0, o] = taken
        plan[1, i] = o
