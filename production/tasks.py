"""Background work of production."""

from celery import shared_task
from django.utils import timezone

from production import queues


@shared_task
def recall_stale() -> None:
    """Put claimed jobs that nobody began back into their queues."""
    queues.recall_stale(timezone.now())
