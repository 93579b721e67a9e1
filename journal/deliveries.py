"""Mail that must arrive: written down with the reason, sent later, retried until it is sent."""

import logging
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db.models import F

from journal.models import Delivery

logger = logging.getLogger("tailorline.deliveries")

MOST_ATTEMPTS = 10


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
    put_off = now + timedelta(minutes=2 ** min(delivery.attempts, 8))
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
