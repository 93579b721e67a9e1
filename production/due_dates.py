"""What is due when, what it waits for, and how full the cells are by then.

Useful from the first day: without times the board shows days and cells, with guessed ones hours,
with a plan what is left of each step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from orders import waiting
from orders.waiting import DueLine, LineNames
from production.calendars import monday_of, plant_zone
from production.modelling import Shop, load_shop
from production.models import WorkCenter
from production.work_left import Step, WorkLeft

WEEKS = 4
SHOWN = 50  # lines of one group
GROUPS = ("late", "today", "this-week", "next-week", "later")


@dataclass(frozen=True)
class Due:
    """An open line and the steps that are left; without steps it is made, or has no times yet."""

    line: DueLine
    names: LineNames
    steps: tuple[Step, ...]
    days_late: int
    untimed: int
    """Pieces of which nobody has said how they are made."""

    @property
    def next_step(self) -> Step | None:
        return self.steps[0] if self.steps else None

    @property
    def minutes(self) -> float:
        return sum(step.minutes for step in self.steps)

    @property
    def guessed(self) -> bool:
        return any(step.guessed for step in self.steps)


@dataclass(frozen=True)
class Group:
    """Lines that are due in the same time: how many, and those that are due first."""

    count: int
    dues: Sequence[Due]


@dataclass
class WeekLoad:
    """Minutes that a cell needs for what is due in a week, and those that it is open."""

    needed: float = 0.0
    guessed: float = 0.0
    open: int = 0

    @property
    def over(self) -> bool:
        return self.needed > self.open


@dataclass
class CellLoad:
    cell: WorkCenter
    weeks: list[WeekLoad] = field(default_factory=lambda: [WeekLoad() for _ in range(WEEKS)])
    later: float = 0.0


@dataclass(frozen=True)
class DueBoard:
    """Open lines in their groups, the earliest due first, and the load of every cell."""

    groups: Mapping[str, Group]
    cells: Sequence[CellLoad]
    mondays: Sequence[date]
    untimed: int
    """Lines with pieces of which nobody has said how they are made."""

    @property
    def lines(self) -> int:
        return sum(group.count for group in self.groups.values())

    @property
    def guessed(self) -> bool:
        return any(week.guessed for cell in self.cells for week in cell.weeks)


def due_board(now: datetime, most: int = SHOWN) -> DueBoard:
    """The board as of now with at most so many lines of each group, in a constant number of
    queries.

    What is late loads the present week. Minutes are of running and tearing down: which set-ups
    there will be, only a plan knows.
    """
    zone = plant_zone()
    first = monday_of(now, zone)
    mondays = [first + timedelta(weeks=number) for number in range(WEEKS)]
    lines, work = waiting.due_lines(), WorkLeft()
    demands = list(_demands(lines, work, first))
    cells = _opened(load_shop(now, 7 * WEEKS), mondays, zone)
    return DueBoard(
        _groups(lines, work, now.astimezone(zone).date(), most),
        _loaded(cells, demands),
        mondays,
        sum(demand.lines for demand in demands if not demand.steps),
    )


def group_of(due: date, today: date) -> str:
    """
    >>> tuesday = date(2026, 3, 3)
    >>> [group_of(date(2026, 3, day), tuesday) for day in (2, 3, 4, 8, 9, 15, 16)]
    ['late', 'today', 'this-week', 'this-week', 'next-week', 'next-week', 'later']
    """
    if due < today:
        return "late"
    if due == today:
        return "today"
    monday = today - timedelta(days=today.weekday())
    weeks = (due - monday).days // 7
    return GROUPS[min(2 + weeks, 4)]


def _groups(lines: Iterable[DueLine], work: WorkLeft, today: date, most: int) -> dict[str, Group]:
    found: dict[str, list[DueLine]] = {code: [] for code in GROUPS}
    for due, some in groupby(lines, key=attrgetter("due")):
        found[group_of(due, today)].extend(some)
    shown = [line.line_id for group in found.values() for line in group[:most]]
    names = waiting.names_of(shown)
    return {
        code: Group(len(group), [_due(line, names, work, today) for line in group[:most]])
        for code, group in found.items()
    }


def _due(line: DueLine, names: Mapping[int, LineNames], work: WorkLeft, today: date) -> Due:
    missing = work.missing(line)
    answered = (
        step for one in work.shares(line) for step in work.steps_of(one.work_order_id, one.share)
    )
    foreseen = tuple(work.foreseen(line.product_id, line.configuration_id, missing))
    return Due(
        line,
        names[line.line_id],
        (*answered, *foreseen),
        max(0, (today - line.due).days),
        0 if foreseen else missing,
    )


# The load of cells


@dataclass(frozen=True)
class _Demand:
    """Work that is due in one week, of lines that still need something."""

    week: int
    steps: Sequence[Step]
    lines: int


def _demands(lines: Iterable[DueLine], work: WorkLeft, first: date) -> Iterator[_Demand]:
    """What is due in one week together: of each work order, and of each configuration that is not
    in work yet."""
    in_work: dict[tuple[int, int], float] = {}
    alike: dict[tuple[int, int, int], list[int]] = {}
    for due, some in groupby(lines, key=attrgetter("due")):
        week = max(0, (due - first).days // 7)
        for line in some:
            for order_id, share in work.shares(line):
                in_work[week, order_id] = in_work.get((week, order_id), 0.0) + share
            if missing := work.missing(line):
                alike.setdefault((week, line.product_id, line.configuration_id), []).append(missing)
    for (week, order_id), share in in_work.items():
        if answered := work.steps_of(order_id, share):
            yield _Demand(week, answered, 1)
    for (week, product_id, configuration_id), pieces in alike.items():
        steps = list(work.foreseen(product_id, configuration_id, sum(pieces), len(pieces)))
        yield _Demand(week, steps, len(pieces))


def _opened(shop: Shop, mondays: Sequence[date], zone: ZoneInfo) -> dict[int, CellLoad]:
    """The cells with the minutes that their machines are open, week by week."""
    cells: dict[int, CellLoad] = {}
    for machine in shop.machines:
        load = cells.setdefault(machine.work_center_id, CellLoad(machine.work_center))
        opened = _open_minutes(shop.windows[machine.pk], shop, mondays, zone)
        for week, minutes in zip(load.weeks, opened, strict=True):
            week.open += minutes
    return cells


def _loaded(cells: dict[int, CellLoad], demands: Iterable[_Demand]) -> list[CellLoad]:
    for demand in demands:
        for step in demand.steps:
            _add(cells.setdefault(step.cell.pk, CellLoad(step.cell)), step, demand.week)
    return sorted(cells.values(), key=lambda load: (load.cell.position, load.cell.code))


def _add(load: CellLoad, step: Step, number: int) -> None:
    if number >= WEEKS:
        load.later += step.minutes
        return
    week = load.weeks[number]
    week.needed += step.minutes
    week.guessed += step.minutes if step.guessed else 0.0


def _open_minutes(
    windows: Iterable[tuple[int, int]], shop: Shop, mondays: Sequence[date], zone: ZoneInfo
) -> list[int]:
    """Minutes of each week that are still to come."""
    ends = [
        shop.minute(datetime.combine(monday + timedelta(days=7), time(), tzinfo=zone))
        for monday in mondays
    ]
    begins = [0, *ends[:-1]]
    spans = list(windows)
    return [
        sum(max(0, min(b, end) - max(a, begin)) for a, b in spans)
        for begin, end in zip(begins, ends, strict=True)
    ]
