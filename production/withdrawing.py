"""What production takes back when an order is called off."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from production import routings
from production.models import Job, Pegging, Reservation

NOT_BEGUN = ("planned", "firmed", "released")
WHY = "the order was cancelled"


def order_cancelled(order_id: int, *, by: str, at: datetime) -> list[int]:
    """Free the machine time held for the order and take back the work orders that answer it alone.

    A work order that others share shrinks when demand is netted next; one that somebody has
    claimed or begun is left to the floor. Returns the work orders taken back.
    """
    with transaction.atomic():
        Reservation.objects.filter(order_line__order_id=order_id).delete()
        mine = Pegging.objects.filter(order_line__order_id=order_id)
        candidates = mine.filter(work_order__status__in=NOT_BEGUN)
        alone = untouched(_unshared(candidates.values_list("work_order_id", flat=True)))
        routings.cancel(sorted(alone), by=by, at=at, why=WHY)
    return sorted(alone)


def _unshared(work_order_ids: Collection[int]) -> set[int]:
    """Those that answer cancelled lines only."""
    ids = set(work_order_ids)
    others = Pegging.objects.filter(work_order__in=ids).exclude(order_line__status="cancelled")
    return ids - set(others.values_list("work_order_id", flat=True))


def untouched(work_order_ids: Collection[int]) -> set[int]:
    """Those with no job that is claimed, begun or done; nobody can claim one until the commit of
    the transaction around."""
    jobs = Job.objects.select_for_update().filter(work_order__in=work_order_ids).order_by("pk")
    touched = {
        order_id
        for order_id, status in jobs.values_list("work_order_id", "status")
        if status not in (Job.Status.WAITING, Job.Status.READY)
    }
    return set(work_order_ids) - touched
