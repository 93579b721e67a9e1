"""What a week of making came to: pieces right the first time, returns, stock, change-overs.

Only what somebody reported or moved counts; where nothing was, nothing is said.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DecimalField, F, Sum, When

from journal.models import Transition
from orders import demand
from production.models import JobReport, StockMove


@dataclass(frozen=True)
class Quality:
    """Pieces that steps reported. `first` on first attempts, `scrap_at_first` of them spoiled;
    `scrap` on all attempts, `again` on remakes; `returned`: pieces that customers sent back.
    """

    first: int = 0
    scrap_at_first: int = 0
    scrap: int = 0
    again: int = 0
    returned: int = 0

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(
            self.first + other.first,
            self.scrap_at_first + other.scrap_at_first,
            self.scrap + other.scrap,
            self.again + other.again,
            self.returned + other.returned,
        )


def total(parts: Iterable[Quality]) -> Quality:
    return sum(parts, Quality())


def quality(start: datetime, until: datetime, products: Collection[int]) -> dict[int, Quality]:
    """What was reported and returned in [start, until], by product."""
    product = "job__work_order__configuration__product_id"
    rows = JobReport.objects.filter(at__gte=start, at__lte=until, **{f"{product}__in": products})
    found: dict[int, Quality] = {}
    counted = rows.values_list(product, "job__attempt").annotate(Sum("good"), Sum("scrap"))
    for pk, attempt, good, scrap in counted.order_by():
        said = (
            Quality(first=good + scrap, scrap_at_first=scrap, scrap=scrap)
            if attempt == 1
            else Quality(scrap=scrap, again=good + scrap)
        )
        found[pk] = found.get(pk, Quality()) + said
    back = demand.returns(until, since=start)
    for pk, pieces in zip(back["product_id"].tolist(), back["quantity"].tolist(), strict=True):
        if pk in products:
            found[pk] = found.get(pk, Quality()) + Quality(returned=pieces)
    return found


def worth(start: datetime, until: datetime) -> dict[str, Any]:
    """Stock at cost at the end, and hours that machines were set up; absent where unknown."""
    known: dict[str, Any] = {}
    moves = StockMove.objects.filter(at__lte=until)
    value = moves.aggregate(value=Sum(_AT_COST))["value"]
    if value is not None:
        known["stock_value"] = round(float(value), 2)
    hours = _set_up(start, until) / timedelta(hours=1)
    if hours:
        known["changeover_hours"] = round(hours, 2)
    return known


_AT_COST = Case(
    When(material__cost__gt=0, then=F("quantity") * F("material__cost")),
    output_field=DecimalField(max_digits=20, decimal_places=4),
)


def _set_up(start: datetime, until: datetime) -> timedelta:
    """Time between a job's set-up and what came after it, for set-ups that ended in the week."""
    steps = Transition.objects.filter(kind="job", at__lte=until)
    ended = steps.filter(from_status="setup", at__gte=start)
    began: dict[int, datetime] = dict(
        steps.filter(to_status="setup", object_id__in=ended.values("object_id"))
        .order_by("at", "pk")
        .values_list("object_id", "at")
    )
    times = ended.values_list("object_id", "at")
    return sum((at - began[pk] for pk, at in times if pk in began), timedelta())
