"""A terminal that claims while netting takes work back: one of the two wins, whole."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, connections

from orders import lifecycle as order_lines
from production import netting, queues, routings
from production.models import Job, Pegging, WorkCenter, WorkOrder
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db(transaction=True)
BOB = queues.Claimant(by="terminal:saw-t1/B042")


@pytest.fixture
def lamp(file_database):
    return product("lamp", (center(), {}))


class Terminal:
    """Bob's terminal, with a connection of its own."""

    def __init__(self) -> None:
        self.work_center = WorkCenter.objects.get().pk
        self.threads = ThreadPoolExecutor(1)
        self.answer: Future[Job] | None = None

    def claims_just_before(self, monkeypatch, step):
        """Have Bob claim when netting is about to take this step."""
        takes = getattr(routings, step)

        def at_that_moment(*args, **kwargs):
            self.answer = self.threads.submit(self._claim)
            if connection.vendor == "postgresql" or not connection.in_atomic_block:
                self.answer.exception(timeout=60)
            # Otherwise SQLite's one writer is netting: Bob gets his answer after it.
            return takes(*args, **kwargs)

        monkeypatch.setattr(routings, step, at_that_moment)

    def _claim(self):
        try:
            return queues.claim(self.work_center, BOB, now=NOW)
        finally:
            connections.close_all()

    def got(self):
        self.threads.shutdown(wait=True)
        error = self.answer.exception()
        assert error is None or isinstance(error, queues.NothingToClaim)
        return None if error else self.answer.result()


def released():
    """Everything that was netted, given to the floor."""
    routings.release(list(WorkOrder.objects.values_list("pk", flat=True)), by="system", at=NOW)


def test_a_job_is_not_claimed_while_its_work_order_is_taken_back(lamp, monkeypatch):
    alices = line(lamp, 3)
    netting.run(NOW)
    released()
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:carol", at=NOW)
    terminal = Terminal()
    terminal.claims_just_before(monkeypatch, "cancel")
    assert netting.run(NOW).cancelled == 1
    assert terminal.got() is None
    assert (WorkOrder.objects.get().status, Job.objects.get().status) == ("cancelled", "cancelled")


def test_a_job_is_not_claimed_while_its_work_order_shrinks(lamp, monkeypatch):
    alices, _bobs = line(lamp, 3), line(lamp, 2, who="Bob")
    netting.run(NOW)
    released()
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:carol", at=NOW)
    terminal = Terminal()
    terminal.claims_just_before(monkeypatch, "resize")
    assert netting.run(NOW).resized == 1
    claimed = terminal.got()
    # Whoever claims sees the pieces that are wanted, never those of before.
    assert claimed is None or claimed.quantity == 2
    assert [peg.quantity for peg in Pegging.objects.all()] == [2]


def test_a_job_that_was_claimed_first_keeps_its_work_order_whole(lamp, monkeypatch):
    alices = line(lamp, 3)
    netting.run(NOW)
    released()
    order_lines.cancel(alices.order_id, "changed her mind", by="staff:carol", at=NOW)
    found = netting._surplus

    def and_bob_is_quicker(wanted):
        surplus = found(wanted)
        queues.claim(WorkCenter.objects.get().pk, BOB, now=NOW)
        return surplus

    monkeypatch.setattr(netting, "_surplus", and_bob_is_quicker)
    done = netting.run(NOW)
    assert (done.cancelled, done.resized) == (0, 0)
    assert (WorkOrder.objects.get().status, Pegging.objects.get().quantity) == ("released", 3)
