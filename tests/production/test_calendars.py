from datetime import UTC, date, datetime, time, timedelta

import pytest

from production.calendars import REPAIR_MINUTES, open_windows
from production.models import CalendarException, DowntimeEvent, Machine, Plant, Shift
from tests.production.workshop import NOW, center

pytestmark = pytest.mark.django_db

HOUR, DAY = 60, 24 * 60


def windows(origin=NOW, days=2):
    machines = list(Machine.objects.select_related("work_center__plant"))
    return open_windows(machines, origin, days)[machines[0].pk]


def test_a_shift_opens_its_machines_in_minutes_from_the_origin():
    center(hours=(8, 16))
    # The origin is Monday 6:00.
    assert windows() == ((2 * HOUR, 10 * HOUR), (DAY + 2 * HOUR, DAY + 10 * HOUR))


def test_a_shift_that_has_begun_is_open_from_minute_zero():
    center(hours=(8, 16))
    assert windows(NOW + timedelta(hours=4), days=1) == ((0, 6 * HOUR),)


def test_last_nights_shift_reaches_into_the_first_day():
    made = center(days=())
    Shift.objects.create(calendar=made.calendar, weekday=6, start=time(22), end=time(7))
    assert windows(days=1) == ((0, HOUR),)


def test_a_holiday_closes_the_day():
    made = center()
    CalendarException.objects.create(calendar=made.calendar, day=date(2026, 3, 2))
    assert windows() == ((DAY + 2 * HOUR, DAY + 10 * HOUR),)


def test_an_extra_day_opens_a_closed_one():
    made = center(days=())
    CalendarException.objects.create(
        calendar=made.calendar, day=date(2026, 3, 3), start=time(9), end=time(10)
    )
    assert windows() == ((DAY + 3 * HOUR, DAY + 4 * HOUR),)


def test_shifts_follow_the_clocks_of_the_plant_over_a_time_change():
    center(days=range(7), hours=(0, 8))
    Plant.objects.update(time_zone="Europe/Berlin")
    # In the night to 29 March 2026 the clocks go from 2:00 to 3:00; Saturday 0:00 is 23:00 UTC.
    saturday = datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert windows(saturday, days=3)[:3] == (
        (0, 8 * HOUR),
        (DAY, DAY + 7 * HOUR),
        (2 * DAY - HOUR, 2 * DAY + 7 * HOUR),
    )


def test_shifts_that_touch_are_one_window():
    made = center(hours=(8, 12))
    Shift.objects.create(calendar=made.calendar, weekday=0, start=time(12), end=time(14))
    assert windows(days=1) == ((2 * HOUR, 8 * HOUR),)


def test_an_open_stop_closes_its_machine_for_the_usual_repair():
    center()
    DowntimeEvent.objects.create(machine=Machine.objects.get(), reason="jam", started_at=NOW)
    assert windows(days=1) == ((REPAIR_MINUTES, 10 * HOUR),)


def test_a_stop_that_comes_later_is_not_foreseen():
    center()
    later = NOW + timedelta(hours=5)
    DowntimeEvent.objects.create(machine=Machine.objects.get(), reason="jam", started_at=later)
    assert windows(days=1) == ((2 * HOUR, 10 * HOUR),)


def test_many_machines_cost_no_more_queries(django_assert_max_num_queries):
    for code in ("saw", "mill", "paint"):
        center(code, machines=5)
    machines = list(Machine.objects.select_related("work_center__plant"))
    with django_assert_max_num_queries(3):
        open_windows(machines, NOW, 30)
