"""Mail that must arrive: written down with the reason, sent later, retried until it is sent."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db.models import Count, F, Max

from journal.models import Delivery

logger = logging.getLogger("tailorline.deliveries")

MOST_ATTEMPTS = 10


@dataclass(frozen=True)
class GivenUp:
    """Mails that are not tried any more; `since` is the last attempt of all, `error` its answer."""

    count: int
    since: datetime
    error: str


def promise(*, dedup_key: str, recipient: str, subject: str, body: str, now: datetime) -> None:
    """Write a mail down to be sent; the same `dedup_key` is one mail, however often asked."""
    Delivery.objects.bulk_create(
        [
            Delivery(
                dedup_key=dedup_key, recipient=recipient, subject=subject, body=body, due_at=now
            )
        ],
        ignore_conflicts=True,
    )


def send_due(*, now: datetime, most: int = 50) -> int:
    """Send what is due; returns how many were sent."""
    due = Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=now)
    return sum(_send(delivery, now) for delivery in due.order_by("due_at")[:most])


def _send(delivery: Delivery, now: datetime) -> bool:
    # Claimed before it is sent: a second sweeper finds it put off.
    put_off = now + _put_off(delivery.attempts)
    claimed = Delivery.objects.filter(
        pk=delivery.pk, status=Delivery.Status.PENDING, attempts=delivery.attempts
    ).update(attempts=F("attempts") + 1, due_at=put_off)
    if not claimed:
        return False
    try:
        EmailMessage(delivery.subject, delivery.body, to=[delivery.recipient]).send()
    except OSError as error:  # smtplib's errors are OSErrors too
        gone = delivery.attempts + 1 >= MOST_ATTEMPTS
        Delivery.objects.filter(pk=delivery.pk).update(
            error=str(error), **({"status": Delivery.Status.FAILED} if gone else {})
        )
        logger.warning("Mail %s was not sent: %s", delivery.pk, error)
        return False
    Delivery.objects.filter(pk=delivery.pk).update(
        status=Delivery.Status.SENT, sent_at=now, error=""
    )
    return True


def given_up() -> GivenUp | None:
    """What failed ten times and waits for somebody to mend the cause; None where nothing does."""
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED)
    found = failed.aggregate(count=Count("pk"), newest=Max("due_at"))
    if not found["count"]:
        return None
    error = failed.filter(due_at=found["newest"]).values_list("error", flat=True).first() or ""
    return GivenUp(found["count"], found["newest"] - _put_off(MOST_ATTEMPTS), error)


def try_again(*, now: datetime) -> int:
    """Make every mail that was given up on due at once, with ten new attempts; returns how many."""
    failed = Delivery.objects.filter(status=Delivery.Status.FAILED)
    return failed.update(status=Delivery.Status.PENDING, attempts=0, due_at=now)


def _put_off(attempts: int) -> timedelta:
    return timedelta(minutes=2 ** min(attempts, 8))
