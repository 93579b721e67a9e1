"""How far a new plan departs from the one that people have already seen."""

from collections.abc import Mapping
from dataclasses import dataclass

from .plan import Schedule

Place = tuple[str, int]  # machine and minute at which processing starts


@dataclass(frozen=True, slots=True)
class Nervousness:
    """Counts over the operations that stand in both plans."""

    common: int = 0
    moved: int = 0  # that start at another minute
    reassigned: int = 0  # that run on another machine
    minutes: int = 0  # Σ |start now − start before|


def nervousness(
    before: Mapping[str, Place],
    after: Mapping[str, Place],
    *,
    tolerance: int = 0,
    until: int | None = None,
) -> Nervousness:
    """What changed between two plans whose minutes count from one origin.

    Parameters
    ----------
    before, after : place by operation id
    tolerance : starts that differ by so many minutes count as the same
    until : only operations that started before this minute, as near ones disturb most

    Source: Sridharan, Berry, Udayabhanu (1988), schedule instability as change of start.

    Examples
    --------
    >>> nervousness({"a": ("m1", 0), "b": ("m1", 30)}, {"a": ("m1", 0), "b": ("m2", 45)})
    Nervousness(common=2, moved=1, reassigned=1, minutes=15)
    """
    common = moved = reassigned = minutes = 0
    for operation_id, (machine_id, start) in before.items():
        if operation_id not in after or (until is not None and start >= until):
            continue
        machine_now, start_now = after[operation_id]
        away = abs(start_now - start)
        common += 1
        moved += away > tolerance
        minutes += away if away > tolerance else 0
        reassigned += machine_now != machine_id
    return Nervousness(common, moved, reassigned, minutes)


def places(schedule: Schedule, later: int = 0) -> dict[str, Place]:
    """Every operation's place; `later` minutes have passed since the plan's origin."""
    return {one.operation_id: (one.machine_id, one.start - later) for one in schedule.operations}
