"""Forget the hours of plans that stand no longer.

A plan's row stays with its snapshot, figures and faults: the gap compares with what an earlier
plan decided on. When which job was to run on which machine is of use only while the plan stands,
and beside the one that replaced it. Who was late and how the search went is kept for a month.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, Model, OuterRef, QuerySet

from journal.models import Transition
from production.lifecycle import PLAN
from production.models import Plan, PlanEntry, PlanRefusal

# Whoever began to read a plan before it was replaced has long finished.
KEPT = timedelta(hours=1)
REPORTS_KEPT = timedelta(days=30)
ROWS = 500  # of one short write transaction
OVER = (Plan.Status.SUPERSEDED, Plan.Status.REJECTED)


def prune(now: datetime) -> int:
    """Delete entries and refusals of plans replaced or rejected an hour ago, but for the one that
    stood last; returns how many."""
    old = Plan.objects.filter(status__in=OVER, as_of__lte=now - REPORTS_KEPT)
    old.exclude(report={}).update(report={})
    plans = _over(now)
    return _delete(PlanEntry.objects.filter(plan__in=plans)) + _delete(
        PlanRefusal.objects.filter(plan__in=plans)
    )


def _over(now: datetime) -> list[int]:
    replaced = Plan.objects.filter(status=Plan.Status.SUPERSEDED)
    full = Plan.objects.filter(
        Exists(PlanEntry.objects.filter(plan=OuterRef("pk")))
        | Exists(PlanRefusal.objects.filter(plan=OuterRef("pk"))),
        status__in=OVER,
    ).exclude(pk__in=replaced.order_by("-pk").values("pk")[:1])
    ended = Transition.objects.filter(
        kind=PLAN.kind,
        object_id__in=list(full.values_list("pk", flat=True)),
        to_status__in=OVER,
        at__lte=now - KEPT,
    )
    return list(ended.values_list("object_id", flat=True))


def _delete(rows: "QuerySet[PlanEntry] | QuerySet[PlanRefusal]") -> int:
    """Delete in short transactions, so that the floor never waits for it."""
    model: type[Model] = rows.model
    deleted = 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS]):
        deleted += model._default_manager.filter(pk__in=batch).delete()[0]
    return deleted
