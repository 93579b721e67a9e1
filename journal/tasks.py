"""Background work of the journal: do duties, sweep for what was left, send mail."""

from celery import current_app, shared_task
from django.utils import timezone

from journal import deliveries, dispatch


@shared_task
def handle(*, handling_ids: list[int]) -> None:
    for handling_id in handling_ids:
        dispatch.handle(handling_id, now=timezone.now())


@shared_task
def sweep() -> None:
    """Hand out what is due, whoever forgot it: a lost message, a broker that was away, a retry."""
    for queue, ids in dispatch.due_by_queue(timezone.now()).items():
        for start in range(0, len(ids), 20):
            current_app.send_task(
                "journal.tasks.handle",
                kwargs={"handling_ids": ids[start : start + 20]},
                queue=queue,
            )
    deliveries.send_due(now=timezone.now())
