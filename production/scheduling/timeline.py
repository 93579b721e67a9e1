"""One machine's row of work, in open minutes, with its gaps.

In open minutes a set-up and its processing are one unbroken stretch, so nights and breakdowns need
no special case: only the two conversions of `OpenTime` know them.
"""

from bisect import bisect_right
from dataclasses import dataclass

from .holding import Holding
from .jobs import Operation
from .machines import Machine
from .problem import Problem
from .worktime import OpenTime


@dataclass(frozen=True, slots=True)
class Placement:
    """An operation's place: gap and open minutes on its timeline, start and end on the clock; from
    `held_from` on it holds units of its pools."""

    operation: Operation
    timeline: "Timeline"
    gap: int
    work_start: int
    minutes: int
    start: int
    end: int
    held_from: int


class Timeline:
    """Blocks of one machine ordered by start of processing; the timelines of a shop share its
    `holding`."""

    __slots__ = (
        "_problem",
        "_setups",
        "ends",
        "families",
        "holding",
        "machine",
        "matrix",
        "open",
        "operations",
        "origin",
        "starts",
    )

    def __init__(self, problem: Problem, machine: Machine, holding: Holding) -> None:
        self._problem = problem
        self.machine = machine
        self.holding = holding
        self.open = problem.open_time[machine.id]
        self.matrix = problem.matrix[machine.id]
        self.origin = self.open.worked(max(0, machine.available_from))
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.families: list[str] = []
        self.operations: list[Operation] = []
        self._setups: dict[tuple[str | None, str], int] = {}

    def for_one(self) -> "Timeline":
        """Where one operation is put: an unlimited machine has a row for each."""
        if not self.machine.unlimited:
            return self
        return Timeline(self._problem, self.machine, self.holding)

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

    def time_for(self, operation: Operation) -> OpenTime:
        """The open minutes in which an operation can be worked here."""
        if not self.shares(operation):
            return self.open
        return self._problem.time_for(operation, self.machine.id)

    def shares(self, operation: Operation) -> bool:
        """Whether more than the machine decides when an operation can be worked here."""
        return bool(operation.pools) or self._problem.is_barred(operation, self.machine.id)

    def pools_of(self, operation: Operation) -> tuple[str, ...]:
        """The pools of which an operation holds a unit."""
        return self._problem.pools_of(operation)

    def fit(self, gap: int, operation: Operation, minutes: int, lowest: int) -> int | None:
        """Start of processing in one gap, leaving the next block its own change-over; or None."""
        setup = self.setup(self.family(gap), operation.setup_family)
        if self.shares(operation):
            return self._fit_shared(gap, operation, minutes, lowest, setup)
        start = max(lowest, self.free(gap) + setup)
        found = self.open.fit(start, setup, minutes, splittable=operation.splittable)
        if found is None or gap == len(self.starts):
            return found
        return found if self._leaves_room(gap, operation, found + minutes) else None

    def _fit_shared(
        self, gap: int, operation: Operation, minutes: int, lowest: int, setup: int
    ) -> int | None:
        """`fit` for an operation that needs pools or keeps out of what is held."""
        time = self.time_for(operation)
        if not self.open.total or lowest >= self.open.total:
            return None
        begin, start = self.open.end_at(self.free(gap)), time.worked(self.open.start_at(lowest))
        while True:
            start = max(start, time.worked(begin) + setup)
            found = time.fit(start, setup, minutes, splittable=operation.splittable)
            if found is None:
                return None
            start = found
            begin, done = time.start_at(start - setup), time.end_at(start + minutes)
            end = self.open.worked(done)
            if gap < len(self.starts) and end > self.starts[gap]:
                return None
            later = self.holding.free_from(operation.pools, begin, done)
            for opens, closes in self._problem.stretches(operation, self.machine.id):
                if begin < opens < done and closes > begin:
                    later = max(later, opens)
                    break
            if later == begin:
                break
            begin = later
        if gap < len(self.starts) and not self._leaves_room(gap, operation, end):
            return None
        return self.open.worked(time.start_at(start))

    def _leaves_room(self, gap: int, operation: Operation, end: int) -> bool:
        """Whether the block behind a gap keeps its place with the change-over that it needs when an
        operation ends at an open minute of the gap. What holds units takes them no sooner."""
        after = self.setup(operation.setup_family, self.families[gap])
        if end + after > self.starts[gap] or not self._keeps_whole(gap, after):
            return False
        following = self.operations[gap]
        if following.pinned or not self.shares(following):
            return True
        if after > self.setup(self.family(gap), following.setup_family):
            return False
        time = self.time_for(following)
        begin = time.worked(self.open.start_at(self.starts[gap])) - after
        return begin >= 0 and self.open.worked(time.start_at(begin)) >= end

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
            time = self.time_for(operation)
            soonest = time.reached(end) - minutes
            if soonest >= time.total:
                return None
            if time is not self.open and soonest > 0:
                soonest = self.open.worked(time.start_at(soonest))
            lowest = max(lowest, soonest)
        for gap in range(bisect_right(self.starts, lowest), len(self.starts) + 1):
            start = self.fit(gap, operation, minutes, lowest)
            if start is not None:
                return self.placement(operation, gap, start, minutes)
        return None

    def placement(self, operation: Operation, gap: int, start: int, minutes: int) -> Placement:
        """A place in wall-clock minutes."""
        clock = self.open.start_at(start)
        if not self.shares(operation):
            done = self.open.end_at(start + minutes)
            return Placement(operation, self, gap, start, minutes, clock, done, clock)
        time = self.time_for(operation)
        done = time.end_at(time.worked(clock) + minutes)
        begin, minutes = self.setup_start(operation, gap, clock), self.open.worked(done) - start
        return Placement(operation, self, gap, start, minutes, clock, done, begin)

    def setup_start(self, operation: Operation, gap: int, start: int) -> int:
        """When the set-up of an operation begins that starts in a gap at a minute on the clock, as
        late as possible. That of started work is over."""
        started = operation.pinned is not None and operation.pinned.start <= 0
        setup = 0 if started else self.setup(self.family(gap), operation.setup_family)
        time = self.time_for(operation)
        if not setup or not time.total:
            return start - setup
        return min(start - setup, time.start_at(time.worked(start) - setup))

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
    holding = Holding(problem.pools)
    return {machine.id: Timeline(problem, machine, holding) for machine in problem.machines}


def take(placement: Placement) -> None:
    """Occupy a place."""
    end = placement.work_start + placement.minutes
    placement.timeline.insert(placement.gap, placement.operation, placement.work_start, end)
    holding, pools = placement.timeline.holding, placement.operation.pools
    holding.take(pools, placement.held_from, placement.end)


def give_back(placements: list[Placement]) -> None:
    """Free places, the last taken first."""
    for placement in reversed(placements):
        placement.timeline.remove(placement.gap)
        holding, pools = placement.timeline.holding, placement.operation.pools
        holding.give_back(pools, placement.held_from, placement.end)
