"""The shop as a scheduling problem: machines and their hours, change-overs, unfinished work."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from math import ceil
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Max

from journal import fingerprints
from production import scheduling
from production.calendars import Window, minute_of, open_windows, plant_zone, without
from production.models import (
    CalendarException,
    Job,
    Machine,
    Operation,
    Pegging,
    SetupRule,
    Shift,
    WorkOrder,
)
from production.scheduling.worktime import OpenTime
from production.underway import minutes_worked

# the alternatives of a job: its cell, the capability it asks for, the minutes left
Places: TypeAlias = Callable[[int, str, int], tuple[scheduling.Alternative, ...]]

PLANNABLE = ("planned", "firmed", "released", "in_progress")


class Changeovers(Mapping[tuple[str, str], int]):
    """Change-over minutes of one work center by (from, to); an empty family stands for any.

    A rule for the pair goes first, then any → to, from → any, any → any, then the minutes that
    the routing gives the family itself.
    """

    def __init__(self, rules: Mapping[tuple[str, str], int], own: Mapping[str, int]) -> None:
        self.rules, self.own = rules, own

    def __getitem__(self, pair: tuple[str, str]) -> int:
        before, after = pair
        for known in (pair, ("", after), (before, ""), ("", "")):
            if known in self.rules:
                return self.rules[known]
        return self.own[after]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self.rules
        yield from (("", family) for family in self.own if ("", family) not in self.rules)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class Shop:
    """Active machines, when they are open from `origin` on, and what they can do."""

    origin: datetime
    machines: tuple[Machine, ...]
    windows: Mapping[int, tuple[Window, ...]]

    @cached_property
    def by_center(self) -> dict[int, list[Machine]]:
        found: dict[int, list[Machine]] = {}
        for machine in self.machines:
            found.setdefault(machine.work_center_id, []).append(machine)
        return found

    def able(self, center_id: int, capability: str) -> list[str]:
        """Ids of the machines of a work center that can do what an operation asks for."""
        return [
            str(machine.pk)
            for machine in self.by_center.get(center_id, [])
            if not capability or capability in machine.capabilities
        ]

    @property
    def fence(self) -> int:
        """The minute before which nothing begins that is only foreseen."""
        days = (machine.work_center.plant.locked_days for machine in self.machines)
        return max(days, default=0) * 24 * 60

    def minute(self, moment: datetime) -> int:
        return minute_of(moment, self.origin)

    def as_machines(self) -> tuple[scheduling.Machine, ...]:
        return tuple(
            scheduling.Machine(
                str(machine.pk),
                str(machine.work_center_id),
                self.windows[machine.pk],
                machine.setup_family or None,
            )
            for machine in self.machines
        )


class OpenOrder(NamedTuple):
    """A work order as planning reads it: objects of tens of thousands of rows take seconds."""

    pk: int
    due: datetime
    weight: int
    sku: str
    make_policy: str


class OpenJob(NamedTuple):
    """A job that is not finished; columns of `Job`."""

    pk: int
    work_order_id: int
    sequence: int
    name: str
    work_center_id: int
    capability: str
    setup_family: str
    status: str
    quantity: int
    good: int
    scrap: int
    run_minutes: int
    teardown_minutes: int
    min_lag_minutes: int
    max_lag_minutes: int | None
    machine_id: int | None
    dispatched_at: datetime | None
    started_at: datetime | None

    @property
    def remaining(self) -> int:
        return self.quantity - self.good - self.scrap


class Peg(NamedTuple):
    """What a part of a work order is for; columns of `Pegging`."""

    pk: int
    work_order_id: int
    order_line_id: int | None
    forecast_week: date | None
    quantity: int


@dataclass(frozen=True)
class Work:
    """A work order with what is left to do, what it is for and when it may start."""

    order: OpenOrder
    jobs: tuple[OpenJob, ...]
    pegs: tuple[Peg, ...]
    not_before: datetime | None = None
    setups: Mapping[int, int] = field(default_factory=dict)

    @property
    def firm(self) -> bool:
        return any(peg.order_line_id for peg in self.pegs) or not self.pegs

    @property
    def forecast_week(self) -> date | None:
        return next((peg.forecast_week for peg in self.pegs if peg.forecast_week), None)

    @property
    def line_ids(self) -> list[int]:
        return [peg.order_line_id for peg in self.pegs if peg.order_line_id]


def load_shop(
    origin: datetime,
    days: int,
    blocked: Mapping[int, Iterable[Window]] | None = None,
    now: datetime | None = None,
) -> Shop:
    """The shop from `origin` on; `blocked` stretches of machines are taken out of their hours.

    What is stopped `now` (at the origin, where nothing else is said) is repaired from then on.
    """
    machines = tuple(
        Machine.objects.filter(active=True)
        .select_related("work_center__plant")
        .order_by("work_center__position", "work_center", "code")
    )
    windows = open_windows(machines, origin, days, now)
    for machine_id, stretches in (blocked or {}).items():
        if machine_id in windows:
            windows[machine_id] = without(windows[machine_id], stretches)
    return Shop(origin, machines, windows)


def fingerprint_of_shop(stopped: Collection[int]) -> str:
    """Of machines, what they can do and which of them are `stopped`, hours and change-overs.

    Four queries of small tables; rows that were written anew are the same rows.
    """
    cell = ("work_center_id", "work_center__calendar_id")
    plant = ("work_center__plant__time_zone", "work_center__plant__locked_days")
    rows = (
        Machine.objects.filter(active=True).values_list("pk", *cell, *plant, "capabilities"),
        Shift.objects.values_list("calendar_id", "weekday", "start", "end"),
        CalendarException.objects.values_list("calendar_id", "day", "start", "end"),
        SetupRule.objects.values_list("work_center_id", "from_family", "to_family", "minutes"),
    )
    # what each of them begins with tells its rows apart
    told = [sorted(table, key=lambda row: row[:3]) for table in rows]
    return fingerprints.of(sorted(stopped), *told)


def load_work() -> list[Work]:
    """Every work order that has something left to plan, in five queries."""
    zone = plant_zone()
    jobs: dict[int, list[OpenJob]] = {}
    unfinished = Job.objects.unfinished().filter(work_order__status__in=PLANNABLE)
    unfinished = unfinished.order_by("work_order", "sequence", "attempt")
    for job in map(OpenJob._make, unfinished.values_list(*OpenJob._fields)):
        jobs.setdefault(job.work_order_id, []).append(job)
    pegs: dict[int, list[Peg]] = {}
    pegging = Pegging.objects.filter(work_order__status__in=PLANNABLE).order_by("pk")
    for peg in map(Peg._make, pegging.values_list(*Peg._fields)):
        pegs.setdefault(peg.work_order_id, []).append(peg)
    cured = _cured({order_id: left[0].sequence for order_id, left in jobs.items()})
    return [
        Work(
            order,
            tuple(jobs[order.pk]),
            tuple(pegs.get(order.pk, ())),
            _not_before(order, pegs.get(order.pk, ()), zone) or cured.get(order.pk),
            setups,
        )
        for order, setups in _open_orders()
        if order.pk in jobs
    ]


def _open_orders() -> Iterator[tuple[OpenOrder, dict[int, int]]]:
    """Work orders by due date, and the set-up minutes of each of their steps."""
    orders = WorkOrder.objects.filter(status__in=PLANNABLE).order_by("due", "pk")
    product = ("configuration__product__sku", "configuration__product__make_policy")
    rows = orders.values_list("frozen", "pk", "due", "weight", *product)
    for frozen, *row in rows.iterator(chunk_size=2_000):
        steps = frozen["operations"]
        yield OpenOrder(*row), {step["sequence"]: step["setup_minutes"] for step in steps}


def _not_before(order: OpenOrder, pegs: Sequence[Peg], zone: ZoneInfo) -> datetime | None:
    """What is made to order cannot begin before the week in which it is expected to be ordered."""
    week = pegs[0].forecast_week if pegs and order.make_policy == "MTO" else None
    return datetime.combine(week, time(), tzinfo=zone) if week else None


def _cured(next_steps: Mapping[int, int]) -> dict[int, datetime]:
    """When the lag after the last finished step before a work order's next one is over."""
    done = Job.objects.filter(
        status=Job.Status.DONE, finished_at__isnull=False, work_order__status__in=PLANNABLE
    )
    over: dict[int, datetime] = {}
    for order_id, sequence, finished_at, lag in done.order_by("sequence").values_list(
        "work_order_id", "sequence", "finished_at", "min_lag_minutes"
    ):
        if finished_at is not None and sequence < next_steps.get(order_id, 0):
            over[order_id] = finished_at + timedelta(minutes=lag)
    return over


