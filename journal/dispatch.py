"""Hand every transition to the receivers that asked for it: at least once, each on its own.

A transition and the duties it creates (`Handling` rows) are written in one transaction. A signal
after the commit, or the periodic sweep, hands due duties to workers. The worker that did the work
sets the done mark in the transaction of the work; a failure backs off and blocks nobody else.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from celery import current_app
from django.db import connection, transaction
from django.db.models import Count, Min, OuterRef, Subquery
from kombu.exceptions import OperationalError

from journal.models import Handling, Transition

logger = logging.getLogger("tailorline.dispatch")

GRACE = timedelta(seconds=10)  # a fresh duty is left to the worker that was woken for it
LEASE = timedelta(minutes=2)  # a duty that the sweep handed out is not handed out again before
LONGEST_WAIT = timedelta(hours=1)
ALARM_AFTER = 10

Work: TypeAlias = Callable[[Transition], None]
When: TypeAlias = Callable[[Transition], bool]


@dataclass(frozen=True)
class Receiver:
    """Who reacts: `work` is called in a transaction of its own, in Celery queue `queue`, for the
    transitions of which `when` is true."""

    name: str
    work: Work
    queue: str
    when: When


@dataclass(frozen=True)
class Alarm:
    """Duties of one receiver that failed too often, since the oldest of them arose."""

    receiver: str
    count: int
    since: datetime
    error: str


_receivers: dict[str, Receiver] = {}
_by_step: dict[tuple[str, str], list[str]] = {}


def receives(
    kind: str,
    to: str,
    *,
    name: str,
    queue: str = "default",
    when: When = lambda transition: True,
) -> Callable[[Work], Work]:
    """Register the decorated function for every `kind` row that enters state `to`, or for those of
    them of which `when` is true: it is asked inside the transaction, so it looks nothing up.

    One name may be registered for several steps. The function runs at least once for each
    transition and must do no harm when it runs twice.
    """

    def register(work: Work) -> Work:
        _receivers[name] = Receiver(name, work, queue, when)
        names = _by_step.setdefault((kind, to), [])
        if name not in names:
            names.append(name)
        return work

    return register


def awaited(kind: str, to: str) -> bool:
    """Whether anybody receives some of these steps."""
    return (kind, to) in _by_step


def receivers_of(transition: Transition) -> list[str]:
    """The names of those who receive this one."""
    names = _by_step.get((transition.kind, transition.to_status), ())
    return [name for name in names if _receivers[name].when(transition)]


def expect(transitions: Iterable[Transition]) -> None:
    """Write the duties that these new transitions create, and wake the workers after the commit."""
    duties = [
        Handling(transition=transition, receiver=name, due_at=transition.at + GRACE)
        for transition in transitions
        for name in receivers_of(transition)
    ]
    if duties:
        Handling.objects.bulk_create(duties, batch_size=1000)
        transaction.on_commit(partial(_wake, [duty.pk for duty in duties[:100]]))


def due_by_queue(now: datetime, *, most: int = 2000) -> dict[str, list[int]]:
    """Lease what is due and return it, grouped by the queue that does it."""
    with transaction.atomic():
        duties = list(
            Handling.objects.due(now)
            .select_for_update(of=("self",), skip_locked=_can_skip())
            .order_by("due_at")
            .values_list("pk", "receiver")[:most]
        )
        Handling.objects.filter(pk__in=[pk for pk, _ in duties]).update(due_at=now + LEASE)
    queues: dict[str, list[int]] = {}
    for pk, name in duties:
        queues.setdefault(queue_of(name), []).append(pk)
    return queues


def alarms() -> list[Alarm]:
    """What has failed ten times or more and is still to be done, the oldest first.

    The error is that of the duty that arose last.
    """
    alarming = Handling.objects.alarming()
    newest = alarming.filter(receiver=OuterRef("receiver")).order_by("-pk").values("error")[:1]
    found = (
        alarming.values("receiver")
        .annotate(count=Count("pk"), since=Min("transition__at"), newest=Subquery(newest))
        .order_by("since", "receiver")
    )
    return [Alarm(row["receiver"], row["count"], row["since"], row["newest"]) for row in found]


def try_again(receiver: str, *, now: datetime) -> int:
    """Make the alarming duties of `receiver` due at once; returns how many.

    They keep their count of failures, so that they stay alarming until they are done.
    """
    with transaction.atomic():
        duties = list(
            Handling.objects.alarming()
            .filter(receiver=receiver)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        for start in range(0, len(duties), 1000):
            waiting = Handling.objects.filter(pk__in=duties[start : start + 1000])
            waiting.update(due_at=now)
        transaction.on_commit(partial(_wake, duties[:100]))
    return len(duties)


def queue_of(receiver: str) -> str:
    return _receivers[receiver].queue if receiver in _receivers else "default"


def handle(handling_id: int, *, now: datetime) -> bool:
    """Do one duty, once: the work and its done mark are one transaction. True when it is done."""
    try:
        with transaction.atomic():
            duty = Handling.objects.select_for_update(of=("self",)).get(pk=handling_id)
            if duty.done_at is None:
                _receivers[duty.receiver].work(duty.transition)
                Handling.objects.filter(pk=duty.pk).update(done_at=now, error="")
    except Handling.DoesNotExist:
        return True
    except Exception as error:  # a receiver may fail in any way; the duty must outlive it
        _put_off(handling_id, error, now)
        return False
    return True


def drain(now: datetime) -> int:
    """Do everything that is waiting, here and now; returns how many duties were done.

    For command-line work and tests. New duties that the work creates are done too.
    """
    done = 0
    while ids := list(
        Handling.objects.due(now + GRACE)
        .order_by("transition_id", "pk")
        .values_list("pk", flat=True)
    ):
        done += sum(handle(pk, now=now) for pk in ids)
    return done


def _put_off(handling_id: int, error: Exception, now: datetime) -> None:
    duty = Handling.objects.get(pk=handling_id)
    wait = min(timedelta(seconds=15 * 2 ** min(duty.attempts, 8)), LONGEST_WAIT)
    Handling.objects.filter(pk=handling_id).update(
        attempts=duty.attempts + 1,
        due_at=now + GRACE + wait,
        error=f"{type(error).__name__}: {error}"[:2000],
    )
    level = logging.ERROR if duty.attempts + 1 >= ALARM_AFTER else logging.WARNING
    logger.log(level, "%s failed, next try in %s", duty, wait, exc_info=error)


def _wake(handling_ids: list[int]) -> None:
    duties = Handling.objects.filter(pk__in=handling_ids).values_list("pk", "receiver")
    try:
        for pk, name in duties:
            current_app.send_task(
                "journal.tasks.handle", kwargs={"handling_ids": [pk]}, queue=queue_of(name)
            )
    except (OperationalError, OSError) as error:
        logger.warning("The broker is away (%s); the sweep will hand out what waits.", error)


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
