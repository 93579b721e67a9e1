"""Alice orders, Bob makes, Sam ships; the next plan, forecast and suggestion know it.

All through the doors: pages, the terminals' REST API, and what beat starts.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db.models import Sum

from forecasting import outlook
from forecasting.models import DemandPoint, TrainingRun
from journal.models import Delivery, Transition
from orders.models import Order
from production import promising
from production.models import Job, JobReport, Machine, Pegging, Plan, StockMove, WorkOrder
from recommendations import serving
from tests import factories
from tests.journeys.shop import CHOICE, Shopper, Staff, Worker, build, on_hand

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BEFORE = [
    # customers of earlier weeks: two who took a lamp and a shade, others one thing
    ("Carol", ["LAMP", "SHADE"]),
    ("Dave", ["LAMP", "SHADE"]),
    ("Erin", ["VASE"]),
    ("Frank", ["VASE"]),
    ("Grace", ["LAMP"]),
]


def at(hour, minute=0, day=2):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def clock(settings, tmp_path):
    """Monday, nine o'clock, until the test says otherwise; nothing kept from other tests."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = str(tmp_path / "uploads")
    cache.clear()
    promising._Kept.plan_key = None
    outlook._model.cache_clear()
    serving._blend.cache_clear()
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller
    promising._Kept.plan_key = None


@pytest.fixture
def worker(monkeypatch):
    return Worker(monkeypatch)


@pytest.fixture
def cells(clock):
    return build(MONDAY)


@pytest.fixture
def alice(cells):
    return Shopper()


@pytest.fixture
def sam(cells):
    return Staff("sam")


def ordered(shopper, **more):
    """Two oak lamps and a shade, ordered as a guest; the order and its signed address."""
    shopper.choose("LAMP", **CHOICE, quantity="2")
    shopper.choose("SHADE", quantity="1")
    page = shopper.check_out().content.decode()
    link = re.search(r'href="(/track/[^"]+)"', page)
    assert link
    return Order.objects.get(submission_key__isnull=False), link[1]


def jobs_of(order):
    return Job.objects.filter(work_order__pegging__order_line__order=order).order_by(
        "work_order", "sequence", "attempt"
    )


def published():
    return Plan.objects.get(status="published")


def planned(order):
    """(step, machine, set-up begins, start, end) of the order's jobs in the published plan."""
    entries = published().entries.filter(job__in=jobs_of(order)).select_related("job", "machine")
    return [
        (one.job.name, one.machine.code, one.setup_start, one.start, one.end)
        for one in entries.order_by("job__work_order", "job__sequence")
    ]


def refusal(answer):
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def made(terminal, clock, begin, end, **pieces):
    """Bob claims the next job of a cell, sets up where he is asked to, and finishes it."""
    clock.move_to(begin)
    claim = terminal.claim()
    assert claim.status_code == 200, claim.json()
    job = claim.json()
    start = terminal.step("start", job)
    if start.status_code == 409:
        assert refusal(start) == (409, "setup-first")
        job = terminal.step("setup", job).json()
        start = terminal.step("start", job)
    clock.move_to(end)
    answer = terminal.step("finish", start.json(), **pieces)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def books_balance():
    """Pieces, pegging and stock agree with what was reported."""
    for job in Job.objects.all():
        told = JobReport.objects.filter(job=job).aggregate(good=Sum("good"), scrap=Sum("scrap"))
        assert (job.good, job.scrap) == (told["good"] or 0, told["scrap"] or 0)
        assert job.good + job.scrap + job.remaining == job.quantity
        assert job.remaining >= 0
    for order in WorkOrder.objects.exclude(status="cancelled"):
        assert order.pegging.aggregate(all=Sum("quantity"))["all"] == order.quantity
    assert not StockMove.objects.filter(quantity__gt=0).exclude(reason="received").exists()


def wanted_is_supplied(order):
    for line in order.lines.all():
        supply = Pegging.objects.filter(order_line=line).exclude(work_order__status="cancelled")
        assert supply.aggregate(all=Sum("quantity"))["all"] == line.quantity


