"""What is due when, what it waits for, and how full the cells are by then.

Useful from the first day: without times the board shows days and cells, with guessed ones hours,
with a plan what is left of each step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from orders import waiting
from orders.catalogue import matches
from orders.waiting import DueLine
from production.calendars import monday_of, plant_zone
from production.modelling import Shop, load_shop, minutes_left
from production.models import Job, Operation, Pegging, WorkCenter

WEEKS = 4
MADE = ("produced", "ready")
GROUPS = ("late", "today", "this-week", "next-week", "later")
_NOT_ANSWERING = ("cancelled",)


@dataclass(frozen=True)
class Step:
    """What a line still needs of a cell. `guessed`: nobody knows the time, somebody guessed it."""

    cell: WorkCenter
    name: str
    minutes: float
    guessed: bool


@dataclass(frozen=True)
class Due:
    """An open line and the steps that are left; without steps it is made, or has no times yet."""

    line: DueLine
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
    """All open lines in their groups, the earliest due first, and the load of every cell."""

    groups: Mapping[str, Sequence[Due]]
    cells: Sequence[CellLoad]
    mondays: Sequence[date]

    @property
    def lines(self) -> int:
        return sum(len(group) for group in self.groups.values())

    @property
    def untimed(self) -> int:
        """Lines with pieces of which nobody has said how they are made."""
        return sum(1 for group in self.groups.values() for due in group if due.untimed)

    @property
    def guessed(self) -> bool:
        return any(week.guessed for cell in self.cells for week in cell.weeks)


def due_board(now: datetime) -> DueBoard:
    """The board as of now, in a constant number of queries.

    What is late loads the present week. Minutes are of running and tearing down: which set-ups
    there will be, only a plan knows.
    """
    zone = plant_zone()
    today = now.astimezone(zone).date()
    lines = waiting.due_lines()
    steps = _steps()
    left = _left([line.line_id for line in lines], steps)
    dues = [_due(line, left.get(line.line_id, _Left()), steps, today) for line in lines]
    first = monday_of(now, zone)
    mondays = [first + timedelta(weeks=number) for number in range(WEEKS)]
    shop = load_shop(now, 7 * WEEKS)
    return DueBoard(_grouped(dues, today), _loads(dues, shop, mondays, zone), mondays)


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


def _grouped(dues: Iterable[Due], today: date) -> dict[str, list[Due]]:
    groups: dict[str, list[Due]] = {code: [] for code in GROUPS}
    for due in dues:
        groups[group_of(due.line.due, today)].append(due)
    return groups


# What is left of a line


@dataclass
class _Left:
    """Pieces that work orders answer for, and the steps left of those."""

    pieces: int = 0
    steps: list[Step] = field(default_factory=list)


def _steps() -> dict[int, list[Operation]]:
    """The steps of every product that has some, in their order."""
    found: dict[int, list[Operation]] = {}
    operations = Operation.objects.select_related("work_center", "routing")
    for operation in operations.order_by("routing", "sequence"):
        found.setdefault(operation.routing.product_id, []).append(operation)
    return found


def _left(line_ids: Sequence[int], steps: Mapping[int, Sequence[Operation]]) -> dict[int, _Left]:
    """What work orders have still to do for each line: its share of every unfinished job."""
    pegs = list(
        Pegging.objects.filter(order_line__in=line_ids)
        .exclude(work_order__status__in=_NOT_ANSWERING)
        .select_related("work_order__configuration")
        .order_by("order_line", "pk")
    )
    jobs = _unfinished({peg.work_order_id for peg in pegs})
    guesses = {
        (product_id, operation.sequence)
        for product_id, operations in steps.items()
        for operation in operations
        if _is_guess(operation)
    }
    found: dict[int, _Left] = {}
    for peg in pegs:
        if peg.order_line_id is None:
            continue
        left = found.setdefault(peg.order_line_id, _Left())
        left.pieces += peg.quantity
        share = peg.quantity / peg.work_order.quantity
        product_id = peg.work_order.configuration.product_id
        left.steps += [
            _step_of(job, share, (product_id, job.sequence) in guesses)
            for job in jobs.get(peg.work_order_id, ())
        ]
    return found


def _unfinished(work_order_ids: set[int]) -> dict[int, list[Job]]:
    found: dict[int, list[Job]] = {}
    jobs = Job.objects.unfinished().filter(work_order__in=work_order_ids)
    for job in jobs.select_related("work_center").order_by("work_order", "sequence", "attempt"):
        found.setdefault(job.work_order_id, []).append(job)
    return found


def _step_of(job: Job, share: float, guessed: bool) -> Step:
    return Step(job.work_center, job.name, minutes_left(job) * share, guessed)


def _due(line: DueLine, left: _Left, steps: Mapping[int, Sequence[Operation]], today: date) -> Due:
    missing = 0 if line.status in MADE else max(0, line.quantity - left.pieces)
    foreseen = list(_foreseen(steps.get(line.product_id, ()), line, missing))
    untimed = missing if missing and not foreseen else 0
    return Due(line, (*left.steps, *foreseen), max(0, (today - line.due).days), untimed)


def _foreseen(operations: Iterable[Operation], line: DueLine, pieces: int) -> Iterator[Step]:
    """The steps of pieces for which no work order was made yet."""
    for operation in operations:
        if pieces and matches(operation.condition, line.values):
            each = operation.run_minutes / operation.expected_yield
            minutes = each * pieces + Decimal(operation.teardown_minutes)
            yield Step(operation.work_center, operation.name, float(minutes), _is_guess(operation))


def _is_guess(operation: Operation) -> bool:
    return operation.run_minutes_low is not None


# The load of cells


def _loads(
    dues: Iterable[Due], shop: Shop, mondays: Sequence[date], zone: ZoneInfo
) -> list[CellLoad]:
    cells: dict[int, CellLoad] = {}
    for machine in shop.machines:
        load = cells.setdefault(machine.work_center_id, CellLoad(machine.work_center))
        opened = _open_minutes(shop.windows[machine.pk], shop, mondays, zone)
        for week, minutes in zip(load.weeks, opened, strict=True):
            week.open += minutes
    for due in dues:
        number = max(0, (due.line.due - mondays[0]).days // 7)
        for step in due.steps:
            _add(cells.setdefault(step.cell.pk, CellLoad(step.cell)), step, number)
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
