"""Lines of orders as they were known at a moment, blind to what came later.

States come from the journal, dates from the promise history.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q, QuerySet

from journal.models import Transition
from orders.models import Order, OrderLine, PromiseRevision


def known_lines(
    as_of: datetime, since: datetime | None, product_ids: Collection[int] | None
) -> QuerySet[OrderLine]:
    rows = OrderLine.objects.known_at(as_of).exclude(order__status=Order.Status.DRAFT)
    if since is not None:
        rows = rows.filter(order__placed_at__gte=since)
    if product_ids is not None:
        rows = rows.filter(configuration__product_id__in=product_ids)
    return rows


def wanted_then(as_of: datetime) -> QuerySet[OrderLine]:
    """Everything ordered and not cancelled by then; what was cancelled later still counted."""
    cancelled = OrderLine.Status.CANCELLED
    later = Transition.objects.filter(kind="order_line", to_status=cancelled, at__gt=as_of)
    kept = ~Q(status=cancelled) | Q(pk__in=later.values("object_id"))
    return known_lines(as_of, None, None).filter(kept)


def states_then(kind: str, as_of: datetime) -> dict[int, str]:
    """State at `as_of` of the rows that moved since: what their first later step left behind."""
    later = Transition.objects.filter(kind=kind, at__gt=as_of).order_by("-at", "-pk")
    return dict(later.values_list("object_id", "from_status"))


def dates_then(as_of: datetime) -> dict[int, date | None]:
    """Date committed to at `as_of`, of the lines that were told another one since."""
    revised = PromiseRevision.objects.filter(at__gt=as_of).values("line_id")
    earlier = PromiseRevision.objects.filter(at__lte=as_of, line_id__in=revised)
    told: dict[int, date | None] = dict.fromkeys(revised.values_list("line_id", flat=True))
    told.update(earlier.order_by("at", "pk").values_list("line_id", "committed_date"))
    return told