def minutes_left(job: OpenJob | Job) -> int:
    """Minutes a job still keeps its machine busy, set-up left out."""
    return minutes_of_rest(job.run_minutes, job.remaining, job.quantity, job.teardown_minutes)


def minutes_of_rest(run_minutes: int, remaining: int, quantity: int, teardown_minutes: int) -> int:
    """Minutes that the remaining pieces of a job still keep its machine busy."""
    running = ceil(run_minutes * max(remaining, 0) / quantity)
    return max(1, running + teardown_minutes)


# Change-overs


def own_minutes(work: Iterable[Work]) -> dict[tuple[int, str], int]:
    """The routing's own set-up minutes by work center and family."""
    own: dict[tuple[int, str], int] = {}
    for one in work:
        for job in one.jobs:
            key = (job.work_center_id, job.setup_family)
            own[key] = max(own.get(key, 0), one.setups.get(job.sequence, 0))
    return own


def matrices(shop: Shop, own: Mapping[tuple[int, str], int]) -> tuple[scheduling.SetupMatrix, ...]:
    """One matrix per work center. A family that nobody knows yet costs the work center's longest
    set-up."""
    rules: dict[int, dict[tuple[str, str], int]] = {pk: {} for pk in shop.by_center}
    for rule in SetupRule.objects.filter(work_center__in=shop.by_center):
        rules[rule.work_center_id][rule.from_family, rule.to_family] = rule.minutes
    longest = dict(
        Operation.objects.values_list("work_center_id").annotate(longest=Max("setup_minutes"))
    )
    families: dict[int, dict[str, int]] = {pk: {} for pk in shop.by_center}
    for (center_id, family), minutes in own.items():
        families.setdefault(center_id, {})[family] = minutes
    return tuple(
        _matrix(center_id, Changeovers(rules[center_id], families[center_id]), longest)
        for center_id in shop.by_center
    )