# The journey


def test_alices_order_travels_the_whole_way(clock, worker, cells, alice, sam):
    _others_ordered_before(worker)
    clock.move_to(MONDAY)
    _vera_is_not_told_what_too_few_have_done()
    order, link = _alice_configures_and_orders(worker, alice)
    assert "Your order is confirmed." in alice.read(link)
    link = _the_link_in_her_letter(clock, worker, order)
    _the_plan_holds_her_jobs(clock, worker, order)
    _bob_cuts(clock, cells["saw"])
    _bob_paints_and_the_paint_cures(clock, cells)
    _bob_assembles(clock, worker, cells["bench"], alice, link)
    _sam_ships(clock, worker, sam, order, alice, link)
    _the_next_plan_no_longer_holds_them(clock, worker, order)
    _the_next_suggestion_knows_it(clock, worker)
    _the_next_forecast_has_learned_from_it(clock, worker, order)
    books_balance()
    wanted_is_supplied(order)


def _others_ordered_before(worker):
    for week in range(1, 13):
        for name, skus in BEFORE if week in (2, 5) else BEFORE[2:]:
            lines = [
                factories.line(
                    factories.product(sku),
                    factories.OAK if sku == "LAMP" else {},
                    status="delivered",
                )
                for sku in skus
            ]
            when = MONDAY - timedelta(weeks=week) + timedelta(days=1)
            factories.order(lines, at=when, by=factories.customer(name), status="closed")
    worker.tick("retrain-suggestions")
    assert TrainingRun.objects.get(kind="ranking").status == "champion"


def _vera_is_not_told_what_too_few_have_done():
    page = Shopper().read("product", "LAMP")
    assert "Shade" in page
    assert "chose this and Lamp" not in page


def _alice_configures_and_orders(worker, alice):
    """100 + oak 20 + oiled 5 + 20 cm × 0.50 = 135, two of them; 12:10 today, so Friday."""
    assert "Lamp" in alice.read("home")
    wrong = alice.choose("LAMP", **CHOICE | {"o-finish": "none"}, quantity="2", update="1")
    assert "Wood needs a finish." in wrong.content.decode()
    chosen = alice.choose("LAMP", **CHOICE, quantity="2", update="1").content.decode()
    assert "€270.00" in chosen
    assert "Fri 6 Mar" in chosen
    order, link = ordered(alice)
    assert str(order.total) == "300.00"
    assert (order.status, order.customer.user) == ("confirmed", None)
    return order, link


def _the_link_in_her_letter(clock, worker, order):
    clock.move_to(at(9, 0) + timedelta(seconds=5))
    worker.tick("sweep")
    worker.tick("sweep")
    [letter] = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert order.number in letter.subject
    return link_in(letter)


def link_in(letter):
    link = re.search(r"/track/\S+", str(letter.body))
    assert link
    return link[0]


def _the_plan_holds_her_jobs(clock, worker, order):
    clock.move_to(at(9, 1))
    worker.tick("watch-plan")
    assert published().violations == []
    assert planned(order) == [
        ("Cut wood", "saw-2", at(9, 1), at(9, 11), at(9, 31)),
        ("Paint", "paint-1", at(9, 31), at(9, 31), at(10, 1)),
        ("Assemble", "bench-1", at(11, 31), at(11, 31), at(11, 51)),
        ("Fold", "bench-1", at(9, 1), at(9, 1), at(9, 6)),
    ]
    wanted_is_supplied(order)


