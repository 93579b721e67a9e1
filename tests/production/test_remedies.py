"""What would help: asked by a person, tried by a worker on the shop of the moment."""

from datetime import date, timedelta

import pytest
from kombu.exceptions import OperationalError

from journal.models import Transition
from production import netting, planning, remedies, tasks
from production.models import WorkOrder
from production.scheduling import RemedyKind, Use
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

SEND = "production.remedies.current_app.send_task"
LATE = date(2026, 3, 5)  # wanted on a Thursday: it must be finished three days before, on Monday


@pytest.fixture
def sent(monkeypatch):
    found = []
    monkeypatch.setattr(SEND, lambda name, **more: found.append((name, more["kwargs"])))
    return found


@pytest.fixture
def lines():
    """One saw, eight hours a day: seven hours for Alice, then three for Bob, due on Monday too."""
    saw = center()
    lamp = product("lamp", (saw, {"run_minutes": 60}))
    lines = line(lamp, 7, LATE), line(product("shelf", (saw, {"run_minutes": 60})), 3, LATE)
    netting.run(NOW)
    planning.run(NOW)
    return lines


def answered(line_id):
    remedies.ask(line_id, by="staff:alice", at=NOW)
    remedies.run(line_id, clock=lambda: NOW)
    return remedies.answer(line_id)


def statuses(line_id):
    steps = Transition.objects.filter(kind="remedies", object_id=line_id).order_by("pk")
    return list(steps.values_list("to_status", flat=True))


def test_a_late_line_is_told_where_it_waited_and_what_would_help(lines, sent):
    """The plan takes one of them first; the other runs into Tuesday, and two hours of overtime on
    Monday finish it in time."""
    late = []
    for one in lines:
        found = answered(one.pk)
        assert found.work_order_id == WorkOrder.objects.get(pegging__order_line=one).pk
        if found.minutes_late:
            late.append(found)
    [found] = late
    assert Use.BUSY in {row.use for row in found.bottlenecks}
    by_kind = {one.remedy.kind: one for one in found.remedies.effects}
    assert set(by_kind) == set(RemedyKind)
    assert by_kind[RemedyKind.SHIFT].lateness == -found.minutes_late
    assert by_kind[RemedyKind.FIRST].later
    assert statuses(found.line_id) == ["queued", "running", "done"]


def test_the_whole_plan_is_asked_about_in_the_same_way(lines, sent):
    found = answered(remedies.WHOLE_PLAN)
    assert (found.work_order_id, found.minutes_late) == (None, None)
    assert found.remedies.late_orders == 1
    assert found.remedies.effects[0].objective < 0


def test_a_line_without_a_place_has_no_remedy(lines, sent):
    nobody = line(product("statue"), 1, LATE)
    found = answered(nobody.pk)
    assert (found.work_order_id, found.remedies) == (None, None)


def test_one_question_at_a_time_and_again_when_it_is_answered(
    lines, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        remedies.ask(by="staff:alice", at=NOW)
        remedies.ask(by="staff:bob", at=NOW)
    assert sent == [("production.tasks.find_remedies", {"line_id": 0})]
    tasks.find_remedies(line_id=0)
    with django_capture_on_commit_callbacks(execute=True):
        remedies.ask(by="staff:bob", at=NOW + timedelta(minutes=20))
    assert len(sent) == 2


def test_a_message_that_comes_twice_tries_once(lines, sent, monkeypatch):
    answered(remedies.WHOLE_PLAN)
    monkeypatch.setattr(remedies, "tried", lambda *args: pytest.fail("tried again"))
    remedies.run(remedies.WHOLE_PLAN, clock=lambda: NOW)


def test_trying_ends_in_time_and_says_that_it_did_not_get_through(lines, sent):
    ticks = iter(NOW + timedelta(minutes=minute) for minute in range(0, 600, 3))
    remedies.ask(by="staff:alice", at=NOW)
    remedies.run(remedies.WHOLE_PLAN, clock=lambda: next(ticks))
    found = remedies.answer(remedies.WHOLE_PLAN)
    assert (found.remedies.complete, len(found.remedies.effects)) == (False, 1)
    assert remedies.newest(remedies.WHOLE_PLAN, NOW).share == pytest.approx(1 / 5)


def test_what_breaks_is_said_and_can_be_asked_again(lines, sent, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("the saw fell down")

    monkeypatch.setattr(remedies, "tried", broken)
    remedies.ask(by="staff:alice", at=NOW)
    with pytest.raises(ValueError, match="fell down"):
        remedies.run(remedies.WHOLE_PLAN, clock=lambda: NOW)
    assert statuses(remedies.WHOLE_PLAN) == ["queued", "running", "failed"]
    remedies.ask(by="staff:alice", at=NOW)
    assert statuses(remedies.WHOLE_PLAN)[-1] == "queued"


def test_a_question_that_nobody_worked_on_can_be_asked_again(lines, sent):
    remedies.ask(by="staff:alice", at=NOW)
    later = NOW + timedelta(minutes=20)
    assert remedies.newest(remedies.WHOLE_PLAN, later).status == "failed"
    remedies.ask(by="staff:bob", at=later)
    assert statuses(remedies.WHOLE_PLAN) == ["queued", "queued"]


def test_without_workers_the_answer_is_honest(
    lines, monkeypatch, django_capture_on_commit_callbacks
):
    def away(*args, **kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(SEND, away)
    with django_capture_on_commit_callbacks(execute=True):
        remedies.ask(by="staff:alice", at=NOW)
    last = remedies.newest(remedies.WHOLE_PLAN, NOW)
    assert (last.status, last.under_way) == ("failed", False)