def _matrix(
    center_id: int, changes: Changeovers, longest: Mapping[int, int]
) -> scheduling.SetupMatrix:
    families = {*changes.own, *(after for _, after in changes.rules if after)}
    initial = {family: changes.get(("", family)) for family in families}
    return scheduling.SetupMatrix(
        str(center_id),
        changes,
        default=changes.rules.get(("", ""), longest.get(center_id, 0)),
        initial={family: minutes for family, minutes in initial.items() if minutes is not None},
    )


# Work on machines


def pins(
    shop: Shop, work: Iterable[Work], setups: Sequence[scheduling.SetupMatrix]
) -> dict[int, scheduling.Pin]:
    """Where jobs at work stand, by job id: begun work first, the others behind it on its machine.

    A begun job ends when its remaining pieces are made, the one that is being made counted from its
    beginning.
    """
    at_work: dict[int, list[OpenJob]] = {}
    known = {machine.pk for machine in shop.machines}
    for one in work:
        for job in one.jobs:
            if job.status in Job.AT_WORK and job.machine_id in known and job.machine_id:
                at_work.setdefault(job.machine_id, []).append(job)
    matrix = {one.group: one for one in setups}
    begun = [job for jobs in at_work.values() for job in jobs]
    worked = minutes_worked(begun, shop.machines, shop.origin)
    found: dict[int, scheduling.Pin] = {}
    for machine_id, jobs in at_work.items():
        jobs.sort(key=lambda job: (*_begun_first(job), job.pk))
        found |= _pins_of(shop, machine_id, jobs, matrix[str(jobs[0].work_center_id)], worked)
    return found


