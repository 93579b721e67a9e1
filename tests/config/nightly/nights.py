"""What a night did, and what is live after it."""

from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from config import cycle
from forecasting import artefacts, outlook
from forecasting.models import DemandSeries, ForecastPoint, OptionShare, TrainingRun
from production.models import (
    PlanEntry,
    WorkOrder,
)
from tests.production.workshop import NOW

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TONIGHT = NOW + DAY
WEEKS = 30
PRODUCTS = 12
LONG_AGO = NOW - 10 * WEEK


def did(row):
    """Step → code of what it did."""
    return {step["step"]: step["code"] for step in row.steps}


def live(kind="forecast"):
    return TrainingRun.objects.get(kind=kind, status="champion")


def foreseen():
    points = ForecastPoint.objects.filter(forecast=outlook.published())
    rows = points.values_list("series__product__sku", "series__level", "week", "mean", "override")
    return sorted(rows, key=str)


def bands():
    points = ForecastPoint.objects.filter(forecast=outlook.published())
    rows = points.values_list("series__product__sku", "week", "quantiles")
    return {(sku, str(week)): spread for sku, week, spread in rows}


def shares():
    found = OptionShare.objects.filter(forecast=outlook.published())
    return sorted(found.values_list("product__sku", "group", "value", "share"))


def rankers():
    """The live ranking's arrays, the weights of the blend left out."""
    run = live("ranking")
    arrays, _ = artefacts.load(run.artefact, run.artefact_digest)
    return {
        name: array.tolist()
        for name, array in arrays.items()
        if not name.startswith(("weights.", "judged."))
    }


def planned():
    entries = PlanEntry.objects.filter(plan__status="published")
    of = "job__work_order__"
    rows = entries.values_list(
        f"{of}configuration__product__sku", f"{of}quantity", "machine__code", "start", "end"
    )
    return sorted(rows, key=str)


def to_make():
    orders = WorkOrder.objects.exclude(status="cancelled")
    return sorted(
        orders.values_list("configuration__product__sku", "quantity", "due", "status"), key=str
    )


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def night(at=TONIGHT, **how):
    """What a night does and what is live after it; the database is as before afterwards."""
    with undone():
        row = cycle.run(at, **how)
        return did(row), (foreseen(), shares(), rankers(), planned(), to_make())


def series_of(of):
    return DemandSeries.objects.get(product=of)
