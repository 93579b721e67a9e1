"""A person knows better: replace what was foreseen for a week, with a reason, and undo it.

Every change is a row in the journal. The sums of the family and the shop follow their products.
An override lives on in whichever forecast goes live next, one gone back to included.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, Sum

from forecasting.models import DemandSeries, Forecast, ForecastPoint, TrainingRun
from journal.models import Transition
from journal.moving import Stale, lifecycle, record

POINT = lifecycle("forecast_point", {"foreseen": "overridden", "overridden": "overridden foreseen"})
FOLLOWS = "the sum of its products"
TAKEN_BACK = "taken back in the forecast before"
Level = DemandSeries.Level


class CannotOverride(Exception):
    """There is no such week to override, or the number or the reason is missing.

    `code` is one of `wording.NOT_OVERRIDDEN`, which has the words for it.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Wish:
    """What somebody expects instead, in pieces; None goes back to the forecast."""

    week: date
    expected: float | None
    why: str

    def __post_init__(self) -> None:
        if self.expected is not None and not 0 <= self.expected < 1e6:
            raise CannotOverride("pieces")
        if not self.why.strip():
            raise CannotOverride("reason")


def override(series: DemandSeries, wish: Wish, *, by: str, now: datetime) -> ForecastPoint:
    """Replace one week of a product in the live forecast.

    Raises `CannotOverride`, and `Stale` where somebody else changed the week at the same moment.
    """
    if series.level != Level.PRODUCT:
        raise CannotOverride("sum")
    with transaction.atomic():
        point = _live_point(series, wish.week)
        if point.override is None and wish.expected is None:
            raise CannotOverride("as_forecast")
        old, before = point.state, point.expected
        _write(point, wish, by)
        why = f"{before:g} → {point.expected:g}: {wish.why.strip()}"
        record(POINT, [(point.pk, old)], point.state, by=by, at=now, why=why)
        _follow(point)
    return point


def _live_point(series: DemandSeries, week: date) -> ForecastPoint:
    live = Q(forecast__run__status="champion", forecast__published_at__isnull=False)
    point = ForecastPoint.objects.filter(live, series=series, week=week).first()
    if point is None:
        raise CannotOverride("beyond")
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


def inherit(before: TrainingRun, run: TrainingRun, *, by: str, now: datetime) -> int:
    """Bring what was said about the weeks of the live forecast into the one that takes its place.

    A week that was taken back there is taken back here too. Weeks that only the other one covers
    stay as they are. Returns how many weeks changed.
    """
    of_products = ForecastPoint.objects.filter(series__level=Level.PRODUCT)
    old, new = of_products.filter(forecast__run=before), of_products.filter(forecast__run=run)
    spoken = (old | new).filter(override__isnull=False)
    keys = set(spoken.values_list("series_id", "week"))
    touched = Q(series__in={pk for pk, _ in keys}, week__in={week for _, week in keys})
    said = {(point.series_id, point.week): point for point in old.filter(touched)}
    changed = 0
    for point in new.filter(touched).select_related("series__product").order_by("series", "week"):
        earlier = said.get((point.series_id, point.week))
        if earlier and _differ(earlier, point):
            _take_over(earlier, point, by=by, now=now)
            changed += 1
    return changed


def _differ(one: ForecastPoint, other: ForecastPoint) -> bool:
    return (one.override, one.override_why) != (other.override, other.override_why)


def _take_over(earlier: ForecastPoint, point: ForecastPoint, *, by: str, now: datetime) -> None:
    """Say about `point` what was said about the same week in the forecast before it."""
    old, before = point.state, point.expected
    who, why = earlier.override_by or by, earlier.override_why or TAKEN_BACK
    _write(point, Wish(point.week, earlier.override, why), who)
    if earlier.override is not None:
        why = f"{before:g} → {earlier.override:g}: {why}"
    record(POINT, [(point.pk, old)], point.state, by=who, at=now, why=why)
    _follow(point)


def changes(forecast: Forecast, series: DemandSeries) -> "list[Transition]":
    """What people changed in one series of a forecast, newest first."""
    points = ForecastPoint.objects.filter(forecast=forecast, series=series).values("pk")
    rows = Transition.objects.filter(kind=POINT.kind, object_id__in=points)
    return list(rows.order_by("-at", "-pk"))
