"""Has something happened that the published plan does not know? Then ask for a new one."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from journal.models import Transition
from production import continuing, replanning
from production.models import Job, Plan

OLDEST_PLAN = timedelta(hours=12)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=2)

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
    return _disturbance(plan.as_of) or _other_shop(plan, now)


def _other_shop(plan: Plan, now: datetime) -> str:
    """What somebody has changed in the tables that a plan was made from, where it noted them."""
    made_in = plan.metrics.get("contest", {}).get("shop")
    if made_in is None or made_in == continuing.shop_of(now):
        return ""
    return _("Machines, hours or change-overs are others than those of the plan.")


def _disturbance(since: datetime) -> str:
    """What has happened since a moment that a plan of that moment does not know."""
    for kind, steps in DISTURBING.items():
        found = Transition.objects.filter(kind=kind, to_status__in=steps, at__gt=since)
        if step := found.order_by("at").first():
            return f"{step.kind} {step.object_id} → {step.to_status}"
    repaired = Transition.objects.filter(
        kind="machine", from_status__in=("down", "maintenance"), at__gt=since
    )
    if repaired.exists():
        return _("A machine is back.")
    if Job.objects.unfinished().filter(parent__finished_at__gt=since).exists():
        return _("Pieces must be made again.")
    return ""


def watch(now: datetime) -> str:
    """Ask for a new plan where the published one is out of date; returns the reason.

    Where planning has failed since, it asks at once when something new has happened, and else
    after a pause that doubles: the same input mostly fails the same way.
    """
    reason = out_of_date(now)
    if not reason or not _worth_trying(now):
        return ""
    replanning.ask(by="system", at=now)
    return reason


def _worth_trying(now: datetime) -> bool:
    plan = Plan.objects.published().first()
    failures = replanning.failures(since=plan.as_of if plan else None)
    if not failures:
        return True
    began, ended = failures[-1]
    paused = now >= ended + pause_after(len(failures))
    return paused or bool(_disturbance(began) or _other_than_refused(began, now))


def _other_than_refused(began: datetime, now: datetime) -> str:
    """What staff have changed since a plan was begun that was then refused."""
    since = began.replace(second=0, microsecond=0)  # plans are of whole minutes
    rejected = Plan.objects.filter(status=Plan.Status.REJECTED, as_of__gte=since)
    refused = rejected.order_by("-pk").first()
    return _other_shop(refused, now) if refused else ""


def pause_after(failures: int) -> timedelta:
    """
    >>> [str(pause_after(failures)) for failures in (1, 2, 3, 50)]
    ['0:05:00', '0:10:00', '0:20:00', '2:00:00']
    """
    doublings = min(failures - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))
