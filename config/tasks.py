"""Background work that spans floors."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from config import heartbeat
from forecasting import scoring
from production import gap


@shared_task
def measure() -> None:
    """Judge new orders by what was foreseen, then measure the gap of the last full weeks."""
    now = timezone.now()
    scoring.score_new_lines(now)
    gap.measure(now)


@shared_task
def beat() -> None:
    """Tell `manage.py doctor` that clock, broker and worker are alive."""
    heartbeat.note(settings.REDIS_URL, timezone.now())
