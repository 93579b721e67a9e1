"""When could it be there? New work put into the gaps of the published plan, nothing moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from threading import Lock
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from production import routings, scheduling
from production.calendars import minute_of, moment_at, plant_zone, stopped
from production.modelling import Shop, fingerprint_of_shop, load_shop, matrices
from production.models import Job, Plan, PlanEntry, Reservation, WorkOrder
from production.routings import CannotBeMade, Frozen

PACKING_DAYS = 1
TRANSIT_DAYS = 2
SHIPPING_DAYS = PACKING_DAYS + TRANSIT_DAYS
# The band between P50 and P90 until it is learned: a fifth of the lead time, at least a day.
BAND_SHARE = 0.2
SHORTEST_BAND = timedelta(days=1)
HORIZON_DAYS = 180
LOOKS_AGAIN = timedelta(minutes=15)  # while a machine is down, at when it may be back
SATURDAY = 5


@dataclass(frozen=True)
class Dates:
    """Days of delivery: as likely as not, nine times in ten, and the one the customer is told."""

    p50: date
    p90: date
    committed: date


@dataclass(frozen=True)
class Slot:
    """A machine taken from `start` to `end` (minutes of the board), set up for a family."""

    machine_id: int
    start: int
    end: int
    family: str
    sequence: int = 0


@dataclass(frozen=True)
class Place:
    """Where new work fits: when it is finished, and the machine time that it takes."""

    finish: datetime
    slots: tuple[Slot, ...]
    waits_for: str


def dates_of(finish: datetime, now: datetime, zone: ZoneInfo) -> Dates:
    """Delivery dates of work that the plan finishes at a moment.

    Packing and transit add three days. P90 adds a fifth of the lead time, at least a day. The
    committed date is P90, moved to Monday where it falls on a weekend.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
    >>> found = dates_of(datetime(2026, 3, 3, 12, tzinfo=UTC), monday, ZoneInfo("UTC"))
    >>> found.p50.isoformat(), found.p90.isoformat(), found.committed.isoformat()
    ('2026-03-06', '2026-03-07', '2026-03-09')
    """
    shipping = timedelta(days=SHIPPING_DAYS)
    late = finish + max(SHORTEST_BAND, BAND_SHARE * (finish - now))
    p90 = late.astimezone(zone).date() + shipping
    weekend = p90.weekday() >= SATURDAY
    committed = p90 + timedelta(days=7 - p90.weekday()) if weekend else p90
    return Dates(finish.astimezone(zone).date() + shipping, p90, committed)


def finish_by(delivery: date, zone: ZoneInfo) -> datetime:
    """The end of the day on which work must be finished to be delivered on a date."""
    day = delivery - timedelta(days=SHIPPING_DAYS - 1)
    return datetime.combine(day, time(), tzinfo=zone)


# The board: the published plan and what is reserved, from today on


class Board:
    """Taken machine time and the gaps between, prepared once and asked often."""

    def __init__(
        self, shop: Shop, slots: Sequence[Slot], setups: tuple[scheduling.SetupMatrix, ...]
    ) -> None:
        self.shop = shop
        self.slots = tuple(slot for slot in slots if slot.machine_id in shop.windows)
        self.setups = setups

    @cached_property
    def timetable(self) -> scheduling.Timetable:
        jobs = [_pinned(number, slot) for number, slot in enumerate(self.slots)]
        problem = scheduling.Problem(self.shop.as_machines(), tuple(jobs), self.setups)
        taken = [_taken(number, slot) for number, slot in enumerate(self.slots)]
        return scheduling.Timetable(problem, scheduling.Schedule(tuple(taken), scheduling.Totals()))

    def with_slots(self, slots: Sequence[Slot]) -> "Board":
        """The same board with more taken."""
        return Board(self.shop, (*self.slots, *slots), self.setups)

    def place(self, frozen: Frozen, now: datetime) -> Place:
        """The earliest place of new work. Raises `CannotBeMade`."""
        job = self._job(frozen, now)
        found = self.timetable.earliest_finish(job)
        if found is None:
            reason = _("The machines are full or closed as far as the calendar goes.")
            raise CannotBeMade("no_window", reason)
        slots = tuple(
            Slot(
                int(one.machine_id),
                one.setup_start,
                one.end,
                frozen["operations"][number]["setup_family"],
                number + 1,
            )
            for number, one in enumerate(found.operations)
        )
        waits = [one.binding for one in found.operations]
        return Place(moment_at(self.shop.origin, found.finish), slots, waits[0])

    def _job(self, frozen: Frozen, now: datetime) -> scheduling.Job:
        operations = []
        for number, step in enumerate(frozen["operations"]):
            able = self.shop.able(step["work_center_id"], step["capability"])
            if not able:
                raise CannotBeMade("no_machine", routings.no_machine(step["name"]))
            minutes = step["minutes"] + step["teardown_minutes"]
            operations.append(
                scheduling.Operation(
                    f"new{number}",
                    "new",
                    number,
                    tuple(scheduling.Alternative(machine, minutes) for machine in able),
                    step["setup_family"],
                    step["min_lag_minutes"],
                    step["max_lag_minutes"],
                )
            )
        release = max(0, minute_of(now, self.shop.origin))
        return scheduling.Job("new", tuple(operations), due=release, release=release)


def _pinned(number: int, slot: Slot) -> scheduling.Job:
    pin = scheduling.Pin(str(slot.machine_id), slot.start, slot.end)
    name = f"taken{number}"
    operation = scheduling.Operation(name, name, 1, (), slot.family, pinned=pin)
    return scheduling.Job(name, (operation,), due=slot.end)


def _taken(number: int, slot: Slot) -> scheduling.PlannedOperation:
    name = f"taken{number}"
    machine, binding = str(slot.machine_id), scheduling.Binding.PINNED
    return scheduling.PlannedOperation(
        name, name, machine, slot.start, slot.start, slot.end, 0, binding
    )


class _Kept:
    """The last boards that were built, and what they were built from."""

    lock = Lock()
    plan_key: object = None
    planned: Board | None = None
    key: object = None
    board: Board | None = None


def board(now: datetime) -> Board:
    """The board of the published plan, the shop and the active reservations, built anew only as
    far as one of them, or the day, has changed."""
    with _Kept.lock:  # requests run in threads of their own
        plan_key = _plan_key(now)
        if _Kept.planned is None or _Kept.plan_key != plan_key:
            _Kept.planned, _Kept.plan_key, _Kept.board = _build(now), plan_key, None
        key = _reservation_key(now)
        if _Kept.board is None or _Kept.key != key:
            origin = _Kept.planned.shop.origin
            _Kept.board = _Kept.planned.with_slots(_reserved_slots(origin, now))
            _Kept.key = key
        return _Kept.board


def _plan_key(now: datetime) -> object:
    """The day, the plan, and the shop as it stands."""
    down = stopped(now)
    looked = (now - _midnight(now)) // LOOKS_AGAIN if down else None
    return _midnight(now), _planned(), fingerprint_of_shop(down), looked


def _planned() -> object:
    """Which plan, and how much of it."""
    parts = {"n": Count("entries"), "first": Min("entries__start"), "last": Max("entries__end")}
    plans = Plan.objects.published().annotate(**parts)
    return plans.values_list("pk", "created_at", *parts).first()


def _reservation_key(now: datetime) -> object:
    held = Reservation.objects.active(now).aggregate(n=Count("pk"), newest=Max("pk"))
    return tuple(held.values())


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _build(now: datetime) -> Board:
    origin = _midnight(now)
    slots = _planned_slots(origin)
    last = max((slot.end for slot in slots), default=0) // (24 * 60)
    shop = load_shop(origin, HORIZON_DAYS + last, now=now)
    return Board(shop, slots, matrices(shop, {}))


def _planned_slots(origin: datetime) -> list[Slot]:
    entries = PlanEntry.objects.filter(
        plan__status=Plan.Status.PUBLISHED, end__gt=origin, job__status__in=Job.UNFINISHED
    )
    # What is only foreseen gives way to a customer who is here: it never delays a promise.
    firm = entries.exclude(job__work_order__status=WorkOrder.Status.PLANNED)
    rows = firm.values_list("machine_id", "start", "end", "job__setup_family")
    return [
        Slot(machine, minute_of(start, origin), minute_of(end, origin), family)
        for machine, start, end, family in rows
    ]


def _reserved_slots(origin: datetime, now: datetime) -> list[Slot]:
    rows = Reservation.objects.active(now).filter(end__gt=origin)
    return [
        Slot(
            one.machine_id,
            minute_of(one.start, origin),
            minute_of(one.end, origin),
            one.setup_family,
        )
        for one in rows
    ]


# Asking


@dataclass(frozen=True)
class Piece:
    """So many of a configuration, asked for together with others."""

    product_id: int
    values: Mapping[str, object]
    quantity: int


def place_all(pieces: Sequence[Piece], now: datetime) -> list[Place]:
    """Where each of the pieces of one order fits, none in another's place.

    Raises `CannotBeMade` with the reason of the first that cannot be made.
    """
    if not pieces:
        raise CannotBeMade("nothing", _("There is nothing to make."))
    known = routings.makings({piece.product_id for piece in pieces})
    current = board(now)
    places: list[Place] = []
    for piece in pieces:
        frozen = routings.freeze(known.get(piece.product_id), piece.values, piece.quantity)
        places.append(current.place(frozen, now))
        if len(places) < len(pieces):
            current = current.with_slots(places[-1].slots)
    return places


def answer(places: Sequence[Place], now: datetime) -> tuple[Dates, str]:
    """Delivery dates of an order whose pieces lie there, and in plain words what they depend on."""
    latest = max(places, key=lambda place: place.finish)
    return dates_of(latest.finish, now, plant_zone()), waiting_text(latest.waits_for)


def waiting_text(binding: str) -> str:
    texts = {
        "machine": _("It is made after the orders that are already in the queue."),
        "calendar": _("It is begun when the shop opens."),
        "lag": _("It must cure or dry."),
    }
    return texts.get(binding, _("It can be begun at once."))