def _bob_cuts(clock, saw):
    """Out of order, stale, twice: refused or counted once, and always told how the job stands."""
    clock.move_to(at(9, 2))
    [first] = saw.queue().json()["ready"]
    machine = Machine.objects.get(code="saw-2")
    assert (first["job"]["name"], first["planned_machine"]) == ("Cut wood", machine.pk)
    job = saw.claim().json()
    assert (job["id"], job["machine"], job["configuration"]["material"]) == (
        first["job"]["id"],
        "saw-2",
        "oak",
    )
    early = saw.step("finish", job, good=2)
    assert refusal(early) == (409, "out-of-order")
    assert early.json()["job"]["status"] == "dispatched"
    assert refusal(saw.step("start", job)) == (409, "setup-first")
    job = saw.step("setup", job).json()
    clock.move_to(at(9, 12))
    seen = saw.step("start", job).json()
    clock.move_to(at(9, 22))
    job = saw.step("report", seen, key="first piece", good=1).json()
    assert saw.step("report", seen, key="first piece", good=1).json() == job
    assert (job["good"], job["remaining"]) == (1, 1)
    assert refusal(saw.step("report", seen, key="first piece", good=2)) == (422, "key-reused")
    stale = saw.step("finish", seen, good=1)
    assert refusal(stale) == (409, "stale-job")
    assert stale.json()["job"]["version"] == job["version"]
    clock.move_to(at(9, 32))
    done = saw.step("finish", job, key="last piece", good=1)
    assert (done.json()["status"], done.json()["good"]) == ("done", 2)
    assert saw.step("finish", job, key="last piece", good=1).json() == done.json()
    # 2 pieces × 1.5 m, of which a fifth is waste
    assert str(on_hand("oak")) == "96.2500"


def _bob_paints_and_the_paint_cures(clock, cells):
    """Painted at 10:02, so nothing can be claimed at the bench but the shade until 11:32."""
    job = made(cells["paint"], clock, at(9, 32), at(10, 2), good=2)
    assert (job["name"], job["good"]) == ("Paint", 2)
    shade = made(cells["bench"], clock, at(10, 3), at(10, 8), good=1)
    assert shade["name"] == "Fold"
    clock.move_to(at(11, 31))
    [waiting] = cells["bench"].queue().json()["ready"]
    assert refusal(cells["bench"].claim()) == (404, "nothing-to-claim")
    named = cells["bench"].claim(job=waiting["job"]["id"])
    assert refusal(named) == (409, "not-ready")


def _bob_assembles(clock, worker, bench, alice, link):
    worker.work()
    assert "We are making it." in alice.read(link)
    job = made(bench, clock, at(11, 32), at(11, 52), good=2)
    assert job["name"] == "Assemble"
    worker.work()
    assert "It is packed and waits for the carrier." in alice.read(link)


def _sam_ships(clock, worker, sam, order, alice, link):
    clock.move_to(at(14))
    assert "Mark as shipped" in sam.read("orders:staff-order", order.pk)
    lines = [line.pk for line in order.lines.all()]
    parcel = {"lines": lines, "carrier": "DHL", "tracking_code": "JD014600003"}
    said = sam.do("orders:staff-ship", order.pk, **parcel)
    assert "2 positions are on their way." in said
    worker.tick("sweep")
    page = alice.read(link)
    assert "It is on its way to you." in page
    assert "DHL JD014600003" in page
    confirmed, on_its_way = mail.outbox
    assert on_its_way.to == confirmed.to == ["alice@example.org"]
    assert "DHL" in on_its_way.body
    assert "JD014600003" in on_its_way.body
    assert "It is on its way to you." in alice.read(link_in(on_its_way))
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    assert Transition.objects.filter(kind="order_line", to_status="shipped").count() == 2


def _the_next_plan_no_longer_holds_them(clock, worker, order):
    before = published()
    clock.move_to(at(8, day=3))
    worker.tick("watch-plan")
    assert published().pk != before.pk
    assert published().violations == []
    assert planned(order) == []


def _the_next_suggestion_knows_it(clock, worker):
    """Alice is the third who took both; from now on it can be said without pointing at one."""
    clock.move_to(at(2, 40, day=4))
    worker.tick("retrain-suggestions")
    clock.move_to(at(9, day=4))
    assert "3 customers chose this and Lamp" in Shopper().read("product", "LAMP")


