"""What dates, purchases, wishes and the gap rest on."""

from datetime import datetime

from django.db.models import QuerySet

from journal.footing import Footing, given
from orders import catalogue
from production.gap import ENOUGH_LINES, ENOUGH_NEEDS
from production.models import GapMeasurement, JobReport, Material, Operation
from production.promising import BAND_SHARE, SHIPPING_DAYS

Measure = GapMeasurement.Measure


def footing(now: datetime) -> list[Footing]:
    """Dates, materials, wishes and the gap."""
    return [_dates(now), _materials(), _wishes(), _gap()]


def _dates(now: datetime) -> Footing:
    """No minutes are learned from what the floor reports; it shows whether they hold."""
    steps = Operation.objects.count()
    guessed = Operation.objects.exclude(routing__template="").count()
    made = set(Operation.objects.values_list("routing__product", flat=True).distinct())
    unmade = len(set(catalogue.on_sale(now.date())) - made)
    reports = JobReport.objects.count()
    band = {"percent": round(100 * BAND_SHARE), "days": SHIPPING_DAYS}
    return Footing(
        "dates",
        has=given((steps, "steps", {"steps": steps}), (reports, "reports", {"reports": reports})),
        lacks=given(
            (guessed, "guessed_minutes", {"steps": guessed, "of": steps}),
            (not reports, "no_reports", {}),
            (unmade, "no_routing", {"products": unmade}),
        ),
        stands_in=given(
            (steps, "minutes_stand", {}), (steps, "fixed_band", band), (unmade, "no_date", {})
        ),
        better=given(
            (guessed or (steps and not reports), "time_pieces", {}), (unmade, "say_how_made", {})
        ),
    )


def _materials() -> Footing:
    counted = Material.objects.filter(moves__isnull=False).distinct().count()
    missing = Material.objects.count() - counted
    return Footing(
        "materials",
        has=given((counted, "counted", {"materials": counted})),
        lacks=given(
            (missing, "uncounted", {"materials": missing}),
            (not counted and not missing, "no_materials", {}),
        ),
        stands_in=given((missing, "taken_as_none", {})),
        better=given((missing, "count_once", {})),
    )


def _wishes() -> Footing:
    newest = _weeks().first()
    details = newest.details if newest else {}
    needs, share = details.get("learned_from") or 0, details.get("conversion")
    few = share is None
    learned = {"needs": needs, "share": round(100 * (share or 0))}
    return Footing(
        "wishes",
        has=given((not few, "conversion", learned)),
        lacks=given((few, "few_wishes", {"needs": needs, "needed": ENOUGH_NEEDS})),
        stands_in=given((few, "orders_alone", {})),
        better=given((few, "ask_consent", {})),
    )


def _gap() -> Footing:
    weeks = _weeks()
    newest = weeks.first()
    lines = newest.details.get("lines", 0) if newest else 0
    few = newest is not None and lines < ENOUGH_LINES
    return Footing(
        "gap",
        has=given((newest is not None, "weeks_measured", {"weeks": len(weeks)})),
        lacks=given(
            (newest is None, "no_week_measured", {}),
            (few, "few_lines", {"lines": lines, "needed": ENOUGH_LINES}),
        ),
        stands_in=given((few, "counts_for_shares", {"needed": ENOUGH_LINES})),
        better=given((newest is None, "second_cycle", {})),
    )


def _weeks() -> "QuerySet[GapMeasurement]":
    """The whole shop's weeks that were compared with a plan, the newest first."""
    return GapMeasurement.objects.filter(measure=Measure.VOLUME, product=None).order_by("-week")
