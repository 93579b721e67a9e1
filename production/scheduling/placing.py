"""Putting operations into the gaps of timelines, maximum lags kept."""

from collections.abc import Mapping, Sequence

from .jobs import Operation
from .timeline import Placement, Timeline, give_back, take

Timelines = Mapping[str, Timeline]


def chains(operations: Sequence[Operation]) -> list[list[Operation]]:
    """Cut a job into stretches that a maximum lag holds together."""
    stretches: list[list[Operation]] = []
    held = False
    for operation in operations:
        if held:
            stretches[-1].append(operation)
        else:
            stretches.append([operation])
        held = operation.max_lag_after is not None
    return stretches


def options(
    timelines: Timelines, operation: Operation, ready: int, end: int | None = None
) -> list[Placement]:
    """The earliest place on each capable machine that still has one."""
    probed = (
        timelines[a.machine_id].for_one().probe(operation, a.minutes, ready, end)
        for a in operation.alternatives
    )
    return [placement for placement in probed if placement is not None]


def soonest(placements: Sequence[Placement]) -> Placement:
    """The place with the earliest finish; the first machine named wins a tie."""
    return min(placements, key=lambda placement: (placement.end, placement.start))


def place_chain(
    timelines: Timelines, chain: Sequence[Operation], ready: int
) -> list[Placement] | None:
    """Occupy the earliest places for operations tied by maximum lags, or return None.

    Where an operation cannot start in time after the one before, the one before is delayed until it
    can. Each round only raises the earliest ends, so the search ends at the horizon at the latest.
    """
    ends: list[int | None] = [None] * len(chain)
    while True:
        placed: list[Placement] = []
        late = _place_in_turn(timelines, chain, ready, ends, placed)
        if late is None:
            return placed
        give_back(placed)
        if late < 0:
            return None


def _place_in_turn(
    timelines: Timelines,
    chain: Sequence[Operation],
    ready: int,
    ends: list[int | None],
    placed: list[Placement],
) -> int | None:
    """One round: None when all stand, i when operation i was given a later end, -1 when no place
    is left."""
    latest: int | None = None
    for i, operation in enumerate(chain):
        found = options(timelines, operation, ready, ends[i])
        in_time = [p for p in found if latest is None or p.start <= latest]
        if not in_time:
            if not found or i == 0:
                return -1
            ends[i - 1] = min(p.start for p in found) - (chain[i - 1].max_lag_after or 0)
            return i - 1
        placement = soonest(in_time)
        take(placement)
        placed.append(placement)
        ready = placement.end + operation.min_lag_after
        lag = operation.max_lag_after
        latest = None if lag is None else placement.end + lag
    return None
