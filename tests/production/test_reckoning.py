"""Quality and worth of a week, from what was reported and moved."""

from datetime import timedelta
from decimal import Decimal

import pytest

from journal.models import Transition
from orders.models import Return
from production import gap, reckoning
from production.models import GapMeasurement, Job, JobReport, Material, StockMove
from tests.production.floor import build
from tests.production.test_gap import WEEK_AFTER
from tests.production.workshop import MONDAY, NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def job():
    return build().work_order().jobs.earliest("pk")


def report(job, good, scrap, at=NOW):
    JobReport.objects.create(job=job, good=good, scrap=scrap, by="Bob", at=at)


def test_pieces_spoiled_at_first_are_the_gap_and_remakes_do_not_heal_it(job):
    remake = Job.objects.create(
        work_order=job.work_order,
        sequence=job.sequence,
        name=job.name,
        work_center=job.work_center,
        quantity=2,
        run_minutes=1,
        attempt=2,
        parent=job,
    )
    product = job.work_order.configuration.product
    report(job, 18, 2)
    report(remake, 1, 1)
    report(job, 50, 50, at=NOW + timedelta(days=8))  # the week after
    Return.objects.create(product=product, quantity=3, at=NOW + HOUR)
    gap.measure(WEEK_AFTER)
    # 2 of 20 at first; 3 spoiled in all, 2 made again, 3 sent back.
    for of in (None, product):
        row = GapMeasurement.objects.get(measure="quality", week=MONDAY, product=of)
        assert row.value == pytest.approx(0.1)
        assert (row.wanted, row.answered) == (20, 18)
        assert row.details == {
            "first": 20,
            "scrap_at_first": 2,
            "scrap": 3,
            "again": 2,
            "returned": 3,
        }


def test_where_nothing_was_reported_nothing_is_said():
    gap.measure(WEEK_AFTER)
    assert not GapMeasurement.objects.exists()


def test_stock_is_worth_what_is_on_hand_at_cost():
    oak = Material.objects.create(code="oak", name="Oak", unit="m", cost=Decimal("2.50"))
    unpriced = Material.objects.create(code="glue", name="Glue", unit="l")
    for number, (of, quantity, at) in enumerate(
        [(oak, 10, NOW), (oak, -4, NOW + HOUR), (oak, 99, WEEK_AFTER), (unpriced, 7, NOW)]
    ):
        StockMove.objects.create(
            material=of, quantity=quantity, reason="", dedup_key=str(number), at=at
        )
    # 6 m at 2.50; glue has no known cost, and the last receipt comes a week later.
    assert reckoning.worth(NOW, NOW + 2 * HOUR) == {"stock_value": 15.0}


def test_change_over_hours_are_those_that_terminals_reported(job):
    for old, new, at in (
        ("dispatched", "setup", NOW),
        ("setup", "running", NOW + HOUR / 2),
        ("running", "done", NOW + 5 * HOUR),
    ):
        Transition.objects.create(
            kind="job", object_id=job.pk, from_status=old, to_status=new, at=at, by="Bob"
        )
    assert reckoning.worth(NOW - HOUR, NOW + 6 * HOUR) == {"changeover_hours": 0.5}
