"""Background work of orders."""

from celery import shared_task
from django.utils import timezone

from orders import collecting


@shared_task
def note_abandonments() -> None:
    collecting.note_abandonments(timezone.now())
