"""The week of the shop's main calendar, as a line a day."""

from collections.abc import Iterable, Mapping
from datetime import date, time

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.beginning.saving import rows
from config.sheets import SHOP
from journal.sheets import REMOVE, Table
from journal.sheets.kinds import BadCell
from production.models import Calendar, CalendarException, Shift

NEW = "Day shift"
CLOCK = "Around the clock"
DAYS: Mapping[str, str | Promise] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
Week = Mapping[str, tuple[time, time]]


def main_calendar() -> Calendar | None:
    """The one that most cells follow, of those that are not open day and night."""
    night = Shift.objects.filter(start=time(), end=time()).values("calendar")
    calendars = Calendar.objects.exclude(pk__in=night).annotate(cells=Count("workcenter"))
    return calendars.order_by("-cells", "pk").first()


def week_of(calendar: Calendar | None) -> dict[str, list[tuple[time, time]]]:
    """The shifts of each day; of a calendar that nobody made yet, eight hours on workdays."""
    if calendar is None:
        usual = [(time(8), time(16))]
        return {day: usual if number < 5 else [] for number, day in enumerate(DAYS)}
    week: dict[str, list[tuple[time, time]]] = {day: [] for day in DAYS}
    for shift in calendar.shifts.order_by("weekday", "start"):
        week[list(DAYS)[shift.weekday]].append((shift.start, shift.end))
    return week


def days_off(calendar: Calendar | None, today: date) -> list[CalendarException]:
    """What is closed from today on; days with other hours are left to the tables."""
    if calendar is None:
        return []
    return list(calendar.exceptions.filter(day__gte=today, start=None).order_by("day"))


def as_lines(closed: Iterable[CalendarException]) -> str:
    return "\n".join(f"{one.day:%Y-%m-%d} {one.reason}".strip() for one in closed)


def week_table(calendar: Calendar | None, week: Week) -> Table:
    """The week as rows of *calendars*; shifts that are no longer worked are removed."""
    name = calendar.name if calendar else NEW
    worked: dict[tuple[str, str], list[str]] = {}
    for day, (start, end) in week.items():
        worked.setdefault((f"{start:%H:%M}", f"{end:%H:%M}"), []).append(day)
    before = {
        (f"{start:%H:%M}", f"{end:%H:%M}")
        for shifts in (week_of(calendar).values() if calendar else ())
        for start, end in shifts
    }
    there = [
        {"calendar": name, "start": start, "end": end, "weekdays": ", ".join(days)}
        for (start, end), days in worked.items()
    ]
    gone = [
        {"calendar": name, "start": start, "end": end, REMOVE: "yes"}
        for start, end in sorted(before - worked.keys())
    ]
    return rows("calendars", [*gone, *there])


def days_off_table(calendar: Calendar | None, text: str, today: date) -> Table:
    """Lines such as `2026-12-25 Christmas` as rows of *holidays*; lines that went are removed."""
    name = calendar.name if calendar else NEW
    said = [line.strip().partition(" ") for line in text.splitlines() if line.strip()]
    there = [
        {"calendar": name, "day": _day(day), "reason": reason.strip()}
        for day, _space, reason in said
    ]
    kept = {row["day"] for row in there}
    gone = [
        {"calendar": name, "day": f"{one.day:%Y-%m-%d}", REMOVE: "yes"}
        for one in days_off(calendar, today)
        if f"{one.day:%Y-%m-%d}" not in kept
    ]
    return rows("holidays", [*gone, *there])


def _day(text: str) -> str:
    """A day as the tables write it; what is none is left for the table to name."""
    day = SHOP.sheet("holidays").column("day").kind
    try:
        return day.text(day.read(text, ""))
    except BadCell:
        return text


def around_the_clock() -> Table:
    """Made for the cells that need it; there already, it changes nothing."""
    row = {"calendar": CLOCK, "start": "00:00", "end": "00:00", "weekdays": "mon-sun"}
    return rows("calendars", [row])
