"""Background work that spans floors."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from config import heartbeat
from config.importing import runs, working
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


@shared_task
def check_import(*, run_id: int) -> None:
    """Read an uploaded order log and count its lines."""
    working.check(run_id, clock=timezone.now)


@shared_task
def carry_import(*, run_id: int) -> None:
    """Bring a checked order log into the shop."""
    working.carry(run_id, clock=timezone.now)


def hand_out(run_id: int, status: str) -> None:
    """Give a waiting import to a worker; the one that trains, so that mail does not wait for it."""
    task = check_import if status == "uploaded" else carry_import
    task.apply_async(kwargs={"run_id": run_id}, queue="training")


@shared_task
def sweep_imports() -> None:
    """Hand out imports whose message or worker was lost."""
    for run in runs.sweep(timezone.now()):
        hand_out(run.pk, run.status)


@shared_task
def forget_uploads() -> None:
    """Delete files of imports that have lain here long enough."""
    runs.forget_uploads(timezone.now())