def _begun_first(job: OpenJob) -> tuple[bool, float]:
    return job.started_at is None, job.dispatched_at.timestamp() if job.dispatched_at else 0.0


def _pins_of(
    shop: Shop,
    machine_id: int,
    jobs: Sequence[OpenJob],
    matrix: scheduling.SetupMatrix,
    worked: Mapping[int, int],
) -> dict[int, scheduling.Pin]:
    found: dict[int, scheduling.Pin] = {}
    hours = OpenTime(shop.windows[machine_id])
    machine = next(one for one in shop.machines if one.pk == machine_id)
    family, work = machine.setup_family or None, hours.worked(0)
    for job in jobs:
        setup = matrix.between(family, job.setup_family)
        changing = setup if found or job.started_at is None else 0
        start = _clock(hours, work + changing) if found else 0
        work += changing + max(1, minutes_left(job) - worked.get(job.pk, 0))
        found[job.pk] = scheduling.Pin(str(machine_id), start, max(start + 1, _end(hours, work)))
        family = job.setup_family
    return found


def _clock(hours: OpenTime, work: int) -> int:
    """When an open minute begins; past the last window the clock simply runs on."""
    return hours.start_at(work) if work < hours.total else _end(hours, work)


def _end(hours: OpenTime, work: int) -> int:
    if work <= hours.total and hours.total:
        return hours.end_at(work)
    last = hours.ends[-1] if hours.ends else 0
    return last + work - hours.total


# The problem


def problem_of(shop: Shop, work: Sequence[Work]) -> scheduling.Problem:
    """Unfinished jobs of all work orders as a scheduling problem; ids are the rows' own."""
    setups = matrices(shop, own_minutes(work))
    pinned = pins(shop, work, setups)
    places = _places(shop)
    return scheduling.Problem(
        shop.as_machines(),
        tuple(_job(shop, one, pinned, places) for one in work),
        setups,
        fence=shop.fence,
    )


def _places(shop: Shop) -> Places:
    """Where a job may be done; jobs of the same cell and minutes share what they are told."""

    @cache
    def found(center_id: int, capability: str, minutes: int) -> tuple[scheduling.Alternative, ...]:
        able = shop.able(center_id, capability)
        return tuple(scheduling.Alternative(machine_id, minutes) for machine_id in able)

    return found


def _job(
    shop: Shop, work: Work, pinned: Mapping[int, scheduling.Pin], places: Places
) -> scheduling.Job:
    order = work.order
    operations = tuple(
        _operation(job, number, pinned.get(job.pk), places)
        for number, job in enumerate(work.jobs, 1)
    )
    release = shop.minute(work.not_before) if work.not_before else 0
    return scheduling.Job(
        str(order.pk),
        operations,
        due=shop.minute(order.due),
        release=max(0, release),
        weight=max(1, order.weight),
        firm=work.firm,
    )


def _operation(
    job: OpenJob, number: int, pin: scheduling.Pin | None, places: Places
) -> scheduling.Operation:
    return scheduling.Operation(
        str(job.pk),
        str(job.work_order_id),
        number,
        places(job.work_center_id, job.capability, minutes_left(job)),
        job.setup_family,
        min_lag_after=job.min_lag_minutes,
        max_lag_after=job.max_lag_minutes,
        pinned=pin,
    )
