from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from config.sheets import SHOP
from journal import dispatch
from journal.sheets import undo
from orders import lifecycle as order_lines
from orders.factory import CannotPromise, Wanted, factory
from production import feedback, netting, planning, promising
from production.availability import free_capacity, lead_days
from production.factory import Factory, sweep
from production.models import (
    CalendarException,
    DowntimeEvent,
    Job,
    Machine,
    Plan,
    Reservation,
    SetupRule,
    Shift,
)
from production.promising import dates_of
from tests import tables
from tests.production.workshop import MONDAY, NOW, center, forecast, line, product

pytestmark = pytest.mark.django_db

UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture(autouse=True)
def _nothing_kept():
    promising._Kept.plan_key = None


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def plan(now=NOW):
    netting.run(now)
    return planning.run(now)


def ask(of, quantity=1, values=None, now=NOW):
    return Factory().promise([Wanted(of.pk, values or {}, quantity)], now)


def hold(*lines, now=NOW):
    return Factory().reserve([one.pk for one in lines], now, now + timedelta(hours=1))


def test_the_band_is_a_fifth_of_the_lead_time_and_a_weekend_moves_to_monday():
    # Ten days of work: two of band, three of packing and transit; 17 March is a Tuesday.
    found = dates_of(NOW + timedelta(days=10), NOW, UTC_ZONE)
    assert (found.p50, found.p90, found.committed) == (
        date(2026, 3, 15),
        date(2026, 3, 17),
        date(2026, 3, 17),
    )
    # Finished on Tuesday 10 March: 3 March's Saturday rule, 14 March plus band is a Sunday.
    found = dates_of(at(10, 12), at(9, 12), UTC_ZONE)
    assert (found.p90, found.committed) == (date(2026, 3, 14), date(2026, 3, 16))


def test_an_empty_shop_promises_from_its_opening_hours():
    promise = ask(product("lamp", (center(), {})))
    # Made on Monday, one day packing, two on the way; one more day of band.
    assert (promise.p50, promise.p90) == (date(2026, 3, 5), date(2026, 3, 6))
    assert promise.committed == date(2026, 3, 6)


def test_planned_work_pushes_a_promise_back():
    lamp = product("lamp", (center(), {}))
    line(lamp, 48 * 5)  # five days
    plan()
    assert ask(lamp).p50 == date(2026, 3, 12)


def test_a_gap_in_the_plan_is_used():
    saw = center()
    lamp = product("lamp", (saw, {"min_lag_minutes": 2 * 24 * 60}), (saw, {"name": "Pack"}))
    line(lamp, 12)
    plan()
    # Two hours on Monday and on Wednesday are taken; a lamp of another kind fits at 10:00.
    assert ask(product("stool", (saw, {}))).p50 == date(2026, 3, 5)


def test_what_is_made_already_no_longer_stands_in_the_way():
    lamp = product("lamp", (center(), {}))
    line(lamp, 48 * 5)
    plan()
    Plan.objects.get().entries.get().job.work_order.jobs.update(status="done")
    promising._Kept.plan_key = None
    assert ask(lamp).p50 == date(2026, 3, 5)


def test_several_pieces_of_an_order_do_not_share_one_gap():
    lamp = product("lamp", (center(), {}))
    day = Wanted(lamp.pk, {}, 48)
    assert Factory().promise([day], NOW).p50 == date(2026, 3, 5)
    assert Factory().promise([day, day, day], NOW).p50 == date(2026, 3, 7)


def test_what_nobody_can_make_is_not_promised():
    saw = center()
    with pytest.raises(CannotPromise, match="how this product is made"):
        ask(product("mug"))
    steel = product("gate", (saw, {"name": "Weld", "capability": "weld"}))
    with pytest.raises(CannotPromise, match="Weld"):
        ask(steel)
    with pytest.raises(CannotPromise, match="full or closed"):
        ask(product("late", (center("never", days=()), {})))


def test_settings_name_this_factory():
    assert isinstance(factory(), Factory)


