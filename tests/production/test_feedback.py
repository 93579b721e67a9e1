"""What the floor reports, and what follows from it: material, remakes, order lines."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal import dispatch
from journal.idempotency import Answer, fingerprint, once
from journal.models import Transition
from orders.models import Order, OrderLine
from production import feedback, queues, stepping
from production.models import Job, JobReport, Machine, Material, Pegging, StockMove, WorkOrder
from tests.production import floor

pytestmark = pytest.mark.django_db
AT = floor.MONDAY
WHO = queues.Claimant(floor.BOB)


@pytest.fixture
def shop():
    return floor.build()


def begin(cell):
    job = queues.claim(cell.pk, WHO, now=AT)
    return feedback.start(job.pk, version=job.version, by=floor.BOB, at=AT)


def make(cell, good=0, scrap=0):
    job = begin(cell)
    return feedback.finish(job.pk, version=job.version, by=floor.BOB, at=AT, good=good, scrap=scrap)


def pieces_of(order):
    return list(
        order.jobs.order_by("sequence", "attempt").values_list("sequence", "quantity", "status")
    )


class TestRemakes:
    def test_scrap_of_the_first_step_is_made_again_before_the_next_step(self, shop):
        order = shop.work_order(quantity=5)
        make(shop.printing, good=4, scrap=1)
        assert pieces_of(order) == [(10, 5, "done"), (10, 1, "ready"), (20, 5, "waiting")]
        make(shop.printing, good=1)
        assert pieces_of(order)[-1] == (20, 5, "ready")

    def test_scrap_of_a_later_step_is_made_again_from_the_first(self, shop):
        order = shop.work_order(quantity=5)
        make(shop.printing, good=5)
        make(shop.assembly, good=3, scrap=2)
        assert pieces_of(order) == [
            (10, 5, "done"),
            (10, 2, "ready"),
            (20, 5, "done"),
            (20, 2, "waiting"),
        ]
        make(shop.printing, good=2)
        make(shop.assembly, good=2)
        order.refresh_from_db()
        assert (order.status, order.good) == ("completed", 5)

    def test_pieces_not_begun_when_a_later_step_fails_need_only_that_step(self, shop):
        order = shop.work_order(quantity=5)
        make(shop.printing, good=5)
        job = begin(shop.assembly)
        feedback.fail(
            job.pk, version=job.version, by=floor.BOB, at=AT, reason="glue", good=1, scrap=1
        )
        assert pieces_of(order) == [
            (10, 5, "done"),
            (10, 1, "ready"),
            (20, 5, "failed"),
            (20, 4, "waiting"),
        ]

    def test_a_remake_takes_its_share_of_the_time(self, shop):
        order = shop.work_order(quantity=5)  # 10 minutes a piece
        make(shop.printing, good=3, scrap=2)
        assert order.jobs.get(attempt=2).run_minutes == 20

    def test_a_paused_job_that_fails_leaves_the_machine_to_the_job_on_it(self, shop):
        shop.work_order()
        shop.work_order()
        job = begin(shop.printing)
        paused = feedback.pause(job.pk, version=job.version, by=floor.BOB, at=AT)
        begin(shop.printing)
        feedback.fail(paused.pk, version=paused.version, by=floor.BOB, at=AT, reason="warped")
        assert Machine.objects.get(pk=shop.printer.pk).status == "running"


class TestMaterial:
    def test_finishing_the_first_step_books_out_what_its_pieces_took(self, shop):
        pla = Material.objects.create(code="pla", name="PLA", unit="kg")
        shop.work_order(
            quantity=8,
            materials=[{"material": "pla", "quantity_per_unit": "0.25", "scrap_percent": "20"}],
        )
        make(shop.printing, good=8)
        # 8 × 0.25 kg are 80 % of what was taken
        assert StockMove.objects.get().quantity == Decimal("-2.5")
        assert StockMove.objects.get().material == pla
        make(shop.assembly, good=8)
        assert StockMove.objects.count() == 1

    def test_one_material_on_two_lines_is_booked_out_whole(self, shop):
        Material.objects.create(code="screw", name="Screw", unit="pc")
        line = {"material": "screw", "quantity_per_unit": "2", "scrap_percent": "0"}
        shop.work_order(quantity=3, materials=[line, line])
        make(shop.printing, good=3)
        assert StockMove.objects.get().quantity == Decimal(-12)

    def test_a_material_that_is_not_kept_any_more_does_not_stop_the_job(self, shop, caplog):
        line = {"material": "gone", "quantity_per_unit": "2", "scrap_percent": "0"}
        shop.work_order(quantity=1, materials=[line])
        assert make(shop.printing, good=1).status == "done"
        assert "gone" in caplog.text


class TestOrderLines:
    @pytest.fixture
    def line(self, shop):
        order = Order.objects.create(number="A1", status="confirmed", created_at=AT, placed_at=AT)
        return OrderLine.objects.create(
            order=order,
            position=1,
            configuration=shop.configuration,
            quantity=4,
            unit_price=40,
            status="planned",
        )

    def peg(self, shop, line):
        order = shop.work_order(quantity=2)
        Pegging.objects.create(work_order=order, order_line=line, quantity=2)

    def test_a_line_is_in_production_from_the_first_start(self, shop, line):
        self.peg(shop, line)
        begin(shop.printing)
        dispatch.drain(AT)
        line.refresh_from_db()
        assert line.status == "in_production"

    def test_a_line_is_ready_when_all_its_work_orders_are_completed(self, shop, line):
        self.peg(shop, line)
        self.peg(shop, line)
        make(shop.printing, good=2)
        make(shop.assembly, good=2)
        dispatch.drain(AT)
        line.refresh_from_db()
        assert line.status == "in_production"
        make(shop.printing, good=2)
        make(shop.assembly, good=2)
        dispatch.drain(AT)
        line.refresh_from_db()
        assert line.status == "ready"

    def test_steps_that_became_possible_on_hold_are_ready_after_it(self, shop):
        order = shop.work_order(quantity=2)
        job = begin(shop.printing)
        WorkOrder.objects.filter(pk=order.pk).update(status="on_hold")
        feedback.finish(job.pk, version=job.version, by=floor.BOB, at=AT, good=2)
        assert pieces_of(order)[-1] == (20, 2, "waiting")
        WorkOrder.objects.filter(pk=order.pk).update(status="in_progress")
        feedback.work_begun(order.pk, by="staff:alice", at=AT)
        assert pieces_of(order)[-1] == (20, 2, "ready")


def test_lags_count_from_the_finish(shop):
    order = shop.work_order(quantity=1, lag=45)
    make(shop.printing, good=1)
    assert order.jobs.get(sequence=20).not_before == AT + timedelta(minutes=45)


# Any list of events

pieces = st.integers(0, 6)
events = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["claim", "setup", "start", "pause", "resume", "recall"])),
        st.tuples(st.sampled_from(["report", "finish", "fail"]), pieces, pieces),
        st.tuples(st.just("acknowledge")),
    ),
    min_size=1,
    max_size=25,
)

REFUSALS = (
    stepping.JobRefused,
    queues.NothingToClaim,
    feedback.NothingToAcknowledge,
)


def perform(shop, event, seen):
    """Do one event as a terminal would, on the job that it saw last."""
    name, *counts = event
    if name == "acknowledge":
        feedback.acknowledge(shop.printer.pk, by=floor.BOB, at=AT)
        return seen
    if name == "claim":
        return queues.claim(shop.printing.pk, WHO, now=AT)
    given = dict(zip(("good", "scrap"), counts, strict=False))
    if name == "fail":
        given["reason"] = "stop"
    act = queues.recall if name == "recall" else getattr(feedback, name)
    return act(seen.pk, version=seen.version, by=floor.BOB, at=AT, **given)


def play(shop, history, seen_at):
    """Send every event under its own key; what was refused stays refused."""
    for number, event in enumerate(history):
        if number not in seen_at:
            seen_at[number] = Job.objects.filter(sequence=10).order_by("attempt").last()

        def write(event=event, seen=seen_at[number]):
            try:
                perform(shop, event, seen)
            except REFUSALS:
                return Answer(409, {})
            return Answer(200, {})

        request = fingerprint("POST", str(number), event)
        once(scope="t", key=str(number), request=request, now=AT, write=write)


def state():
    return (
        list(Job.objects.order_by("pk").values()),
        list(Machine.objects.order_by("pk").values()),
        list(JobReport.objects.values()),
        list(WorkOrder.objects.values()),
        Transition.objects.count(),
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=events)
def test_any_list_of_events_keeps_the_pieces_in_balance_and_twice_is_once(history):
    with transaction.atomic():
        shop = floor.build()
        order = shop.work_order(quantity=6)
        seen_at: dict[int, Job] = {}
        play(shop, history, seen_at)
        once_played = state()
        play(shop, history, seen_at)
        assert state() == once_played
        check_balance(order)
        transaction.set_rollback(True)


def check_balance(order):
    for job in order.jobs.all():
        reported = list(job.reports.values_list("good", "scrap"))
        assert sum(good for good, _ in reported) == job.good
        assert sum(scrap for _, scrap in reported) == job.scrap
        assert job.good + job.scrap + job.remaining == job.quantity
        assert job.remaining >= 0
    prints = list(order.jobs.filter(sequence=10))
    unfinished = sum(job.quantity - job.good for job in prints if job.status in Job.UNFINISHED)
    assert sum(job.good for job in prints) + unfinished == order.quantity
