from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from journal.models import User
from orders.models import OrderLine
from production import netting
from production.due_dates import due_board
from production.models import Job, Operation
from tests.production import workshop
from tests.production.workshop import MONDAY, NOW

pytestmark = pytest.mark.django_db
# an hour into the shift of Tuesday
TUESDAY = datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_lines_stand_in_the_group_of_their_day_with_the_earliest_first():
    lamp = workshop.product("lamp")
    for day in (20, 9, 8, 3, 2, 1):
        workshop.line(lamp, 1, date(2026, 3, day), placed=NOW - timedelta(days=9))
    groups = due_board(TUESDAY).groups
    assert {code: [due.line.due.day for due in group.dues] for code, group in groups.items()} == {
        "late": [1, 2],
        "today": [3],
        "this-week": [8],
        "next-week": [9],
        "later": [20],
    }
    assert groups["late"].dues[0].days_late == 2


def test_a_product_that_nobody_described_is_shown_without_times():
    workshop.line(workshop.product("gate"), 3, MONDAY)
    board = due_board(TUESDAY)
    [due] = board.groups["late"].dues
    assert (due.next_step, due.untimed, board.untimed) == (None, 3, 1)
    assert board.cells == []


def test_the_load_of_a_week_is_what_is_due_in_it_against_the_hours_that_are_left():
    saw, paint = workshop.center("saw", machines=2), workshop.center("paint")
    guess = {"run_minutes_low": 6, "run_minutes_high": 14, "teardown_minutes": 5}
    half = {"expected_yield": Decimal("0.5")}
    lamp = workshop.product("lamp", (saw, guess), (paint, half))
    workshop.line(lamp, 12, MONDAY)  # late: counts in this week
    workshop.line(lamp, 6, MONDAY + timedelta(days=8))
    workshop.line(lamp, 1, MONDAY + timedelta(days=60))
    by_paint, by_saw = due_board(TUESDAY).cells
    # sawing takes 10 minutes a piece and 5 to tear down; half of what is painted is good
    assert [week.needed for week in by_saw.weeks] == [125, 65, 0, 0]
    assert [week.guessed for week in by_saw.weeks] == [125, 65, 0, 0]
    assert (by_saw.later, by_paint.later) == (15, 20)
    assert [week.needed for week in by_paint.weeks] == [240, 120, 0, 0]
    assert [week.guessed for week in by_paint.weeks] == [0, 0, 0, 0]
    # two machines: seven hours of Tuesday and three days are left, then five days of eight hours
    assert [week.open for week in by_saw.weeks] == [2 * 31 * 60, *[2 * 40 * 60] * 3]
    assert not by_saw.weeks[0].over


def test_a_cell_with_more_work_than_hours_is_marked():
    lamp = workshop.product("lamp", (workshop.center("saw"), {}))
    workshop.line(lamp, 200, MONDAY)
    week = due_board(TUESDAY).cells[0].weeks[0]
    assert (week.needed, week.open, week.over) == (2000, 31 * 60, True)


def test_a_planned_line_waits_for_its_next_unfinished_step():
    saw, paint = workshop.center("saw"), workshop.center("paint")
    lamp = workshop.product("lamp", (saw, {}), (paint, {"name": "Paint it"}))
    workshop.line(lamp, 2, MONDAY)
    netting.run(NOW)
    Job.objects.filter(work_center=saw).update(status="done")
    [due] = due_board(TUESDAY).groups["late"].dues
    assert (due.next_step.cell, due.next_step.name, due.minutes) == (paint, "Paint it", 20)
    assert not due.guessed


def test_lines_that_are_made_together_share_the_minutes():
    lamp = workshop.product("lamp", (workshop.center("saw"), {}))
    for quantity in (1, 3):
        workshop.line(lamp, quantity, MONDAY)
    netting.run(NOW)
    assert Job.objects.get().quantity == 4
    assert [due.minutes for due in due_board(TUESDAY).groups["late"].dues] == [10, 30]


def test_a_guess_stays_one_when_work_orders_were_made_from_it():
    lamp = workshop.product("lamp", (workshop.center("saw"), {}))
    Operation.objects.update(run_minutes_low=8, run_minutes_high=12)
    workshop.line(lamp, 1, MONDAY)
    netting.run(NOW)
    assert due_board(TUESDAY).groups["late"].dues[0].guessed


def test_steps_of_other_options_are_not_counted():
    saw = workshop.center("saw")
    steps = [
        (saw, {"condition": {"colour": [colour]}, "name": colour}) for colour in ("red", "sky")
    ]
    lamp = workshop.product("lamp", *steps, colours=("red", "sky"))
    workshop.line(lamp, 1, MONDAY, values={"colour": "sky"})
    [due] = due_board(TUESDAY).groups["late"].dues
    assert [step.name for step in due.steps] == ["sky"]


def test_what_is_made_needs_no_cell_any_more():
    lamp = workshop.product("lamp", (workshop.center("saw"), {}))
    workshop.line(lamp, 1, MONDAY)
    OrderLine.objects.update(status="ready")
    [due] = due_board(TUESDAY).groups["late"].dues
    assert (due.steps, due.untimed) == ((), 0)


def test_the_page_costs_the_same_however_much_is_open(client, django_assert_max_num_queries):
    client.force_login(User.objects.create_superuser("bob", password=None))
    saw = workshop.center("saw")
    for number in range(30):
        lamp = workshop.product(f"lamp-{number}", (saw, {}))
        workshop.line(lamp, 2, MONDAY + timedelta(days=number), who=f"Alice {number}")
    netting.run(NOW)
    workshop.line(workshop.product("gate"), 1, MONDAY, who="Carol")
    with django_assert_max_num_queries(15):
        page = client.get(reverse("production:due")).content.decode()
    assert "Alice 29" in page
    assert "1 position has no times yet" in page


def test_of_a_long_group_those_that_are_due_first_are_shown_and_all_are_counted_and_loaded():
    saw = workshop.center("saw")
    lamp = workshop.product("lamp", (saw, {"teardown_minutes": 5}))
    for day in (3, 2, 1):
        workshop.line(lamp, 2, MONDAY - timedelta(days=day), placed=NOW - timedelta(days=9))
    board = due_board(TUESDAY, most=2)
    late = board.groups["late"]
    assert (late.count, board.lines) == (3, 3)
    assert [due.days_late for due in late.dues] == [4, 3]
    # three lines of two pieces at ten minutes, each of which tears down
    assert board.cells[0].weeks[0].needed == 3 * (2 * 10 + 5)


def test_a_line_without_a_date_is_due_two_weeks_after_its_order():
    line = workshop.line(workshop.product("gate"), 1, MONDAY, placed=NOW)
    OrderLine.objects.filter(pk=line.pk).update(committed_date=None, requested_date=None)
    [due] = due_board(TUESDAY).groups["later"].dues
    assert due.line.due == (NOW + timedelta(days=14)).date()
