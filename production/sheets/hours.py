"""When machines run: the shifts of a week, and the days that differ."""

from collections.abc import Iterator, Sequence
from datetime import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.sheets import (
    Book,
    Change,
    Changes,
    Column,
    Fault,
    Key,
    Link,
    Row,
    Sheet,
    TableSheet,
    kinds,
)
from journal.sheets.kinds import BadCell, Kind
from production.models import Calendar, CalendarException, Shift, WorkCenter

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _read_days(cell: str, sign: str) -> list[int]:
    found: set[int] = set()
    for part in cell.casefold().replace(";", ",").replace("–", "-").split(","):
        first, dash, last = (word.strip()[:3] for word in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            raise BadCell(
                _("“%(cell)s” names no days of a week. Write such as mon-fri or mon, wed.")
                % {"cell": cell}
            )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update(day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1))
    return sorted(found)


def _show_days(days: Sequence[int]) -> str:
    """
    >>> _show_days([0, 1, 2, 3, 4]), _show_days([0, 1, 5])
    ('mon-fri', 'mon, tue, sat')
    """
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ", ".join(DAYS[day] for day in run)
        for run in runs
    )


class Calendars(Sheet):
    """A row is a shift on all of its days; the calendar is there while a row is."""

    code = "calendars"
    label = gettext_lazy("Calendars")
    purpose = gettext_lazy("When machines run: the shifts of a week.")
    view, change = "production.view_calendar", "production.change_calendar"
    keys = ("calendar", "start", "end")
    called_by_key = False
    columns = (
        Column("calendar", kinds.text(80)),
        Column("start", kinds.clock()),
        Column("end", kinds.clock()),
        Column("weekdays", Kind("list", _read_days, _show_days), required=True),
    )

    def load(self) -> dict[Key, Row]:
        found: dict[tuple[str, time, time], list[int]] = {}
        shifts = Shift.objects.order_by("calendar__name", "start", "end", "weekday")
        for name, start, end, day in shifts.values_list(
            "calendar__name", "start", "end", "weekday"
        ):
            found.setdefault((name, start, end), []).append(day)
        rows = (
            {"calendar": name, "start": start, "end": end, "weekdays": days}
            for (name, start, end), days in found.items()
        )
        return {self.key_of(row): row for row in rows}

    def name_of(self, row: Row) -> Key:
        return (row["calendar"],)

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        """A calendar cannot begin two shifts at once: the shop knows one of them only."""
        begun: dict[tuple[str, time, int], Key] = {}
        for key, row in book.planned(self.code).items():
            for day in row["weekdays"] or ():
                begun.setdefault((row["calendar"], row["start"], day), key)
        for change in changes:
            row = change.row
            for day in row["weekdays"]:
                if begun[row["calendar"], row["start"], day] != change.key:
                    text = _("Another shift of this calendar begins at the same time on %(day)s.")
                    yield Fault(change, "weekdays", text % {"day": DAYS[day]})

    def write(self, changes: Changes) -> None:
        names = {change.row["calendar"] for change in changes.all}
        known = set(Calendar.objects.filter(name__in=names).values_list("name", flat=True))
        Calendar.objects.bulk_create(Calendar(name=name) for name in sorted(names - known))
        self._drop(changes.changed)
        calendars = dict(Calendar.objects.filter(name__in=names).values_list("name", "pk"))
        Shift.objects.bulk_create(
            Shift(
                calendar_id=calendars[change.row["calendar"]],
                weekday=day,
                start=change.row["start"],
                end=change.row["end"],
            )
            for change in changes.all
            for day in change.row["weekdays"]
        )

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        self._drop(removed)
        names = {change.row["calendar"] for change in removed}
        idle = Calendar.objects.filter(name__in=names, shifts=None, exceptions=None)
        idle.exclude(pk__in=WorkCenter.objects.values("calendar")).delete()

    def _drop(self, changes: Sequence[Change]) -> None:
        wanted = {(c.row["calendar"], c.row["start"], c.row["end"]) for c in changes}
        shifts = Shift.objects.values_list("pk", "calendar__name", "start", "end")
        gone = [pk for pk, name, start, end in shifts if (name, start, end) in wanted]
        Shift.objects.filter(pk__in=gone).delete()


class Holidays(TableSheet):
    code = "holidays"
    label = gettext_lazy("Holidays")
    purpose = gettext_lazy("Days on which a calendar is closed or has other hours.")
    view, change = "production.view_calendar", "production.change_calendar"
    after = ("calendars",)
    model, order = CalendarException, ("calendar__name", "day")
    keys = ("calendar", "day")
    links = {"calendar": Link("calendar", Calendar, "name")}
    columns = (
        Column("calendar", kinds.text(80), refers="calendars"),
        Column("day", kinds.day()),
        Column("start", kinds.clock()),
        Column("end", kinds.clock()),
        Column("reason", kinds.text(120), default=""),
    )

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in changes:
            row: dict[str, Any] = change.row
            if (row["start"] is None) != (row["end"] is None):
                column = "start" if row["start"] is None else "end"
                text = _("Fill in both times, or neither where the day is closed.")
                yield Fault(change, column, text)


CALENDARS, HOLIDAYS = Calendars(), Holidays()
