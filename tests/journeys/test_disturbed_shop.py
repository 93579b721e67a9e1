"""A saw breaks and Carol is in a hurry: the plan is mended before anybody waits for it."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from journal import dispatch
from orders import intake
from orders.intake import AddressDetails, CustomerDetails
from orders.models import OrderLine
from production import feedback, netting, planning, queues, tasks
from production.models import Job, PlanEntry, Reservation
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

CAROL = CustomerDetails("Carol", "carol@example.com")
HOME = AddressDetails("Carol", "Elm Street 1", "10115", "Berlin", "DE")


def at(hour, minute=0):
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


@pytest.fixture
def worker(monkeypatch, django_capture_on_commit_callbacks):
    """Does what was sent to it, at the minute in which it was sent."""
    sent = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, **rest: sent.append(name), raising=False
    )

    def does(moment, what):
        with time_machine.travel(moment, tick=False):
            with django_capture_on_commit_callbacks(execute=True):
                what()
                dispatch.drain(moment)
            if "production.tasks.mend" in sent:
                sent.clear()
                tasks.mend()

    return does


def begin(job, saw, now):
    claimant = queues.Claimant("terminal:saw", machine_id=saw.pk)
    job = queues.claim(saw.work_center_id, claimant, now=now, job_id=job.pk)
    return feedback.start(job.pk, version=job.version, by="terminal:saw", at=now)


def places():
    entries = PlanEntry.objects.filter(plan__status="published").select_related("job", "machine")
    return {(one.job.quantity, one.job.attempt): (one.machine, one.start) for one in entries}


def order(lamp, moment):
    intake.add("a basket", lamp.pk, {}, 6, moment)
    intake.place("a basket", CAROL, HOME, "once", moment)


def test_a_saw_breaks_and_carol_orders_and_begun_work_stays(worker, signed_in):
    lamp = product("lamp", (center(machines=2), {}))
    line(lamp, 41, due=date(2026, 3, 5))  # to be sawn by tonight
    line(lamp, 6, due=date(2026, 3, 20), who="Bob")
    netting.run(NOW)
    planning.run(NOW)
    (alices, _), (bobs, _) = places()[41, 1], places()[6, 1]
    job = begin(Job.objects.get(quantity=41), alices, at(8))
    begin(Job.objects.get(quantity=6), bobs, at(8))

    why = {"reason": "the blade broke", "good": 3}
    fail = {"version": job.version, "by": "terminal:saw", "at": at(8, 30), **why}
    worker(at(8, 30), lambda: feedback.fail(job.pk, **fail))
    # Bob's run goes on until 9; behind it the 38 lamps are done by 15:20, in time
    assert places() == {(6, 1): (bobs, at(8, 30)), (38, 2): (bobs, at(9))}

    worker(at(8, 40), lambda: order(lamp, at(8, 40)))
    carols = OrderLine.objects.get(order__customer__name="Carol")
    assert carols.status == "planned"
    assert not Reservation.objects.exists()
    # the broken saw is back at 12:40 at the earliest, the other one free at 15:20
    found = {key: place for key, place in places().items() if key != (6, 1)}
    assert found[38, 2] == (bobs, at(9))
    text = signed_in("planner").get(reverse("production:planning")).content.decode()
    assert f"Repaired after: order {carols.order.number} came in (09:40)" in text
