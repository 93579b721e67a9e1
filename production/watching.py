"""Has something happened that the published plan does not know? Then ask for a new one."""

from datetime import datetime, timedelta

from production import causes, continuing, mending, replanning
from production.causes import Cause
from production.models import Plan

OLDEST_PLAN = timedelta(hours=12)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=2)


def out_of_date(now: datetime) -> Cause | None:
    """Why all has to be planned anew; None where the published plan stands, or is being mended."""
    plan = Plan.objects.published().first()
    if plan is None:
        return Cause("no_plan")
    unknown = causes.unknown_to(plan, now)
    if unknown:
        return mending.overdue(unknown, now, _planned_until(now))
    if now - plan.as_of > OLDEST_PLAN:
        return Cause("too_old")
    if not continuing.made_for(plan, continuing.shop_of(now)):
        return Cause("other_shop")
    return Cause("only_repaired") if mending.to_be_searched(plan, now) else None


def _planned_until(now: datetime) -> datetime | None:
    """When all was planned the last time; nothing could be mended before."""
    last = replanning.newest(now)
    return last.at if last and not last.under_way else None


def watch(now: datetime) -> Cause | None:
    """Ask for a new plan where the published one is out of date; returns the reason.

    Where planning has failed since, it asks at once when something new has happened, and else
    after a pause that doubles: the same input mostly fails the same way.
    """
    plan = Plan.objects.published().first()
    if plan and mending.may_help(causes.unknown_to(plan, now)):
        mending.ask()  # a message may be lost, or have come while somebody was planning
    reason = out_of_date(now)
    if reason is None or not _worth_trying(now):
        return None
    replanning.ask(by="system", at=now)
    return reason


def _worth_trying(now: datetime) -> bool:
    plan = Plan.objects.published().first()
    failures = replanning.failures(since=plan.as_of if plan else None)
    if not failures:
        return True
    began, ended = failures[-1]
    paused = now >= ended + pause_after(len(failures))
    return paused or bool(causes.since(began, now)) or _other_than_refused(began, now)


def _other_than_refused(began: datetime, now: datetime) -> bool:
    """What staff have changed since a plan was begun that was then refused."""
    since = began.replace(second=0, microsecond=0)  # plans are of whole minutes
    rejected = Plan.objects.filter(status=Plan.Status.REJECTED, as_of__gte=since)
    refused = rejected.order_by("-pk").first()
    return refused is not None and not continuing.made_for(refused, continuing.shop_of(now))


def pause_after(failures: int) -> timedelta:
    """
    >>> [str(pause_after(failures)) for failures in (1, 2, 3, 50)]
    ['0:05:00', '0:10:00', '0:20:00', '2:00:00']
    """
    doublings = min(failures - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))
