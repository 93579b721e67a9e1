"""Every transition reaches every receiver that asked for it: at least once, each on its own."""

from datetime import UTC, datetime, timedelta

import pytest

from journal import dispatch
from journal.models import Handling, Transition
from journal.moving import lifecycle, record

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOOR = lifecycle("door", {"": "open", "open": "closed", "closed": ""})

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """Receivers of this test alone: `bell` hears, `broken` always fails."""
    heard = []

    def broken(transition):
        raise ValueError(f"no battery in {transition.object_id}")

    monkeypatch.setattr(dispatch, "_receivers", {})
    monkeypatch.setattr(dispatch, "_by_step", {})
    dispatch.receives("door", "open", name="broken")(broken)
    dispatch.receives("door", "open", name="bell", queue="planning")(
        lambda transition: heard.append(transition.object_id)
    )
    return heard


def open_door(pk=7, at=NOW):
    record(DOOR, [(pk, "")], "open", by="alice", at=at)


def test_a_receiver_hears_of_its_step_once(heard):
    open_door()
    dispatch.drain(NOW)
    dispatch.drain(NOW)
    assert heard == [7]


def test_a_receiver_hears_nothing_of_other_steps(heard):
    record(DOOR, [(7, "open")], "closed", by="alice", at=NOW)
    dispatch.drain(NOW)
    assert heard == []


def test_of_many_steps_written_at_once_each_receiver_hears_of_those_it_asked_for(heard):
    dispatch.receives("door", "closed", name="lock", when=lambda step: step.object_id > 7)(
        lambda transition: heard.append(transition.object_id)
    )
    record(DOOR, [(7, "open"), (8, "open"), (9, "open")], "closed", by="alice", at=NOW)
    dispatch.drain(NOW)
    assert heard == [8, 9]
    assert sorted(Transition.objects.values_list("object_id", flat=True)) == [7, 8, 9]


def test_a_receiver_may_wait_for_some_of_the_steps_only(heard):
    dispatch.receives(
        "door", "closed", name="warden", when=lambda transition: transition.why == "night"
    )(lambda transition: heard.append(transition.why))
    record(DOOR, [(7, "open")], "closed", by="alice", at=NOW)
    assert not Handling.objects.exists()
    record(DOOR, [(8, "open")], "closed", by="alice", at=NOW, why="night")
    dispatch.drain(NOW)
    assert heard == ["night"]


def test_one_that_fails_blocks_nobody_and_is_tried_again_later(heard):
    open_door()
    dispatch.drain(NOW)
    duty = Handling.objects.get(receiver="broken")
    assert heard == [7]
    assert (duty.attempts, duty.done_at) == (1, None)
    assert "no battery" in duty.error
    assert duty.due_at > NOW
    later = NOW + timedelta(hours=2)
    dispatch.drain(later)
    duty.refresh_from_db()
    assert duty.attempts == 2


def test_it_waits_longer_each_time_and_alarms_after_ten(heard):
    open_door()
    duty = Handling.objects.get(receiver="broken")
    waits = []
    for _ in range(10):
        dispatch.handle(duty.pk, now=NOW)
        duty.refresh_from_db()
        waits.append(duty.due_at - NOW)
    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(hours=1, minutes=1)
    assert list(Handling.objects.alarming()) == [duty]


def fail_ten_times(receiver="broken"):
    for duty in Handling.objects.filter(receiver=receiver):
        for _ in range(10):
            dispatch.handle(duty.pk, now=NOW)


def test_nothing_alarms_while_there_is_hope(heard):
    open_door()
    broken = Handling.objects.get(receiver="broken")
    for _ in range(9):
        dispatch.handle(broken.pk, now=NOW)
    assert dispatch.alarms() == []
    dispatch.handle(broken.pk, now=NOW)
    assert len(dispatch.alarms()) == 1


def test_an_alarm_says_who_failed_how_often_since_when_and_why(heard):
    open_door(7, at=NOW - timedelta(hours=5))
    open_door(8, at=NOW - timedelta(hours=2))
    fail_ten_times()
    five_hours_ago = NOW - timedelta(hours=5)
    why = "ValueError: no battery in 8"
    assert dispatch.alarms() == [dispatch.Alarm("broken", 2, five_hours_ago, why)]


def test_trying_again_makes_only_what_alarms_due_and_it_alarms_until_it_is_done(heard):
    open_door()
    fail_ten_times()
    assert dispatch.try_again("bell", now=NOW) == 0
    assert not Handling.objects.due(NOW).exists()
    assert dispatch.try_again("broken", now=NOW) == 1
    assert [duty.receiver for duty in Handling.objects.due(NOW)] == ["broken"]
    assert len(dispatch.alarms()) == 1
    dispatch.receives("door", "open", name="broken")(lambda transition: None)
    dispatch.drain(NOW)
    assert dispatch.alarms() == []


def test_work_that_fails_half_way_leaves_nothing_behind(heard):
    def half(transition):
        open_door(pk=99)
        raise RuntimeError("power cut")

    dispatch.receives("door", "open", name="bell")(half)
    open_door()
    dispatch.drain(NOW)
    assert not Handling.objects.filter(transition__object_id=99).exists()


def test_the_sweep_hands_out_what_is_due_by_queue_and_not_again_under_lease(heard):
    open_door()
    assert dispatch.due_by_queue(NOW) == {}  # left to the worker that was woken
    later = NOW + timedelta(minutes=1)
    bell = Handling.objects.get(receiver="bell").pk
    broken = Handling.objects.get(receiver="broken").pk
    assert dispatch.due_by_queue(later) == {"default": [broken], "planning": [bell]}
    assert dispatch.due_by_queue(later) == {}
    assert dispatch.due_by_queue(later + timedelta(minutes=3)) != {}


def test_a_duty_done_by_another_worker_is_not_done_twice(heard):
    open_door()
    pk = Handling.objects.get(receiver="bell").pk
    assert dispatch.handle(pk, now=NOW)
    assert dispatch.handle(pk, now=NOW)
    assert heard == [7]


def test_one_that_has_failed_for_days_is_still_tried_every_hour(heard):
    open_door()
    Handling.objects.filter(receiver="broken").update(attempts=60)
    dispatch.drain(NOW)
    duty = Handling.objects.get(receiver="broken")
    assert timedelta(minutes=59) < duty.due_at - NOW < timedelta(minutes=62)
