"""A tiny real shop: three products, sixty weeks, two customers."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from forecasting import runs
from forecasting.models import (
    Accuracy,
    DemandPoint,
    DemandSeries,
    Forecast,
    ForecastPoint,
    OptionShare,
    TrainingRun,
)
from orders.models import Configuration, Order, OrderLine, Product
from tests.factories import customer, family, group, product

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(hours=9)
WEEKS = 60
QUICK = {"methods": ["seasonal naive", "mean"], "horizon": 4}


def weekly_shop(weeks: int = WEEKS, until: datetime = MONDAY) -> list[Product]:
    """Alice buys four mugs and two bowls every week, Bob a lamp every other week.

    Mugs come in red three times of four, else in blue. The last week ends before `until`.
    """
    mug, bowl, lamp = (product(sku, family=family("tableware")) for sku in ("MUG", "BOWL", "OIL"))
    lamp.family = family("lights")
    lamp.save()
    group(mug, "colour", "select", {"red": "0", "blue": "0"})
    made = {
        (of.pk, colour): Configuration.objects.create(
            product=of,
            values={"colour": colour} if colour else {},
            digest=f"{of.sku}{colour}",
            created_at=until,
        )
        for of, colour in ((mug, "red"), (mug, "blue"), (bowl, ""), (lamp, ""))
    }
    for back in range(weeks, 0, -1):
        at = until - timedelta(weeks=back) + timedelta(days=1, hours=10)
        colour = "blue" if back % 4 == 0 else "red"
        sell(made[mug.pk, colour], 4, at)
        sell(made[bowl.pk, ""], 2, at)
        if back % 2 == 0:
            sell(made[lamp.pk, ""], 1, at, "Bob")
    return [mug, bowl, lamp]


def sell(of: Configuration, quantity: int, at: datetime, to: str = "Alice") -> OrderLine:
    order = Order.objects.create(
        number=f"S{Order.objects.count():05d}",
        customer=customer(to),
        status="confirmed",
        created_at=at,
        placed_at=at,
    )
    return OrderLine.objects.create(
        order=order,
        configuration=of,
        position=1,
        quantity=quantity,
        unit_price=10,
        status="promised",
    )


def trained(cut: datetime = NOW, kind: str = "forecast", **params: object) -> TrainingRun:
    """A run from request to promotion, here and now."""
    asked = runs.request(
        kind, data_cut=cut, by="staff:alice", now=cut, params={**QUICK, **params}, seed=1
    )
    return runs.train(asked.pk, clock=timezone.now)


def this_monday() -> datetime:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday())


def foreseen(status: str = "champion", weeks: int = 8) -> Forecast:
    """A published forecast of the weekly shop from this week on, written without training."""
    monday = this_monday()
    run = TrainingRun.objects.create(
        kind="forecast",
        status=status,
        data_cut=monday,
        requested_by="staff:alice",
        requested_at=monday,
        started_at=monday,
        finished_at=monday,
        lease_until=monday,
        progress=1,
        metrics={
            "products": 3,
            "weeks": 60,
            "origins": 3,
            "cleaned": {"spike": 1},
            "chosen": {"all": ["mean", "seasonal naive"]},
        },
    )
    made = Forecast.objects.create(run=run, as_of=monday, published_at=monday)
    products = {sku: product(sku) for sku in ("MUG", "BOWL", "OIL")}
    sold = {"MUG": 4.0, "BOWL": 2.0, "OIL": 0.5}
    series = {
        sku: DemandSeries.objects.get_or_create(
            level="product", product=of, defaults={"demand_class": "smooth"}
        )[0]
        for sku, of in products.items()
    }
    for sku, one in series.items():
        _points(made, one, [sold[sku]] * weeks, "mean+seasonal naive")
    shop, _new = DemandSeries.objects.get_or_create(level="shop")
    _points(made, shop, [6.5] * weeks, "sum")
    for family_id, level in ((products["MUG"].family_id, 6.0), (products["OIL"].family_id, 0.5)):
        total, _new = DemandSeries.objects.get_or_create(level="family", family_id=family_id)
        _points(made, total, [level] * weeks, "sum")
    for value, share in (("red", 0.75), ("blue", 0.25)):
        OptionShare.objects.create(
            forecast=made, product=products["MUG"], group="colour", value=value, share=share
        )
    for method, error in (
        ("naive", 1.0),
        ("seasonal naive", 1.2),
        ("mean", 0.9),
        ("combined", 0.8),
    ):
        for name in ("", "smooth"):
            Accuracy.objects.create(
                run=run,
                method=method,
                demand_class=name,
                series_count=3,
                rmsse=error,
                wape=error / 2,
                bias=-0.02,
                coverage80=0.81,
                chosen=method == "mean",
            )
    _history(series["MUG"], monday)
    return made


def _points(made: Forecast, series: DemandSeries, means: list[float], method: str) -> None:
    monday = made.as_of.date()
    ForecastPoint.objects.bulk_create(
        ForecastPoint(
            forecast=made,
            series=series,
            week=monday + timedelta(weeks=place),
            mean=mean,
            quantiles=[round(mean * (0.5 + tenth / 10), 2) for tenth in range(1, 10)],
            method=method,
        )
        for place, mean in enumerate(means)
    )


def _history(series: DemandSeries, monday: datetime) -> None:
    """Thirty weeks of four, one of them a spike of forty that was brought down."""
    for back in range(1, 31):
        spike = back == 7
        DemandPoint.objects.update_or_create(
            series=series,
            week=(monday - timedelta(weeks=back)).date(),
            defaults={
                "raw": 40 if spike else 3 + back % 3,
                "cleaned": 4 if spike else 3 + back % 3,
                "rule": "spike" if spike else "",
            },
        )