def test_reserved_time_is_nobody_elses():
    lamp = product("lamp", (center(), {}))
    first, second = line(lamp, 48), line(lamp, 48, who="Bob")
    hold(first)
    hold(second)
    spans = Reservation.objects.order_by("start").values_list("start", "end")
    assert list(spans) == [(at(2, 8), at(2, 16)), (at(3, 8), at(3, 16))]
    assert ask(lamp, 48).p50 == date(2026, 3, 7)


def test_two_who_were_told_the_same_gap_are_told_what_each_of_them_got():
    lamp = product("lamp", (center(), {}))
    alices, bobs = line(lamp, 48), line(lamp, 48, who="Bob")
    asked = ask(lamp, 48)  # both of them saw Monday's gap
    assert hold(alices) == asked
    got = hold(bobs)
    # Made on Tuesday: one day packing, two on the way, one of band, which is a Saturday.
    assert (got.p50, got.p90, got.committed) == (
        date(2026, 3, 6),
        date(2026, 3, 7),
        date(2026, 3, 9),
    )


def test_an_order_of_several_lines_is_reserved_as_it_was_promised():
    lamp, stool = product("lamp", (center("saw"), {})), product("stool", (center("drill"), {}))
    alices = [line(lamp, 48), line(stool, 96), line(lamp, 48)]
    asked = [Wanted(lamp.pk, {}, 48), Wanted(stool.pk, {}, 96), Wanted(lamp.pk, {}, 48)]
    promised = Factory().promise(asked, NOW)
    assert hold(*alices) == promised


def test_reservations_of_one_machine_never_overlap():
    saw = center(machines=2)
    lamp = product("lamp", (saw, {}), (saw, {"name": "Pack", "setup_minutes": 7}))
    for number in range(8):
        hold(line(lamp, number + 1, who=f"Customer {number}"))
    for machine in Machine.objects.all():
        spans = list(
            Reservation.objects.filter(machine=machine)
            .order_by("start")
            .values_list("start", "end")
        )
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_reserving_again_replaces_what_was_held():
    alices = line(product("lamp", (center(), {})), 48)
    hold(alices)
    hold(alices)
    assert Reservation.objects.get().start == at(2, 8)


def test_a_reservation_that_ran_out_holds_nothing():
    lamp = product("lamp", (center(), {}))
    hold(line(lamp, 48))
    assert ask(lamp, now=NOW + timedelta(hours=2)).p50 == date(2026, 3, 5)
    assert sweep(NOW + timedelta(days=2)) == 1


def test_a_committed_reservation_stands_until_a_plan_holds_the_line():
    lamp = product("lamp", (center(), {}))
    alices = line(lamp, 48)
    hold(alices)
    Factory().commit(alices.order_id, NOW)
    assert Reservation.objects.get().expires_at is None
    plan()
    assert not Reservation.objects.exists()
    assert ask(lamp).p50 == date(2026, 3, 6)


def test_released_time_is_free_again():
    lamp = product("lamp", (center(), {}))
    alices = line(lamp, 48)
    hold(alices)
    Factory().release([alices.pk])
    Factory().release([alices.pk])
    assert ask(lamp).p50 == date(2026, 3, 5)


def test_what_cannot_be_made_reserves_nothing():
    good, bad = line(product("lamp", (center(), {}))), line(product("mug"))
    with pytest.raises(CannotPromise):
        hold(good, bad)
    assert not Reservation.objects.exists()


def test_asking_twice_builds_the_board_once(django_assert_max_num_queries):
    lamp = product("lamp", (center(), {}))
    line(lamp, 48)
    plan()
    ask(lamp)
    with django_assert_max_num_queries(11):
        ask(lamp)


def test_an_empty_shop_is_wholly_free_and_a_full_one_is_not():
    saw = center()
    lamp = product("lamp", (saw, {}))
    assert free_capacity([lamp.pk], NOW) == {lamp.pk: 1.0}
    line(lamp, 48 * 4)  # four of the ten working days of two weeks
    plan()
    assert free_capacity([lamp.pk], NOW)[lamp.pk] == pytest.approx(0.6)


