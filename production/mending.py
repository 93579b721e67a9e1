"""Mend the published plan at once when something disturbs it; the search for a better one follows.

The message says only "look now". Whoever looks finds what has happened since the published plan,
nets the orders that came or went, repairs the plan and publishes it like any other.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError

from production import calm, causes, figures, netting, planning, scheduling
from production.alone import planning_alone
from production.causes import Cause
from production.models import Plan
from production.planning import Planned, Reading

logger = logging.getLogger("tailorline.planning")

# More at once is no disturbance but an import: all is planned anew instead.
MOST_CAUSES = 50
# Steps that a repair may time anew: a small shop's is at its end before, a large one's takes some
# tenths of a second.
TIMED = 2_000_000
# What nobody has mended by then is planned anew.
MENDED_WITHIN = timedelta(seconds=30)
# A better plan is searched for as soon as nothing has happened for a while, or after a longer one
# in which something happened again and again.
QUIET, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=10)
_ASKED = "mending-asked"


def ask() -> None:
    """Have somebody look now; where somebody will look anyway, that is the answer."""
    if not cache.add(_ASKED, True, MENDED_WITHIN.seconds):
        return
    try:
        current_app.send_task("production.tasks.mend", queue="planning")
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away (%s); the watch plans anew.", error)


def run(now: datetime, *, by: str = "system") -> Planned | None:
    """Repair the published plan where something has happened that it does not know; None where it
    knows everything, or has to be made anew as a whole.

    Raises `PlanningUnderWay`, and `PlanRejected` where the checker found a fault.
    """
    with planning_alone():
        cache.delete(_ASKED)
        before = Plan.objects.published().first()
        unknown = causes.unknown_to(before, now) if before else []
        if before is None or not 0 < len(unknown) <= MOST_CAUSES:
            return None
        began = perf_counter()
        orders = {one.subject for one in unknown if one.code in causes.ABOUT["order"]}
        netting.answer(orders, now, by=by)
        reading = planning.read(now, by=by, unknown=unknown)
        return _repair(before, replace(reading, began=began))


def _repair(before: Plan, reading: Reading) -> Planned:
    stability = calm.stability(before, reading.origin)
    places = figures.planned_places(before, reading.origin)
    began = perf_counter()
    schedule = scheduling.repaired(reading.problem, places, stability, timed=TIMED)
    took = perf_counter() - began
    metrics = {
        "contest": before.metrics.get("contest", {}),
        "alone": True,
        "repaired": _repaired(before, reading, took),
    }
    return planning.publish(reading, schedule, reading.unknown, metrics)


def _repaired(before: Plan, reading: Reading, seconds: float) -> dict[str, Any]:
    """When the plan was repaired, at first since all was planned and now, and how long it took."""
    at = reading.at.isoformat()
    first = before.metrics.get("repaired", {}).get("first", at)
    return {"first": first, "last": at, "milliseconds": round(1000 * seconds, 1)}


# What follows


def overdue(
    unknown: Sequence[Cause], now: datetime, planned_until: datetime | None
) -> Cause | None:
    """The first of what has happened that is not for mending, or that nobody has mended in time;
    while all is being planned, until a moment, nobody can."""
    if len(unknown) > MOST_CAUSES:
        return unknown[0]
    late = now - MENDED_WITHIN
    if planned_until and planned_until > late:
        return None
    return next((one for one in unknown if one.at and one.at <= late), None)


def may_help(unknown: Sequence[Cause]) -> bool:
    """Whether a repair is worth another try: something has happened since the check refused one."""
    refused = Plan.objects.filter(status=Plan.Status.REJECTED).order_by("-pk").first()
    happened = max((one.at for one in unknown if one.at), default=None)
    return happened is not None and (refused is None or refused.as_of <= happened)


def to_be_searched(plan: Plan, now: datetime) -> bool:
    """Whether it is time to search for a better plan than a repaired one."""
    told = plan.metrics.get("repaired")
    if told is None:
        return False
    first, last = (datetime.fromisoformat(told[name]) for name in ("first", "last"))
    return now >= min(last + QUIET, first + LONGEST_WAIT)
