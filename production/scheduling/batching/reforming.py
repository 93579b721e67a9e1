"""Other batches close to those of a plan: two join, one splits, an operation moves or changes
places with another."""

from collections.abc import Iterator, Sequence

from numpy.random import Generator

from production.scheduling.plan import PlannedOperation

from .cutting import Batches, Cutter, batches_in
from .eligible import Eligible, Kind

NEAR = 3  # batches of a kind between which operations move: so many places apart in time

Group = tuple[str, ...]


class Neighbours:
    """The batches of a plan, those of one operation included, by kind in order of their starts."""

    def __init__(
        self,
        cutter: Cutter,
        eligible: Eligible,
        batches: Batches,
        plan: dict[str, PlannedOperation],
    ) -> None:
        self.cutter, self.batches = cutter, batches
        shared = {one for batch in batches for one in batch}
        single = [(one,) for one in eligible.kinds if one not in shared]
        found: dict[Kind, list[Group]] = {}
        for group in (*batches, *single):
            if all(one in plan for one in group):
                found.setdefault(eligible.kinds[group[0]], []).append(group)
        self.kinds = [some for kind, some in sorted(found.items())]
        for some in self.kinds:
            some.sort(key=lambda group: (plan[group[0]].start, group))

    def in_random_order(self, chance: Generator) -> Iterator[Batches]:
        """Every neighbour that fits onto a machine, once."""
        every = [change for some in self.kinds for change in _changes(some)]
        for old, new in (every[at] for at in chance.permutation(len(every))):
            if all(self._fits(one) for one in new):
                kept = [one for one in self.batches if one not in old]
                yield batches_in([*kept, *new])

    def _fits(self, group: Group) -> bool:
        operation = self.cutter.problem.operation
        return len(group) < 2 or bool(self.cutter.places([operation[one] for one in group]))


Change = tuple[tuple[Group, ...], tuple[Group, ...]]  # groups that go, groups that come


def _changes(row: Sequence[Group]) -> Iterator[Change]:
    """The changes among the groups of one kind."""
    for at, group in enumerate(row):
        if len(group) > 1:
            for one in group:
                yield (group,), (_without(group, one), (one,))
        for other in row[at + 1 : at + 1 + NEAR]:
            yield (group, other), ((*group, *other),)
            yield from _moved(group, other)
            yield from _moved(other, group)
            yield from _swapped(group, other)


def _moved(here: Group, there: Group) -> Iterator[Change]:
    if len(here) > 1:
        for one in here:
            yield (here, there), (_without(here, one), (*there, one))


def _swapped(here: Group, there: Group) -> Iterator[Change]:
    if len(here) > 1 or len(there) > 1:
        for one in here:
            for other in there:
                yield (here, there), ((*_without(here, one), other), (*_without(there, other), one))


def _without(group: Group, one: str) -> Group:
    return tuple(each for each in group if each != one)