def test_lead_days_grow_with_the_queue():
    saw = center()
    lamp, mug = product("lamp", (saw, {})), product("mug")
    empty = lead_days([lamp.pk, mug.pk], NOW)
    line(lamp, 48 * 5)
    plan()
    full = lead_days([lamp.pk], NOW)
    # Ten days of 8 hours in 14: 343 open minutes a day, so five such days are a week of queue.
    assert full[lamp.pk] - empty[lamp.pk] == pytest.approx(7, abs=0.02)
    assert mug.pk not in empty


def test_a_closed_shop_names_no_lead_time():
    lamp = product("lamp", (center(days=()), {}))
    assert lead_days([lamp.pk], NOW) == {}
    assert free_capacity([lamp.pk], NOW) == {lamp.pk: 0.0}


def test_the_earliest_day_of_many_products_is_what_each_would_be_promised():
    lamp, stool = product("lamp", (center("saw"), {})), product("stool", (center("drill"), {}))
    mug = product("mug")
    line(stool, 48 * 5)  # five days
    plan()
    dates = Factory().earliest([lamp.pk, stool.pk, mug.pk], NOW)
    # The lamp: made on Monday, three days of shipping, one of band. The stool: Monday of next
    # week, shipped until Thursday, a fifth of seven days of band. Nobody can make a mug.
    assert dates == {lamp.pk: date(2026, 3, 6), stool.pk: date(2026, 3, 13)}
    assert dates[stool.pk] == ask(stool).committed
    assert mug.pk not in dates


def test_asking_about_more_products_asks_the_database_no_more(django_assert_max_num_queries):
    saw = center()
    products = [product(f"lamp-{number}", (saw, {})).pk for number in range(20)]
    line(product("stool", (saw, {})), 12)
    plan()

    def queries(asked):
        promising._Kept.plan_key = None
        with django_assert_max_num_queries(30) as seen:
            assert len(Factory().earliest(asked, NOW)) == len(asked)
        return len(seen)

    assert queries(products[:1]) == queries(products)


def test_a_cancelled_order_frees_the_time_that_was_held_for_it():
    alices = line(product("lamp", (center(), {})), 48)
    bobs = line(product("mug", (center("kiln"), {})))
    hold(alices, bobs)
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:carol", at=NOW)
    dispatch.drain(NOW)
    assert set(Reservation.objects.values_list("order_line", flat=True)) == {bobs.pk}


def test_work_that_is_only_foreseen_never_delays_a_promise():
    lamp = product("lamp", (center(), {"run_minutes": 60}))
    alone = ask(lamp)
    forecast({(lamp, MONDAY): 30.0})
    netting.run(NOW)
    planning.run(NOW)
    assert ask(lamp) == alone


# What staff change counts at once


def closed_on(day):
    calendar = Machine.objects.get().work_center.calendar
    CalendarException.objects.create(calendar=calendar, day=day)


def half_days():
    Shift.objects.update(end=time(12))


def a_day_of_setting_up():
    SetupRule.objects.create(work_center=Machine.objects.get().work_center, minutes=480)


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize(
    "change",
    [lambda: closed_on(MONDAY), half_days, a_day_of_setting_up],
    ids=["a holiday", "half days", "a longer change-over"],
)
def test_other_hours_and_change_overs_count_in_the_next_promise(change, planned):
    lamp = product("lamp", (center(), {}))
    if planned:
        plan()
    assert ask(lamp, 48).p50 == date(2026, 3, 5)  # a whole day, Monday
    change()
    assert ask(lamp, 48).p50 == date(2026, 3, 6)  # it ends on Tuesday


def test_a_machine_that_joins_or_leaves_counts_in_the_next_promise():
    saw = center()
    lamp = product("lamp", (saw, {}))
    line(lamp, 48)
    plan()
    assert ask(lamp, 48).p50 == date(2026, 3, 6)
    second = Machine.objects.create(work_center=saw, code="saw-2", name="Saw 2")
    assert ask(lamp, 48).p50 == date(2026, 3, 5)
    Machine.objects.filter(pk=second.pk).update(active=False)
    assert ask(lamp, 48).p50 == date(2026, 3, 6)
    Machine.objects.update(active=False)
    with pytest.raises(CannotPromise, match="saw it"):
        ask(lamp, 48)


