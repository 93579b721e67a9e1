"""What a move on the critical path would give, estimated from heads and tails."""

from production.scheduling.chance import Chance, below
from production.scheduling.compiled import lean

from .graph import AFTER, ASIDE, BEFORE, END, LAG, LEFT, MINUTES, RIGHT, TAIL, size
from .shop import Ints


@lean
def trace(graph: Ints, span: int, path: Ints, state: Chance) -> int:
    """Write one critical path, drawn at random, to `path` (N,) from its end; returns its length.

    `span` is the makespan.
    """
    none = size(graph)
    o, found = none, 0
    for last in range(none):
        if graph[END, last] == span:
            found += 1
            if below(state, found) == 0:
                o = last
    length = 0
    while o != none:
        path[length] = o
        length += 1
        head = graph[END, o] - graph[MINUTES, o]
        if head == 0:
            break
        b, x = graph[BEFORE, o], graph[LEFT, o]
        by_job = b != none and graph[END, b] + graph[LAG, b] == head
        by_machine = x < none and graph[END, x] == head
        if by_job and by_machine:
            by_job = below(state, 2) == 0
        o = b if by_job else x
    return length


@lean
def behind(graph: Ints, u: int, v: int) -> int:
    """Longest way through u .. v on their machine once u is moved right behind v.

    The bound of Balas & Vazacopoulos (1998), after Taillard (1994): heads forwards and tails
    backwards along the moved stretch.
    """
    end = graph[END, graph[LEFT, u]]
    o = graph[RIGHT, u]
    i = 0
    while True:
        b = graph[BEFORE, o]
        end = max(end, graph[END, b] + graph[LAG, b]) + graph[MINUTES, o]
        graph[ASIDE, i] = end
        i += 1
        if o == v:
            break
        o = graph[RIGHT, o]
    b = graph[BEFORE, u]
    head = max(end, graph[END, b] + graph[LAG, b])
    tail = (
        max(graph[TAIL, graph[RIGHT, v]], graph[TAIL, graph[AFTER, u]] + graph[LAG, u])
        + graph[MINUTES, u]
    )
    longest = head + tail
    while True:
        i -= 1
        rest = max(tail, graph[TAIL, graph[AFTER, o]] + graph[LAG, o])
        longest = max(longest, graph[ASIDE, i] + rest)
        tail = rest + graph[MINUTES, o]
        if i == 0:
            break
        o = graph[LEFT, o]
    return int(longest)


@lean
def in_front(graph: Ints, v: int, u: int) -> int:
    """Longest way through u .. v on their machine once v is moved right in front of u."""
    tail = graph[TAIL, graph[RIGHT, v]]
    o = graph[LEFT, v]
    i = 0
    while True:
        tail = max(tail, graph[TAIL, graph[AFTER, o]] + graph[LAG, o]) + graph[MINUTES, o]
        graph[ASIDE, i] = tail
        i += 1
        if o == u:
            break
        o = graph[LEFT, o]
    b = graph[BEFORE, v]
    head = max(graph[END, graph[LEFT, u]], graph[END, b] + graph[LAG, b])
    rest = max(tail, graph[TAIL, graph[AFTER, v]] + graph[LAG, v])
    end = head + graph[MINUTES, v]
    longest = end + rest
    while True:
        i -= 1
        b = graph[BEFORE, o]
        head = max(end, graph[END, b] + graph[LAG, b])
        longest = max(longest, head + graph[ASIDE, i])
        end = head + graph[MINUTES, o]
        if i == 0:
            break
        o = graph[RIGHT, o]
    return int(longest)


@lean
def may_follow(graph: Ints, u: int, v: int) -> bool:
    """u can move right behind v: no way leads from u's successor in the job to v.

    Heads or tails that stand too close are taken for a way; this may refuse a sound move, and
    never lets a circle through.
    """
    s = graph[AFTER, u]
    if s == size(graph):
        return True
    if s == v:
        return False
    apart = graph[END, v] - graph[MINUTES, v] < graph[END, s]
    return bool(apart or graph[TAIL, s] - graph[MINUTES, s] < graph[TAIL, v])


@lean
def may_precede(graph: Ints, v: int, u: int) -> bool:
    """v can move right in front of u: no way leads from u to v's predecessor in the job."""
    b = graph[BEFORE, v]
    if b == size(graph):
        return True
    if b == u:
        return False
    apart = graph[END, b] - graph[MINUTES, b] < graph[END, u]
    return bool(apart or graph[TAIL, u] - graph[MINUTES, u] < graph[TAIL, b])
