"""When machines are open: shifts, holidays and stops as minutes from a plan's origin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from production.models import CalendarException, DowntimeEvent, Machine, Plant, Shift

Window: TypeAlias = tuple[int, int]

# A stop that nobody ended yet is expected to last so long from now on; the next plan looks again.
REPAIR_MINUTES = 240
STOPPED = {Machine.Status.DOWN, Machine.Status.MAINTENANCE}


@dataclass(frozen=True)
class Hours:
    """The weekly shifts of one calendar, and the days that differ."""

    shifts: Mapping[int, Sequence[tuple[time, time]]]
    exceptions: Mapping[date, Sequence[tuple[time, time]]]

    def on(self, day: date) -> Sequence[tuple[time, time]]:
        return self.exceptions.get(day, self.shifts.get(day.weekday(), ()))


def plant_zone() -> ZoneInfo:
    """The time zone of the (first) plant; before there is one, the setting that will seed it."""
    name = Plant.objects.order_by("pk").values_list("time_zone", flat=True).first()
    return ZoneInfo(name or settings.PLANT_TIME_ZONE)


def monday_of(moment: datetime, zone: ZoneInfo) -> date:
    """The Monday of the plant's week in which a moment lies."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def minute_of(moment: datetime, origin: datetime) -> int:
    return int((moment - origin).total_seconds() // 60)


def moment_at(origin: datetime, minute: int) -> datetime:
    return origin + timedelta(minutes=minute)


def open_windows(
    machines: Sequence[Machine], origin: datetime, days: int, now: datetime | None = None
) -> dict[int, tuple[Window, ...]]:
    """Open windows `[start, end)` of each machine id for `days` days, none before minute 0.

    `now`, from which a stopped machine is repaired, is the origin where nothing else is said.
    Four queries at most, however many machines; `work_center.plant` comes loaded.
    """
    now = now or origin
    hours = _hours({machine.work_center.calendar_id for machine in machines})
    down, repaired = stopped(now), minute_of(now, origin) + REPAIR_MINUTES
    shared: dict[tuple[int, str], tuple[Window, ...]] = {}
    found: dict[int, tuple[Window, ...]] = {}
    for machine in machines:
        center = machine.work_center
        key = (center.calendar_id, center.plant.time_zone)
        if key not in shared:
            zone = ZoneInfo(center.plant.time_zone)
            shared[key] = _windows(hours[center.calendar_id], zone, origin, days)
        closed = [(0, repaired)] if machine.pk in down else []
        found[machine.pk] = without(shared[key], closed)
    return found


def stopped(now: datetime) -> set[int]:
    """Machines that are down at a moment, as far as it was known then."""
    stops = DowntimeEvent.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=now), started_at__lte=now
    )
    down = Q(status__in=STOPPED) | Q(pk__in=stops.values("machine"))
    return set(Machine.objects.filter(down).values_list("pk", flat=True))


def without(windows: Iterable[Window], closed: Iterable[Window]) -> tuple[Window, ...]:
    """`windows` less the stretches in `closed`.

    >>> without([(0, 480), (960, 1440)], [(60, 120), (400, 1000)])
    ((0, 60), (120, 400), (1000, 1440))
    """
    left = list(windows)
    for start, end in closed:
        left = [part for window in left for part in _cut(window, start, end)]
    return tuple(left)


def _cut(window: Window, start: int, end: int) -> Iterator[Window]:
    opens, closes = window
    for part in ((opens, min(closes, start)), (max(opens, end), closes)):
        if part[0] < part[1]:
            yield part


def _hours(calendar_ids: set[int]) -> dict[int, Hours]:
    shifts: dict[int, dict[int, list[tuple[time, time]]]] = {pk: {} for pk in calendar_ids}
    for shift in Shift.objects.filter(calendar__in=calendar_ids):
        of_day = shifts[shift.calendar_id].setdefault(shift.weekday, [])
        of_day.append((shift.start, shift.end))
    days: dict[int, dict[date, list[tuple[time, time]]]] = {pk: {} for pk in calendar_ids}
    for one in CalendarException.objects.filter(calendar__in=calendar_ids):
        opened = [(one.start, one.end)] if one.start is not None and one.end is not None else []
        days[one.calendar_id][one.day] = opened
    return {pk: Hours(shifts[pk], days[pk]) for pk in calendar_ids}


def _windows(hours: Hours, zone: ZoneInfo, origin: datetime, days: int) -> tuple[Window, ...]:
    """The day before is read too: its night shift may reach into the first day."""
    first = origin.astimezone(zone).date() - timedelta(days=1)
    spans = [
        span
        for offset in range(days + 1)
        for start, end in hours.on(first + timedelta(days=offset))
        if (span := _span(first + timedelta(days=offset), start, end, zone, origin))
    ]
    return _joined(sorted(spans))


def _span(day: date, start: time, end: time, zone: ZoneInfo, origin: datetime) -> Window | None:
    """A shift on the clock: on the day of a time change it is an hour shorter or longer."""
    last = day if end > start else day + timedelta(days=1)
    opens = minute_of(datetime.combine(day, start, tzinfo=zone), origin)
    closes = minute_of(datetime.combine(last, end, tzinfo=zone), origin)
    opens = max(0, opens)
    return (opens, closes) if opens < closes else None


def _joined(spans: Sequence[Window]) -> tuple[Window, ...]:
    """Overlapping and touching windows made one."""
    joined: list[Window] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