def test_what_a_machine_can_do_counts_in_the_next_promise():
    gate = product("gate", (center(), {"capability": "weld"}))
    plan()
    with pytest.raises(CannotPromise):
        ask(gate)
    Machine.objects.update(capabilities=["weld"])
    assert ask(gate).p50 == date(2026, 3, 5)


def test_nothing_is_promised_on_a_machine_while_it_is_down():
    lamp = product("lamp", (center(), {}))
    plan()
    eight = at(2, 8)
    assert ask(lamp, 24, now=eight).p50 == date(2026, 3, 5)  # four hours, Monday
    stop = DowntimeEvent.objects.create(machine=Machine.objects.get(), started_at=eight)
    Machine.objects.update(status="down")
    # Four hours of repair, then four hours of work: Monday at 16:00 is the very end of the day.
    assert ask(lamp, 24, now=eight).p50 == date(2026, 3, 5)
    assert ask(lamp, 25, now=eight).p50 == date(2026, 3, 6)
    # An hour later it is still down, and nobody knows for how long.
    assert ask(lamp, 24, now=at(2, 9)).p50 == date(2026, 3, 6)
    DowntimeEvent.objects.filter(pk=stop.pk).update(ended_at=at(2, 9, 30))
    Machine.objects.update(status="idle")
    assert ask(lamp, 36, now=at(2, 9, 30)).p50 == date(2026, 3, 5)  # six hours, to 15:30


def test_a_machine_whose_job_fails_is_down_for_promises_until_it_is_acknowledged():
    lamp = product("lamp", (center(), {}))
    line(lamp)
    plan()
    job, by = Job.objects.get(), {"by": "terminal:saw-1", "at": at(2, 8)}
    Job.objects.filter(pk=job.pk).update(status="running", machine=Machine.objects.get())
    # The planned lamp until 8:10, then 47 more, the last one until 16:00.
    assert ask(lamp, 47, now=at(2, 8)).p50 == date(2026, 3, 5)
    feedback.fail(job.pk, version=job.version, reason="blade", **by)
    assert ask(lamp, 47, now=at(2, 8)).p50 == date(2026, 3, 6)
    feedback.acknowledge(Machine.objects.get().pk, **by)
    assert ask(lamp, 47, now=at(2, 8)).p50 == date(2026, 3, 5)


def test_a_table_that_is_brought_and_taken_back_counts_in_the_next_promise(tmp_path):
    lamp = product("lamp", (center(), {}))
    plan()
    holiday = f"calendar,day,reason\nof saw,{MONDAY},Stocktaking\n"
    batch = tables.bring(tmp_path, holidays=holiday)
    assert ask(lamp).p50 == date(2026, 3, 6)
    undo(SHOP, batch, by="staff:alice", at=NOW)
    assert ask(lamp).p50 == date(2026, 3, 5)


def test_planned_work_that_now_lies_in_closed_time_breaks_no_promise():
    lamp = product("lamp", (center(), {"setup_minutes": 10, "setup_by": ["colour"]}))
    line(lamp, 48 * 2)
    plan()
    closed_on(MONDAY)
    CalendarException.objects.create(
        calendar=Machine.objects.get().work_center.calendar, day=MONDAY + timedelta(days=1)
    )
    # Monday and Tuesday are planned and closed; the lamp is made on Wednesday.
    assert ask(lamp).p50 == date(2026, 3, 7)
    Shift.objects.all().delete()
    with pytest.raises(CannotPromise, match="full or closed"):
        ask(lamp)


def test_the_board_is_not_built_again_for_what_no_promise_rests_on(monkeypatch):
    lamp = product("lamp", (center(), {}))
    line(lamp, 48)
    plan()
    ask(lamp)
    monkeypatch.setattr(promising, "_build", lambda now: pytest.fail("built again"))
    Machine.objects.update(status="running", setup_family="saw it")
    rows = list(Shift.objects.values("calendar_id", "weekday", "start", "end"))
    Shift.objects.all().delete()
    Shift.objects.bulk_create(Shift(**row) for row in rows)  # as an undo writes them anew
    ask(lamp)
