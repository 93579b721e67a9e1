"""One machine's row of work, in open minutes, with its gaps.

In open minutes a set-up and its processing are one unbroken stretch, so nights and breakdowns need
no special case: only the two conversions of `OpenTime` know them.
"""

from bisect import bisect_right
from dataclasses import dataclass

from .problem import Machine, Operation, Problem, SetupMatrix
from .worktime import OpenTime


@dataclass(frozen=True, slots=True)
class Placement:
    """An operation's place: gap and open minutes on its timeline, start and end on the clock."""

    operation: Operation
    timeline: "Timeline"
    gap: int
    work_start: int
    minutes: int
    start: int
    end: int


class Timeline:
    """Blocks of one machine ordered by start of processing."""

    __slots__ = (
        "_setups",
        "ends",
        "families",
        "machine",
        "matrix",
        "open",
        "operations",
        "origin",
        "starts",
    )

    def __init__(self, machine: Machine, open_time: OpenTime, matrix: SetupMatrix) -> None:
        self.machine = machine
        self.open = open_time
        self.matrix = matrix
        self.origin = open_time.worked(max(0, machine.available_from))
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.families: list[str] = []
        self.operations: list[Operation] = []
        self._setups: dict[tuple[str | None, str], int] = {}

    def setup(self, before: str | None, after: str) -> int:
        """Change-over minutes between two families on this machine."""
        minutes = self._setups.get((before, after))
        if minutes is None:
            minutes = self._setups[before, after] = self.matrix.between(before, after)
        return minutes

    def free(self, gap: int) -> int:
        """Open minute at which a gap begins."""
        return max(self.ends[gap - 1], self.origin) if gap else self.origin

    def family(self, gap: int) -> str | None:
        """Set-up of the machine when a gap begins."""
        return self.families[gap - 1] if gap else self.machine.setup_family

    def fit(self, gap: int, operation: Operation, minutes: int, lowest: int) -> int | None:
        """Start of processing in one gap, leaving the next block its own change-over; or None."""
        setup = self.setup(self.family(gap), operation.setup_family)
        start = max(lowest, self.free(gap) + setup)
        found = self.open.fit(start, setup, minutes, splittable=operation.splittable)
        if found is None or gap == len(self.starts):
            return found
        after = self.setup(operation.setup_family, self.families[gap])
        if found + minutes + after > self.starts[gap]:
            return None
        return found if self._keeps_whole(gap, after) else None

    def _keeps_whole(self, gap: int, setup: int) -> bool:
        """Whether a set-up leaves a block that cannot be split inside its window."""
        operation = self.operations[gap]
        if operation.splittable or operation.pinned:
            return True
        return self.open.opens(self.starts[gap]) <= self.starts[gap] - setup

    def probe(
        self, operation: Operation, minutes: int, ready: int, end: int | None = None
    ) -> Placement | None:
        """Earliest place, starting at or after `ready` and not ending before
        `end` (wall clock)."""
        lowest = self.open.worked(ready)
        if end is not None:
            lowest = max(lowest, self.open.reached(end) - minutes)
        for gap in range(bisect_right(self.starts, lowest), len(self.starts) + 1):
            start = self.fit(gap, operation, minutes, lowest)
            if start is not None:
                return self.placement(operation, gap, start, minutes)
        return None

    def placement(self, operation: Operation, gap: int, start: int, minutes: int) -> Placement:
        """A place in wall-clock minutes."""
        clock, done = self.open.start_at(start), self.open.end_at(start + minutes)
        return Placement(operation, self, gap, start, minutes, clock, done)

    def insert(self, gap: int, operation: Operation, start: int, end: int) -> None:
        """Put a block into a gap."""
        self.starts.insert(gap, start)
        self.ends.insert(gap, end)
        self.families.insert(gap, operation.setup_family)
        self.operations.insert(gap, operation)

    def append(self, operation: Operation, start: int, end: int) -> None:
        """Put a block that is fixed on the clock behind all others."""
        work = self.open.worked
        self.insert(len(self.starts), operation, work(start), work(end))

    def remove(self, gap: int) -> None:
        """Take the block out that was put into a gap last."""
        del self.starts[gap], self.ends[gap], self.families[gap], self.operations[gap]


def timelines(problem: Problem) -> dict[str, Timeline]:
    """Empty timelines by machine id."""
    return {
        machine.id: Timeline(machine, problem.open_time[machine.id], problem.matrix[machine.id])
        for machine in problem.machines
    }


def take(placement: Placement) -> None:
    """Occupy a place."""
    end = placement.work_start + placement.minutes
    placement.timeline.insert(placement.gap, placement.operation, placement.work_start, end)


def give_back(placements: list[Placement]) -> None:
    """Free places, the last taken first."""
    for placement in reversed(placements):
        placement.timeline.remove(placement.gap)
