"""Background work of forecasting; rankings train through the same task."""

from celery import shared_task
from django.utils import timezone

from forecasting import runs


@shared_task
def train(*, run_id: int) -> None:
    runs.train(run_id, clock=timezone.now)


@shared_task
def sweep_runs() -> None:
    """Hand out runs whose message or worker was lost."""
    for run_id in runs.sweep(timezone.now()):
        train.apply_async(kwargs={"run_id": run_id}, queue="training")


@shared_task
def retrain(*, kind: str) -> None:
    """What beat asks for every night: whatever has changed until now."""
    now = timezone.now()
    runs.request(kind, data_cut=now, by="schedule", now=now, params={"only_changes": True})
