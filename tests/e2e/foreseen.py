"""What the pages of forecasts, training runs and the gap show to the gates."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from forecasting import overriding, runs
from forecasting.models import DemandSeries, TrainingRun
from production.models import GapMeasurement
from tests.factories import customer, line, order, product
from tests.forecasting.shop import foreseen, this_monday, trained, weekly_shop

WEEK = timedelta(weeks=1)


def forecast(user: Any) -> DemandSeries:
    """A product with a band, a corrected week and an override; asked again, the same."""
    if known := DemandSeries.objects.filter(product__sku="MUG").first():
        return known
    weekly_shop(3, this_monday())
    foreseen()
    series = DemandSeries.objects.get(product__sku="MUG")
    fair = overriding.Wish((this_monday() + WEEK).date(), 9, "12.–14.")
    overriding.override(series, fair, by="staff:bob", now=timezone.now())
    return series


def one_product(user: Any) -> str:
    return reverse("forecasting:forecast", args=[forecast(user).pk])


def finished_run(user: Any) -> str:
    forecast(user)
    return reverse("forecasting:run", args=[TrainingRun.objects.get().pk])


def running_run(user: Any) -> str:
    now = timezone.now()
    run = runs.request("forecast", data_cut=now, by="staff:bob", now=now)
    TrainingRun.objects.filter(pk=run.pk).update(
        status="training", progress=0.45, step="learning options", lease_until=now + WEEK
    )
    return reverse("forecasting:run", args=[run.pk])


def with_forecast(name: str) -> Any:
    def build(user: Any) -> str:
        forecast(user)
        return reverse(name)

    return build


def measured(user: Any) -> int:
    """Eight weeks of all measures for a product, and an order behind the newest."""
    mug = product("MUG")
    if GapMeasurement.objects.exists():
        return mug.pk
    for back in range(1, 9):
        monday = this_monday() - back * WEEK
        order([line(mug, quantity=10 + back)], at=monday + timedelta(days=2))
        for measure, value in (("choice", 1.4), ("mix", 0.1), ("volume", 0.2), ("time", 1.5)):
            for of in (None, mug):
                GapMeasurement.objects.create(
                    measure=measure,
                    week=monday.date(),
                    product=of,
                    value=value + back / 100,
                    wanted=10 + back,
                    answered=12,
                    details={
                        "money": 120,
                        "baseline_bits": 1.9,
                        "saved_bits": 0.5,
                        "later_share": 0.4,
                    },
                    measured_at=monday + WEEK,
                )
    return mug.pk


def gap(user: Any) -> str:
    measured(user)
    return reverse("production:gap")


def gap_product(user: Any) -> str:
    return reverse("production:gap-product", args=[measured(user)])


def suggested(user: Any) -> str:
    """Alice's suggestions, from a ranking that is live."""
    alice = customer("Alice")
    if not TrainingRun.objects.filter(kind="ranking").exists():
        weekly_shop(6, this_monday())
        trained(timezone.now(), "ranking")
    return reverse("recommendations:preview") + f"?customer={alice.pk}"
