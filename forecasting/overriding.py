"""A person knows better: replace what was foreseen for a week, with a reason, and undo it.

Every change is a row in the journal. The sums of the family and the shop follow their products.
An override lives on in the next forecast for as long as its week lies ahead.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, Sum

from forecasting.models import DemandSeries, Forecast, ForecastPoint
from journal.models import Transition
from journal.moving import Stale, lifecycle, record

POINT = lifecycle("forecast_point", {"foreseen": "overridden", "overridden": "overridden foreseen"})
FOLLOWS = "the sum of its products"
Level = DemandSeries.Level


class CannotOverride(Exception):
    """There is no such week to override, or the number or the reason is missing."""


@dataclass(frozen=True)
class Wish:
    """What somebody expects instead, in pieces; None goes back to the forecast."""

    week: date
    expected: float | None
    why: str

    def __post_init__(self) -> None:
        if self.expected is not None and not 0 <= self.expected < 1e6:
            raise CannotOverride("The number of pieces must lie between 0 and 999,999.")
        if not self.why.strip():
            raise CannotOverride("An override needs a reason.")


def override(series: DemandSeries, wish: Wish, *, by: str, now: datetime) -> ForecastPoint:
    """Replace one week of a product in the live forecast.

    Raises `CannotOverride`, and `Stale` where somebody else changed the week at the same moment.
    """
    if series.level != Level.PRODUCT:
        raise CannotOverride("Only products can be overridden; sums follow their products.")
    with transaction.atomic():
        point = _live_point(series, wish.week)
        if point.override is None and wish.expected is None:
            raise CannotOverride("This week is as forecast; there is nothing to take back.")
        old = "foreseen" if point.override is None else "overridden"
        new = "foreseen" if wish.expected is None else "overridden"
        POINT.check(point.pk, old, new)
        before = point.expected
        _write(point, wish, by)
        after = point.expected
        why = f"{before:g} → {after:g}: {wish.why.strip()}"
        record(POINT, [(point.pk, old)], new, by=by, at=now, why=why)
        _follow(point)
    return point


def _live_point(series: DemandSeries, week: date) -> ForecastPoint:
    live = Q(forecast__run__status="champion", forecast__published_at__isnull=False)
    point = ForecastPoint.objects.filter(live, series=series, week=week).first()
    if point is None:
        raise CannotOverride("The live forecast does not reach into that week.")
    return point


def _write(point: ForecastPoint, wish: Wish, by: str) -> None:
    changes = {
        "override": wish.expected,
        "override_by": by if wish.expected is not None else "",
        "override_why": wish.why.strip()[:200] if wish.expected is not None else "",
    }
    seen = ForecastPoint.objects.filter(pk=point.pk, override=point.override)
    if point.override is None:
        seen = ForecastPoint.objects.filter(pk=point.pk, override__isnull=True)
    if not seen.update(**changes):
        raise Stale(POINT.kind, point.pk, "as it was shown")
    for name, value in changes.items():
        setattr(point, name, value)


def _follow(point: ForecastPoint) -> None:
    """Shift family and shop by what the overrides of their products add up to."""
    product = point.series.product
    assert product is not None  # noqa: S101 - a check constraint of the series
    of_shop = Q(series__level=Level.PRODUCT)
    of_family = of_shop & Q(series__product__family=product.family_id)
    week = ForecastPoint.objects.filter(forecast=point.forecast_id, week=point.week)
    for above, below in (
        (Q(series__level=Level.FAMILY, series__family=product.family_id), of_family),
        (Q(series__level=Level.SHOP), of_shop),
    ):
        moved = week.filter(below, override__isnull=False).aggregate(
            by=Sum(F("override") - F("mean"))
        )["by"]
        week.filter(above).update(
            override=None if moved is None else F("mean") + moved,
            override_by="" if moved is None else "system",
            override_why="" if moved is None else FOLLOWS,
        )


def carry_over(forecast: Forecast, *, now: datetime) -> int:
    """Bring the overrides of the live forecast into a newer one; returns how many.

    An older day that is replayed learns nothing from what people said later.
    """
    live = Forecast.objects.filter(
        run__status="champion", published_at__isnull=False, as_of__lte=forecast.as_of
    ).exclude(pk=forecast.pk)
    said = ForecastPoint.objects.filter(
        forecast__in=live, override__isnull=False, series__level=Level.PRODUCT
    )
    carried = 0
    for old in said.order_by("series", "week"):
        assert old.override is not None  # noqa: S101 - filtered
        new = (
            ForecastPoint.objects.filter(forecast=forecast, series=old.series_id, week=old.week)
            .select_related("series__product")
            .first()
        )
        if new is not None:
            _write(new, Wish(old.week, old.override, old.override_why), old.override_by)
            why = f"{new.mean:g} → {old.override:g}: {old.override_why}"
            record(POINT, [(new.pk, "foreseen")], "overridden", by=old.override_by, at=now, why=why)
            _follow(new)
            carried += 1
    return carried


def changes(forecast: Forecast, series: DemandSeries) -> "list[Transition]":
    """What people changed in one series of a forecast, newest first."""
    points = ForecastPoint.objects.filter(forecast=forecast, series=series).values("pk")
    rows = Transition.objects.filter(kind=POINT.kind, object_id__in=points)
    return list(rows.order_by("-at", "-pk"))
