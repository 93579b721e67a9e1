"""Which job is next, and what happens to claims that lead to nothing."""

from datetime import timedelta

import pytest

from journal.models import Transition
from production import feedback, queues, stepping
from production.models import Job, Machine
from tests.production import floor

pytestmark = pytest.mark.django_db
LATER = floor.MONDAY + timedelta(minutes=5)
WHO = queues.Claimant(floor.BOB)


@pytest.fixture
def shop():
    return floor.build()


def printing(order):
    return order.jobs.get(sequence=10)


def take(shop, machine=None, **named):
    who = queues.Claimant(floor.BOB, machine_id=machine.pk if machine else None)
    return queues.claim(shop.printing.pk, who, now=floor.MONDAY, **named)


class TestOrder:
    def test_the_plan_comes_first_and_then_the_earliest_due(self, shop):
        soon, later, planned_second, planned_first = (printing(shop.work_order()) for _ in range(4))
        shop.plan(planned_first, planned_second)
        assert [take(shop).pk for _ in range(4)] == [
            planned_first.pk,
            planned_second.pk,
            soon.pk,
            later.pk,
        ]

    def test_the_queue_shows_the_order_in_which_jobs_are_claimed(self, shop):
        jobs = [printing(shop.work_order()) for _ in range(3)]
        shop.plan(jobs[2])
        shown = queues.queue_of(shop.printing.pk, floor.MONDAY).ready
        assert [item.job.pk for item in shown] == [take(shop).pk for _ in range(3)]
        assert (shown[0].planned_start, shown[1].planned_start) == (floor.MONDAY, None)

    def test_a_superseded_plan_no_longer_orders_the_queue(self, shop):
        first, second = (printing(shop.work_order()) for _ in range(2))
        plan = shop.plan(second)
        plan.status = "superseded"
        plan.save()
        assert take(shop).pk == first.pk

    def test_a_machine_does_its_own_plan_before_helping_another(self, shop):
        spare = Machine.objects.create(work_center=shop.printing, code="print-2", name="Spare")
        early, own = (printing(shop.work_order()) for _ in range(2))
        shop.plan(early, machine=shop.printer)
        shop.plan(own, machine=spare)
        assert take(shop, spare).pk == own.pk
        assert take(shop, spare).pk == early.pk

    def test_a_claim_without_a_machine_gets_the_planned_one(self, shop):
        spare = Machine.objects.create(work_center=shop.printing, code="print-2", name="Spare")
        job = printing(shop.work_order())
        shop.plan(job, machine=spare)
        assert take(shop).machine_id == spare.pk

    def test_a_machine_gets_only_what_it_can_do(self, shop):
        steel, any_machine = (printing(shop.work_order()) for _ in range(2))
        Job.objects.filter(pk=steel.pk).update(capability="steel")
        assert take(shop, shop.printer).pk == any_machine.pk
        with pytest.raises(queues.MachineUnfit):
            take(shop, shop.printer, job_id=steel.pk)
        Machine.objects.filter(pk=shop.printer.pk).update(capabilities=["steel"])
        assert take(shop, shop.printer).pk == steel.pk

    def test_pieces_that_cure_are_not_claimed_before_their_time(self, shop):
        shop.work_order(quantity=1, lag=30)
        job = feedback.start(take(shop).pk, version=1, by=floor.BOB, at=floor.MONDAY)
        feedback.finish(job.pk, version=job.version, by=floor.BOB, at=floor.MONDAY, good=1)
        half = floor.MONDAY + timedelta(minutes=29)
        with pytest.raises(queues.NothingToClaim):
            queues.claim(shop.assembly.pk, WHO, now=half)
        waiting = Job.objects.get(sequence=20)
        with pytest.raises(queues.NotReady, match="rest until"):
            queues.claim(shop.assembly.pk, WHO, now=half, job_id=waiting.pk)
        cured = floor.MONDAY + timedelta(minutes=30)
        assert queues.claim(shop.assembly.pk, WHO, now=cured).status == "dispatched"

    def test_work_orders_on_hold_are_passed_over(self, shop):
        held = shop.work_order()
        held.status = "on_hold"
        held.save()
        with pytest.raises(queues.NothingToClaim):
            take(shop)


class TestNamedClaims:
    def test_a_named_job_is_claimed_out_of_turn(self, shop):
        _, wanted = (printing(shop.work_order()) for _ in range(2))
        assert take(shop, job_id=wanted.pk).pk == wanted.pk

    def test_a_claimed_job_is_refused_with_its_state(self, shop):
        job = printing(shop.work_order())
        take(shop)
        with pytest.raises(queues.NotReady) as refused:
            take(shop, job_id=job.pk)
        assert refused.value.job.status == "dispatched"

    def test_an_old_version_is_refused(self, shop):
        job = printing(shop.work_order())
        Job.objects.filter(pk=job.pk).update(version=4)
        with pytest.raises(stepping.StaleJob):
            take(shop, job_id=job.pk, version=3)


class TestRecall:
    def test_a_claim_that_leads_to_nothing_goes_back_after_an_hour(self, shop):
        shop.work_order()
        shop.work_order()
        forgotten, begun = take(shop), take(shop)
        feedback.start(begun.pk, version=1, by=floor.BOB, at=floor.MONDAY)
        hour = floor.MONDAY + timedelta(hours=1)
        assert queues.recall_stale(hour - timedelta(seconds=1)) == 0
        assert queues.recall_stale(hour) == 1
        forgotten.refresh_from_db()
        assert (forgotten.status, forgotten.machine, forgotten.dispatched_at) == (
            "ready",
            None,
            None,
        )
        assert queues.recall_stale(hour) == 0

    def test_a_running_job_cannot_be_recalled(self, shop):
        shop.work_order()
        job = feedback.start(take(shop).pk, version=1, by=floor.BOB, at=floor.MONDAY)
        with pytest.raises(stepping.OutOfOrder):
            queues.recall(job.pk, version=job.version, by=floor.BOB, at=LATER)

    def test_a_claim_and_its_recall_are_two_rows(self, shop):
        shop.work_order()
        job = take(shop)
        queues.recall(job.pk, version=job.version, by=floor.BOB, at=LATER, why="wrong one")
        rows = Transition.objects.filter(kind="job").order_by("pk")
        assert list(rows.values_list("from_status", "to_status", "why")) == [
            ("ready", "dispatched", ""),
            ("dispatched", "ready", "wrong one"),
        ]
