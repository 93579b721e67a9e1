"""The published plan is mended as soon as something disturbs it; the search comes behind."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import translation

from journal import dispatch
from journal.moving import record
from orders import lifecycle
from orders.models import OrderLine
from production import causes, feedback, mending, netting, planning, scheduling, watching
from production.alone import PlanningUnderWay, planning_alone
from production.lifecycle import JOB, MACHINE
from production.models import Job, Machine, Plan, PlanEntry, Reservation
from production.scheduling.checker import Fault
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
TODAY = date(2026, 3, 5)  # delivered on Thursday, so to be finished by the end of this Monday
LATER = date(2026, 3, 20)


def at(hour, minute=0, day=2):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """What would go to the workers."""
    messages = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, **rest: messages.append(name), raising=False
    )
    return messages


@pytest.fixture
def lamp():
    """A lamp is sawn for ten minutes a piece, from 8 to 16."""
    return product("lamp", (center(), {}))


def plan(now=NOW):
    netting.run(now)
    planning.run(now)


def published():
    return Plan.objects.published().get()


def places():
    """Who is sawn where and when, in the published plan."""
    entries = PlanEntry.objects.filter(plan__status="published").order_by("start")
    rows = entries.values_list(
        "job__work_order__pegging__order_line__order__customer__name", "machine__code", "start"
    )
    return {who: (machine, start) for who, machine, start in rows}


def goes(machine, to, now):
    record(MACHINE, [(machine.pk, machine.status)], to, by="terminal:saw", at=now)
    Machine.objects.filter(pk=machine.pk).update(status=to)
    machine.status = to


def comes(of, quantity, due, now, who="Carol", priority=10):
    """An order that is confirmed now."""
    new = line(of, quantity, due=due, placed=now, who=who)
    OrderLine.objects.filter(pk=new.pk).update(priority=priority)
    record(lifecycle.ORDER, [(new.order_id, "placed")], "confirmed", by="customer:3", at=now)
    return new


# A machine goes down


@pytest.fixture
def two_saws():
    """Alice's 41 lamps take until 14:50 on one saw, Bob's six until 9:00 on the other."""
    lamp = product("lamp", (center(machines=2), {}))
    line(lamp, 41, due=TODAY)
    line(lamp, 6, due=LATER, who="Bob")
    plan()
    start = {who: machine for who, (machine, _) in places().items()}
    saws = {code: Machine.objects.get(code=code) for code in start.values()}
    return saws[start["Alice"]], saws[start["Bob"]]


def test_work_that_would_be_late_leaves_the_machine_that_is_down(two_saws):
    alices, bobs = two_saws
    goes(alices, "down", at(7, 59))
    mended = mending.run(at(7, 59))
    # her saw is back at 11:59 at the earliest: she would be done tomorrow at 10:49
    assert places() == {"Bob": (bobs.code, at(8)), "Alice": (bobs.code, at(9))}
    assert (mended.plan.solver, mended.plan.violations) == ("repair", [])


def test_work_that_can_wait_waits_for_its_machine(two_saws):
    alices, bobs = two_saws
    goes(bobs, "down", at(7, 59))
    mending.run(at(7, 59))
    assert places() == {"Alice": (alices.code, at(8)), "Bob": (bobs.code, at(11, 59))}


def test_begun_work_stays_where_it_is(two_saws):
    alices, bobs = two_saws
    for job in Job.objects.all():
        saw = alices if job.quantity == 41 else bobs
        Job.objects.filter(pk=job.pk).update(
            status="dispatched", machine=saw, dispatched_at=at(7, 50)
        )
    goes(alices, "down", at(7, 59))
    mending.run(at(7, 59))
    assert {who: machine for who, (machine, _) in places().items()} == {
        "Alice": alices.code,
        "Bob": bobs.code,
    }


def test_a_machine_that_is_back_gets_its_work_back_earlier(two_saws):
    _, bobs = two_saws
    goes(bobs, "maintenance", at(7, 59))
    mending.run(at(7, 59))
    goes(bobs, "idle", at(8, 30))
    mending.run(at(8, 30))
    assert places()["Bob"] == (bobs.code, at(8, 30))
    assert [one["code"] for one in published().why] == ["machine_back"]


def test_a_machine_that_is_not_back_in_time_is_planned_around_again(two_saws, sent):
    _, bobs = two_saws
    goes(bobs, "down", at(7, 59))
    mending.run(at(7, 59))
    assert causes.unknown_to(published(), at(11, 58)) == []
    assert mending.run(at(12)).plan.why[0]["code"] == "machine_still_down"
    assert places()["Bob"] == (bobs.code, datetime(2026, 3, 3, 8, tzinfo=UTC))


# An order comes or goes


@pytest.fixture
def one_saw(lamp):
    """Alice from 8:00 to 13:00, Bob from 13:00 to 14:00; both have weeks."""
    line(lamp, 30, due=date(2026, 3, 13))
    line(lamp, 6, due=LATER, who="Bob")
    plan()
    assert places() == {"Alice": ("saw-1", at(8)), "Bob": ("saw-1", at(13))}


def test_a_rush_order_is_put_where_it_is_in_time_and_moves_as_little_as_it_can(lamp, one_saw):
    comes(lamp, 18, TODAY, at(7, 30))
    mending.run(at(7, 30))
    # behind Bob Carol would end tomorrow; in front of Alice both would move
    assert places() == {
        "Alice": ("saw-1", at(8)),
        "Carol": ("saw-1", at(13)),
        "Bob": ("saw-1", datetime(2026, 3, 3, 8, tzinfo=UTC)),
    }


def test_an_order_that_can_wait_moves_nobody(lamp, one_saw):
    comes(lamp, 6, LATER, at(7, 30), priority=1)
    mending.run(at(7, 30))
    assert places()["Carol"] == ("saw-1", at(14))
    changes = published().metrics["changes"]["whole"]
    assert (changes["common"], changes["moved"]) == (2, 0)


def test_the_new_line_is_promised_planned_and_its_held_time_is_freed(lamp, one_saw):
    new = comes(lamp, 6, LATER, at(7, 30))
    saw = Machine.objects.get()
    Reservation.objects.create(
        order_line=new, machine=saw, sequence=1, start=at(14), end=at(15), expires_at=None
    )
    mended = mending.run(at(7, 30))
    new.refresh_from_db()
    # sawn today; a day of band, one of packing, two on the way: Friday
    assert (new.status, new.committed_date) == ("planned", date(2026, 3, 6))
    assert (mended.promised, mended.released) == (1, 1)
    assert not Reservation.objects.exists()


def test_only_the_order_that_came_is_netted(lamp, one_saw):
    comes(lamp, 6, LATER, at(7, 30))
    line(lamp, 4, due=LATER, who="Dave")  # nobody has said that it is confirmed
    mending.run(at(7, 30))
    assert "Dave" not in places()
    plan(at(7, 31))
    assert "Dave" in places()


def test_an_order_that_is_called_off_leaves_the_plan_and_others_move_up(lamp, one_saw):
    alices = OrderLine.objects.get(quantity=30)
    lifecycle.cancel(alices.order_id, "changed her mind", by="customer:1", at=at(7, 30))
    mending.run(at(7, 30))
    assert places() == {"Bob": ("saw-1", at(8))}


def test_a_line_that_the_repair_finishes_too_late_is_told_so(lamp, one_saw):
    OrderLine.objects.filter(quantity=6).update(committed_date=TODAY)
    comes(lamp, 18, TODAY, at(7, 30))
    assert mending.run(at(7, 30)).revised == 1
    # sawn on Tuesday until 9: a day of band, one of packing, two on the way; Saturday, so Monday
    assert OrderLine.objects.get(quantity=6).committed_date == date(2026, 3, 9)


# Work goes wrong


def test_pieces_that_must_be_made_again_find_their_place(lamp, one_saw):
    [job] = Job.objects.filter(quantity=30)
    Job.objects.filter(pk=job.pk).update(
        status="running", machine=Machine.objects.get(), dispatched_at=at(8), started_at=at(8)
    )
    job.refresh_from_db()
    feedback.finish(job.pk, version=job.version, by="bob", at=at(9), good=24, scrap=6)
    mended = mending.run(at(9))
    assert [one["code"] for one in mended.plan.why] == ["remade"]
    assert places() == {"Alice": ("saw-1", at(10)), "Bob": ("saw-1", at(9))}


# Once, and not while somebody plans


def test_what_is_known_is_not_mended_again(two_saws):
    alices, _ = two_saws
    goes(alices, "down", at(7, 59) + timedelta(seconds=20))
    assert mending.run(at(7, 59) + timedelta(seconds=21))
    # the plan is of 7:59, and knows what happened in that minute
    assert mending.run(at(7, 59) + timedelta(seconds=40)) is None
    assert watching.out_of_date(at(7, 59) + timedelta(seconds=40)) is None


def test_a_full_plan_of_the_same_minute_knows_what_the_repaired_one_knew(two_saws):
    alices, _ = two_saws
    goes(alices, "down", at(7, 59) + timedelta(seconds=20))
    mending.run(at(7, 59) + timedelta(seconds=21))
    planning.run(at(7, 59) + timedelta(seconds=50))
    assert causes.unknown_to(published(), at(8)) == []


def test_without_a_plan_or_a_disturbance_nothing_is_mended(lamp):
    assert mending.run(NOW) is None
    plan()
    assert mending.run(NOW + MINUTE) is None
    assert Plan.objects.count() == 1


def test_an_import_is_planned_anew_and_not_mended(lamp, one_saw):
    moved = [(pk, "placed") for pk in range(100, 151)]
    record(lifecycle.ORDER, moved, "confirmed", by="import", at=at(7))
    assert mending.run(at(7)) is None
    assert watching.out_of_date(at(7)).code == "order_confirmed"


def test_whoever_plans_is_not_disturbed(two_saws):
    goes(two_saws[0], "down", at(7, 59))
    with planning_alone(), pytest.raises(PlanningUnderWay):
        mending.run(at(7, 59))
    assert published().solver != "repair"


def test_a_repair_with_a_fault_is_not_published_and_all_is_planned_anew(two_saws, monkeypatch):
    old = published()
    goes(two_saws[0], "down", at(7, 59))
    fault = scheduling.Violation(Fault.OVERLAP, "1", "two at once")
    with monkeypatch.context() as patch:
        patch.setattr(scheduling, "check", lambda *args: [fault])
        with pytest.raises(planning.PlanRejected):
            mending.run(at(7, 59))
    assert published() == old
    assert watching.out_of_date(at(8)).code == "machine_down"


# The search behind


def test_a_better_plan_is_searched_once_it_is_quiet(two_saws):
    alices, _ = two_saws
    goes(alices, "down", at(7, 58))
    mending.run(at(7, 58))
    assert watching.out_of_date(at(7, 58) + timedelta(seconds=59)) is None
    assert watching.out_of_date(at(7, 59)).code == "only_repaired"
    planning.run(at(7, 59))
    assert watching.out_of_date(at(8, 5)) is None
    assert [one["code"] for one in published().why] == ["only_repaired"]


def test_a_burst_is_followed_by_one_search_and_that_not_later_than_ten_minutes(two_saws):
    alices, _ = two_saws
    asked = []
    for half in range(24):
        now = at(8) + half * timedelta(seconds=30)
        goes(alices, "idle" if alices.status == "down" else "down", now)
        mending.run(now)
        asked.append(watching.out_of_date(now))
    assert [half / 2 for half, one in enumerate(asked) if one] == [10, 10.5, 11, 11.5]


def test_a_repaired_plan_does_not_stand_for_the_night(lamp, one_saw):
    lifecycle.hold(OrderLine.objects.get(quantity=6).order_id, "?", by="staff:eve", at=at(7, 30))
    mending.run(at(7, 30))
    assert not planning.run(at(7, 31), only_changes=True).stands
    assert planning.run(at(7, 32), only_changes=True).stands


# Messages


def messages_of(sent):
    return [name for name in sent if name == "production.tasks.mend"]


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    def run(what):
        with django_capture_on_commit_callbacks(execute=True):
            what()
            dispatch.drain(at(9))

    return run


def test_a_burst_of_disturbances_sends_one_message(two_saws, sent, committed):
    alices, bobs = two_saws
    committed(lambda: [goes(one, "down", at(8)) for one in (alices, bobs)])
    assert len(messages_of(sent)) == 1
    mending.run(at(8))
    committed(lambda: goes(alices, "idle", at(8, 10)))
    assert len(messages_of(sent)) == 2


@pytest.mark.parametrize(
    ("kind", "old", "new", "why", "asked"),
    [
        (MACHINE, "running", "down", "", 1),
        (MACHINE, "idle", "maintenance", "", 1),
        (MACHINE, "maintenance", "idle", "", 1),
        (MACHINE, "running", "idle", "", 0),
        (JOB, "running", "failed", "", 1),
        (JOB, "", "waiting", "job 7", 1),
        (JOB, "", "waiting", "", 0),
        (lifecycle.ORDER, "placed", "confirmed", "", 1),
        (lifecycle.ORDER_LINE, "planned", "cancelled", "", 1),
        (lifecycle.ORDER_LINE, "promised", "planned", "", 0),
    ],
)
def test_what_disturbs_a_plan_is_looked_at_at_once(
    sent, committed, monkeypatch, kind, old, new, why, asked
):
    monkeypatch.setattr("orders.receivers._mail", lambda *args: None)
    committed(lambda: record(kind, [(1, old)], new, by="bob", at=at(8), why=why))
    assert len(messages_of(sent)) == asked
    cache.clear()


# In words


def test_a_plan_says_why_it_was_made_in_the_readers_language(two_saws):
    alices, _ = two_saws
    goes(alices, "down", at(7, 59))
    mending.run(at(7, 59))
    [why] = causes.read(published().why)
    assert (str(why), why.at) == (f"{alices.name} is down", at(7, 59))
    with translation.override("zh-hans"):
        assert str(why) == f"{alices.name} 停机"


def test_every_cause_has_words_and_a_code_that_is_gone_is_left_out():
    codes = {*causes.STEPS.values(), *set.union(*causes.ABOUT.values())}
    assert codes <= causes.WORDS.keys()
    rows = [causes.Cause("routine").written(), {**causes.Cause("routine").written(), "code": "x"}]
    assert [one.code for one in causes.read(rows)] == ["routine"]
