"""Batches formed by a rule: whenever a rack or plate is free, it takes what is worth most a minute.

A batch is worth the weights of what it holds, those that are not urgent less, for each minute that
it takes the machine: waiting for work that is about to arrive, change-over, and processing. Source:
the BATC rules of Mason, Fowler, Carlyle (2002); of waiting for arrivals, the review by Mathirajan
and Sivakumar (2006).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, inf

from production.scheduling.machines import Machine, Plate, Rack
from production.scheduling.problem import Problem

from .cutting import Batches, batches_in
from .eligible import Kind, Member

MOST = 40  # of one kind that are looked at when a machine is free, the most urgent
CUTS = 4  # moments up to which a batch may wait for arrivals that are tried


@dataclass(frozen=True, slots=True)
class Taste:
    """How batches are formed. `patience` is how long a machine waits for arrivals, `look_ahead` how
    far an order's due date may lie until it counts little; both in mean minutes of a batch. `full`
    fills a batch in order of due dates with all that is there, whatever that makes of it."""

    patience: float = 1.0
    look_ahead: float = 2.0
    full: bool = False


DUE_DATE_ORDER = Taste(0.0, full=True)
TASTES = (
    *(Taste(patience, ahead) for patience in (0.0, 0.5, 1.0, 3.0) for ahead in (1.0, 8.0)),
    DUE_DATE_ORDER,
    Taste(1.0, full=True),
)


@dataclass(slots=True)
class _Place:
    """A rack or plate: from when on it is free, and what it is set up for."""

    machine: Machine
    batch: Rack | Plate
    free: int
    family: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """A batch that a place could begin with."""

    members: tuple[Member, ...]
    end: int
    worth: float


def formed(problem: Problem, members: Sequence[Member], taste: Taste) -> Batches:
    """Batches of what may share, firm work before work for the forecast."""
    found: list[list[str]] = []
    for firm in (True, False):
        some = [one for one in members if one.kind[-1] == firm]
        found += _Forming(problem, some, taste).batches()
    return batches_in(found)


class _Forming:
    def __init__(self, problem: Problem, members: Sequence[Member], taste: Taste) -> None:
        self.problem, self.taste = problem, taste
        self.left = {one.operation.id: one for one in members}
        self.places = [
            _Place(one, one.batch, _free_from(problem, one), one.setup_family)
            for one in problem.machines
            if one.batch
        ]
        minutes = [a.minutes for one in members for a in one.operation.alternatives]
        self.mean = max(1.0, sum(minutes) / max(1, len(minutes)))

    def batches(self) -> list[list[str]]:
        """Names of what goes together, in the order in which it is begun."""
        found = []
        while (next_one := self._next_free()) is not None:
            place, now = next_one
            best = max(self._offers(place, now), key=lambda one: one.worth, default=None)
            if best is None:
                self.places.remove(place)
                continue
            names = [one.operation.id for one in best.members]
            place.free, place.family = best.end, best.members[0].operation.setup_family
            for name in names:
                del self.left[name]
            found.append(names)
        return found

    def _next_free(self) -> tuple[_Place, int] | None:
        """The place that may begin first, and when."""
        found: tuple[int, _Place] | None = None
        for place in self.places:
            ready = [one.ready for one in self.left.values() if self._fits(one, place)]
            if ready and (found is None or max(place.free, min(ready)) < found[0]):
                found = max(place.free, min(ready)), place
        return (found[1], found[0]) if found else None

    def _fits(self, member: Member, place: _Place) -> bool:
        operation = member.operation
        able = place.machine.id in operation.machine_ids
        return able and operation.size <= place.batch.capacity

    def _offers(self, place: _Place, now: int) -> Iterator[_Offer]:
        kinds: dict[Kind, list[Member]] = {}
        until = now + self.taste.patience * self.mean
        for one in self.left.values():
            if one.ready <= until and self._fits(one, place):
                kinds.setdefault(one.kind, []).append(one)
        for some in kinds.values():
            arrivals = sorted({max(now, one.ready) for one in some})
            for wait in arrivals[:: max(1, len(arrivals) // CUTS)]:
                there = [one for one in some if one.ready <= wait]
                yield from self._filled(place, now, there)

    def _filled(self, place: _Place, now: int, some: list[Member]) -> Iterator[_Offer]:
        """Batches of the most urgent of some, from one to as many as there is room for."""
        some.sort(key=lambda one: (one.due, one.operation.id))
        room, inside = place.batch.capacity, []
        jobs: set[str] = set()
        for one in some[:MOST]:
            if one.operation.size <= room and one.operation.job_id not in jobs:
                jobs.add(one.operation.job_id)
                room -= one.operation.size
                inside.append(one)
                if not self.taste.full:
                    yield from self._offer(place, now, inside)
        if self.taste.full:
            yield from self._offer(place, now, inside)

    def _offer(self, place: _Place, now: int, inside: Sequence[Member]) -> Iterator[_Offer]:
        machine = place.machine
        own = [one.operation.minutes_on(machine.id) or 0 for one in inside]
        minutes = place.batch.minutes(own)
        family = inside[0].operation.setup_family
        setup = self.problem.matrix[machine.id].between(place.family, family)
        hours = self.problem.open_time[machine.id]
        start = max(hours.worked(now) + setup, hours.worked(max(one.ready for one in inside)))
        if start + minutes > hours.total:
            return
        end = hours.end_at(start + minutes)
        worth = sum(one.weight * self._urgency(one, end) for one in inside) / (end - now)
        if self.taste.full:
            worth = -inf if not inside else -inside[0].due
        yield _Offer(tuple(inside), end, worth)

    def _urgency(self, member: Member, end: int) -> float:
        return exp(-max(0.0, member.due - end) / (self.taste.look_ahead * self.mean))


def _free_from(problem: Problem, machine: Machine) -> int:
    """When a machine has done what is pinned to it."""
    pinned = [one for one in problem.operations() if one.pinned]
    ends = [
        span[1]
        for one in pinned
        if one.pinned and one.pinned.machine_id == machine.id
        if (span := problem.pinned_span(one))
    ]
    return max(0, machine.available_from, *ends, 0)
