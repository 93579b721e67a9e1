"""More room on machines: longer days, or one machine more."""

from dataclasses import dataclass, replace
from itertools import pairwise

from production.scheduling.machines import Machine
from production.scheduling.plan import Schedule
from production.scheduling.problem import Problem
from production.scheduling.worktime import OpenTime, Window


@dataclass(frozen=True, slots=True)
class Added:
    """A machine with more hours, or a new one; `spans` are the hours that are new."""

    machine: Machine
    spans: tuple[Window, ...]

    @property
    def minutes(self) -> int:
        """Open minutes added."""
        return sum(end - start for start, end in self.spans)


def overtime(machine: Machine, minutes: int, days: int) -> Added:
    """The machine with its next `days` days longer by some minutes, from now (0) on.

    A day is lengthened where the machine closes for at least as long, so breaks stay breaks; not
    where the calendar ends, for nothing is known of what follows.

    >>> overtime(Machine("saw", "g", ((0, 480), (510, 600), (1440, 1920))), 60, 1).spans
    ((600, 660),)
    """
    found: list[Window] = []
    for (_, end), (opens, _) in pairwise(machine.windows):
        if end > 0 and opens - end >= minutes and len(found) < days:
            found.append((end, end + minutes))
    windows = tuple(sorted([*machine.windows, *found]))
    return Added(replace(machine, windows=windows), tuple(found))


DAY = 24 * 60


def opened(machine: Machine, minutes: int, days: int) -> Added:
    """The machine open for some minutes on its next `days` closed days, from now (0) on: weekends,
    holidays, maintenance. The hours end when those of the day before did.

    >>> opened(Machine("saw", "g", ((0, 480), (4320, 4800))), 240, 5).spans
    ((1680, 1920), (3120, 3360))
    """
    minutes = min(minutes, DAY)
    found: list[Window] = []
    for (_, end), (opens, _) in pairwise(machine.windows):
        for closes in range(end + DAY, opens + 1, DAY):
            if closes - minutes >= 0 and len(found) < days:
                found.append((closes - minutes, closes))
    windows = tuple(sorted([*machine.windows, *found]))
    return Added(replace(machine, windows=windows), tuple(found))


def second(problem: Problem, model: Machine, until: int) -> Added:
    """A new machine like `model`, with its hours until a minute counted as added."""
    name = f"{model.id}+"
    while name in problem.machine:
        name += "+"
    machine = replace(model, id=name, available_from=max(0, model.available_from))
    spans = [(max(start, machine.available_from), min(end, until)) for start, end in model.windows]
    return Added(machine, tuple((start, end) for start, end in spans if start < end))


def used_minutes(schedule: Schedule, added: Added) -> int:
    """Minutes of set-up and work that a plan puts into what was added."""
    new = OpenTime(added.spans)
    row = schedule.by_machine.get(added.machine.id, ())
    return sum(new.worked(one.end) - new.worked(one.setup_start) for one in row)
