"""Plan now: asked for by a person, done by a worker, followed on a page.

The request is a line of the journal, so the audit shows who asked; how far the worker is stands
in the cache, where losing it costs nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from journal.models import Transition
from journal.moving import lifecycle, record
from production import netting, planning
from production.alone import PATIENCE_SECONDS, PlanningUnderWay, when_free

logger = logging.getLogger("tailorline.planning")

REPLANNING = lifecycle(
    "replanning", {"": "queued", "queued": "running failed", "running": "done failed"}
)
UNDER_WAY = ("queued", "running")
FORGOTTEN = timedelta(minutes=15)  # no planner takes longer; a killed one is asked for again
UNHEARD = timedelta(minutes=1)
_PROGRESS = "replanning"


@dataclass(frozen=True)
class Replanning:
    """The newest request: `share` (0 … 1) and `step` say how far it is."""

    request_id: int
    status: str
    by: str
    at: datetime
    why: str
    share: float = 0.0
    step: str = ""

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY


def newest(now: datetime) -> Replanning | None:
    """The newest request; one that nobody worked on for too long has failed."""
    last = Transition.objects.filter(kind=REPLANNING.kind).order_by("-pk").first()
    if last is None:
        return None
    status, why = last.to_status, last.why
    if status in UNDER_WAY and last.at < now - FORGOTTEN:
        status, why = "failed", _("No worker finished it. Ask again.")
    share, step = cache.get(f"{_PROGRESS}:{last.object_id}", (0.0, ""))
    return Replanning(last.object_id, status, last.by, last.at, why, share, step)


def failures(since: datetime | None) -> list[tuple[datetime, datetime]]:
    """When plans that came to nothing were begun and given up, the newest last.

    A request that no worker ever got is none of them: its input was not tried.
    """
    steps = Transition.objects.filter(kind=REPLANNING.kind)
    ended = steps.filter(from_status="running", to_status="failed")
    if since is not None:
        ended = ended.filter(at__gt=since)
    ends = dict(ended.order_by("pk").values_list("object_id", "at"))
    begun = steps.filter(object_id__in=list(ends), to_status="running").order_by("pk")
    return [(at, ends[request_id]) for request_id, at in begun.values_list("object_id", "at")]


def ask(*, by: str, at: datetime) -> int:
    """Have a new plan made; while one is being made, that one is the answer.

    One that waits unheard for a minute is sent again: its message may be lost.
    """
    with transaction.atomic():
        before = newest(at)
        if before and before.under_way:
            if before.status == "queued" and before.at < at - UNHEARD:
                transaction.on_commit(lambda: _send(before.request_id, at))
            return before.request_id
        request_id = before.request_id + 1 if before else 1
        record(REPLANNING, [(request_id, "")], "queued", by=by, at=at)
        transaction.on_commit(lambda: _send(request_id, at))
        return request_id


def _send(request_id: int, at: datetime) -> None:
    try:
        current_app.send_task(
            "production.tasks.replan", kwargs={"request_id": request_id}, queue="planning"
        )
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away (%s); nothing is planned.", error)
        why = _("The background workers cannot be reached. Try again in a minute.")
        record(REPLANNING, [(request_id, "queued")], "failed", by="system", at=at, why=why)


def run(request_id: int, *, clock: Callable[[], datetime]) -> None:
    """Net and plan for a request, also one whose worker was killed; one that is being worked on
    is left to its worker, who holds the planner's lock."""
    now = clock()
    last = newest(now)
    if last is None or last.request_id != request_id or not last.under_way:
        return
    again = last.status == "running"
    if not again:
        record(REPLANNING, [(request_id, "queued")], "running", by=last.by, at=now)
    try:
        did = _net_and_plan(request_id, last.by, now, patience=0 if again else PATIENCE_SECONDS)
    except (PlanningUnderWay, planning.PlanRejected) as error:
        if not (again and isinstance(error, PlanningUnderWay)):
            _end(request_id, "failed", last.by, clock(), _refusal(error))
    except Exception as error:
        text = _("Something went wrong: %(error)s. The plan before it stands.")
        _end(request_id, "failed", last.by, clock(), text % {"error": type(error).__name__})
        raise
    else:
        _end(request_id, "done", last.by, clock(), did)


def _net_and_plan(request_id: int, by: str, now: datetime, *, patience: int) -> str:
    def part(start: float, width: float) -> planning.Progress:
        def tell(share: float, step: str) -> None:
            cache.set(f"{_PROGRESS}:{request_id}", (start + width * share, step), 3600)

        return tell

    net, plan = part(0.0, 0.4), part(0.4, 0.6)
    waiting = partial(net, 0.0, _("Waiting for the plan that is being made"))
    when_free(lambda: netting.run(now, by=by, progress=net), waiting, patience=patience)
    planned = when_free(lambda: planning.run(now, by=by, progress=plan), waiting, patience=patience)
    return _("%(operations)d operations planned, %(refused)d work orders refused") % {
        "operations": planned.operations,
        "refused": planned.refused,
    }


def _refusal(error: Exception) -> str:
    if isinstance(error, PlanningUnderWay):
        return _("Another plan was being made at the same time. Try again when it is done.")
    return _("The check found faults in the new plan. The plan before it stands.")


def _end(request_id: int, to: str, by: str, at: datetime, why: str) -> None:
    record(REPLANNING, [(request_id, "running")], to, by=by, at=at, why=why)
