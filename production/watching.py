"""Has something happened that the published plan does not know? Then ask for a new one."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from journal.models import Transition
from production import replanning
from production.models import Job, Plan

OLDEST_PLAN = timedelta(hours=12)

# Steps after which the published plan is no longer what the floor should follow.
DISTURBING = {
    "order": ("confirmed", "cancelled", "on_hold"),
    "order_line": ("cancelled",),
    "job": ("failed",),
    "machine": ("down", "maintenance"),
}


def out_of_date(now: datetime) -> str:
    """Why the published plan is out of date, in plain words; "" where it is not."""
    plan = Plan.objects.published().first()
    if plan is None:
        return _("There is no plan yet.")
    if now - plan.as_of > OLDEST_PLAN:
        return _("The plan is older than twelve hours.")
    for kind, steps in DISTURBING.items():
        since = Transition.objects.filter(kind=kind, to_status__in=steps, at__gt=plan.as_of)
        if step := since.order_by("at").first():
            return f"{step.kind} {step.object_id} → {step.to_status}"
    repaired = Transition.objects.filter(
        kind="machine", from_status__in=("down", "maintenance"), at__gt=plan.as_of
    )
    if repaired.exists():
        return _("A machine is back.")
    if Job.objects.unfinished().filter(parent__finished_at__gt=plan.as_of).exists():
        return _("Pieces must be made again.")
    return ""


def watch(now: datetime) -> str:
    """Ask for a new plan where the published one is out of date; returns the reason."""
    reason = out_of_date(now)
    if reason:
        replanning.ask(by="system", at=now)
    return reason
