"""Work that runs ends when its pieces are made, counted from the last report and not from now."""

from datetime import UTC, datetime

import pytest

from production import feedback, netting, planning
from production.models import Job, Machine, PlanEntry
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db


def at(hour, minute=0, day=2):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def running_since(start):
    """Alice's six lamps, an hour of sawing between 8 and 16."""
    line(product("lamp", (center(), {})), 6)
    netting.run(NOW)
    planning.run(NOW)
    Job.objects.update(status="dispatched", machine=Machine.objects.get(), dispatched_at=start)
    job = Job.objects.get()
    return feedback.start(job.pk, version=job.version, by="bob", at=start)


def end_as_planned(now):
    planning.run(now)
    return PlanEntry.objects.get(plan__status="published").end


def test_the_minutes_since_it_began_are_over():
    running_since(at(8))
    assert end_as_planned(at(8, 20)) == at(9)


def test_reported_pieces_count_and_the_minutes_since_the_report():
    job = running_since(at(8))
    feedback.report(job.pk, version=job.version, by="bob", at=at(8, 15), good=2)
    # four lamps are left at a quarter past eight
    assert end_as_planned(at(8, 20)) == at(8, 55)


def test_only_hours_in_which_the_machine_is_open_count():
    running_since(at(15, 50))
    # ten minutes on Monday, ten on Tuesday
    assert end_as_planned(at(8, 10, day=3)) == at(8, 50, day=3)


def test_a_machine_that_is_stopped_works_on_nothing():
    running_since(at(8))
    Machine.objects.update(status="down")
    # the whole hour, once the machine is back after four
    assert end_as_planned(at(8, 20)) == at(13, 20)


def test_what_takes_longer_than_planned_may_be_done_any_minute():
    running_since(at(8))
    assert end_as_planned(at(9, 30)) == at(9, 31)


def test_a_paused_job_waits_with_what_is_left_of_it():
    job = running_since(at(8))
    feedback.pause(job.pk, version=job.version, by="bob", at=at(8, 10))
    assert end_as_planned(at(8, 20)) == at(9, 20)