def _the_next_forecast_has_learned_from_it(clock, worker, order):
    """When the week is over, its two lamps stand in the history; then there is a forecast."""
    clock.move_to(at(2, 10, day=9))
    worker.tick("retrain-forecast")
    assert TrainingRun.objects.get(kind="forecast").status == "champion"
    week = DemandPoint.objects.get(series__product__sku="LAMP", week=MONDAY.date())
    assert week.raw == 2
    clock.move_to(at(8, day=9))
    worker.tick("watch-plan")
    assert published().violations == []
    assert published().snapshot["LAMP"]
    assert planned(order) == []


def test_an_order_that_is_cancelled_in_time_is_never_made(clock, worker, cells, alice, sam):
    order, link = ordered(alice)
    clock.move_to(at(9, 1))
    worker.tick("watch-plan", "sweep")
    assert len(planned(order)) == 4
    clock.move_to(at(9, 2))
    said = sam.do("orders:staff-cancel", order.pk, why="Alice has moved house.")
    assert "The order is cancelled." in said
    worker.work()
    assert cells["saw"].queue().json()["ready"] == []
    assert refusal(cells["saw"].claim()) == (404, "nothing-to-claim")
    clock.move_to(at(9, 3))
    worker.tick("watch-plan")
    assert published().as_of == at(9, 3)
    assert published().entries.count() == 0
    assert set(jobs_of(order).values_list("status", flat=True)) == {"cancelled"}
    assert "It was cancelled." in alice.read(link)
    worker.tick("sweep")
    assert "was cancelled" in mail.outbox[-1].subject
    assert "Your order was cancelled." in alice.read(link_in(mail.outbox[-1]))
    # the machines are free again: the same wish gets the same date
    again = Shopper().choose("LAMP", **CHOICE, quantity="2", update="1")
    assert "Fri 6 Mar" in again.content.decode()
    assert on_hand("oak") == 100
    books_balance()


def test_a_piece_that_bob_ruins_is_made_again_and_the_order_arrives(
    clock, worker, cells, alice, sam
):
    order, link = ordered(alice)
    clock.move_to(at(9, 1))
    worker.tick("watch-plan", "sweep")
    made(cells["saw"], clock, at(9, 2), at(9, 32), good=2)
    made(cells["paint"], clock, at(9, 32), at(10, 2), good=1, scrap=1)
    worker.work()
    clock.move_to(at(10, 3))
    worker.tick("watch-plan")
    assert published().violations == []
    # what was done stays done; one piece is cut (10 minutes) and painted (15) again, and cures
    assert planned(order) == [
        ("Cut wood", "saw-2", at(10, 3), at(10, 3), at(10, 13)),
        ("Paint", "paint-1", at(10, 13), at(10, 13), at(10, 28)),
        ("Assemble", "bench-1", at(11, 58), at(11, 58), at(12, 18)),
        ("Fold", "bench-1", at(10, 3), at(10, 3), at(10, 8)),
    ]
    cut = made(cells["saw"], clock, at(10, 4), at(10, 14), good=1)
    assert (cut["quantity"], cut["attempt"]) == (1, 2)
    made(cells["bench"], clock, at(10, 5), at(10, 15), good=1)
    assert refusal(cells["bench"].claim()) == (404, "nothing-to-claim")
    made(cells["paint"], clock, at(10, 15), at(10, 30), good=1)
    made(cells["bench"], clock, at(12), at(12, 20), good=2)
    worker.work()
    # three pieces were cut
    assert str(on_hand("oak")) == "94.3750"
    _it_arrives(clock, worker, sam, order, alice, link)
    books_balance()
    wanted_is_supplied(order)


def _it_arrives(clock, worker, sam, order, alice, link):
    clock.move_to(at(14))
    lines = [line.pk for line in order.lines.all()]
    sam.do("orders:staff-ship", order.pk, lines=lines, carrier="DHL", tracking_code="JD2")
    clock.move_to(at(11, day=5))
    sam.do("orders:staff-deliver", order.shipments.get().pk)
    worker.work()
    page = alice.read(link)
    assert "It has arrived." in page
    assert "The date has moved" not in page
    order.refresh_from_db()
    assert order.status == "closed"
