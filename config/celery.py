"""Celery, set so that nothing is lost: late acknowledgement, one message at a time, rows rule."""

import logging
import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.schedules import crontab
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from config.embedded_redis import broker_url
from config.supervising import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Running as root is the operator's choice; it was dangerous when messages were pickles.
warnings.filterwarnings("ignore", category=SecurityWarning)
logger = logging.getLogger("tailorline.worker")

app = Celery("tailorline")
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL) if settings.REDIS_URL else "memory://localhost/",
    accept_content=["json"],
    result_backend=None,
    task_ignore_result=True,
    # A message is acknowledged after the work, and goes back when the child that did it dies.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # Numerical libraries do not give memory back: children are replaced now and then.
    worker_max_tasks_per_child=200,
    worker_max_memory_per_child=800_000,  # KB
    # On SIGQUIT running tasks get this long, then their messages go back to the queue.
    worker_soft_shutdown_timeout=10.0,
    task_default_queue="default",
    task_create_missing_queues=True,
    # A publisher must not hang when the broker is gone: the sweep finds the row later.
    task_publish_retry=False,
    # A worker waits for its broker as long as it takes.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        # Longer than any task: only a wholly killed worker's messages wait this long, and the
        # rows they point to are swept much earlier, by lease.
        "visibility_timeout": 3600,
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
        "health_check_interval": 10,
        # Publishing tries twice to reach the broker, not for ever.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
    },
    timezone=settings.PLANT_TIME_ZONE,
    # A tick that nobody took before the next one is dropped, so that none pile up.
    beat_schedule={
        "sweep": {
            "task": "journal.tasks.sweep",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "sweep-runs": {
            "task": "forecasting.tasks.sweep_runs",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "sweep-imports": {
            "task": "config.tasks.sweep_imports",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "recall-stale-jobs": {
            "task": "production.tasks.recall_stale",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
        "watch-plan": {
            "task": "production.tasks.watch_plan",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "prune-plans": {
            "task": "production.tasks.prune_plans",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "note-abandonments": {
            "task": "orders.tasks.note_abandonments",
            "schedule": 900.0,
            "options": {"expires": 900},
        },
        "heartbeat": {
            "task": "config.tasks.beat",
            "schedule": 30.0,
            "options": {"expires": 30},
        },
        "score-and-measure": {
            "task": "config.tasks.measure",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        # night work, in the plant's time
        "forget-uploads": {
            "task": "config.tasks.forget_uploads",
            "schedule": crontab(hour=1, minute=20),
            "options": {"expires": 3600},
        },
        "retrain-forecast": {
            "task": "forecasting.tasks.retrain",
            "schedule": crontab(hour=2, minute=10),
            "kwargs": {"kind": "forecast"},
            "options": {"expires": 3600},
        },
        "retrain-suggestions": {
            "task": "forecasting.tasks.retrain",
            "schedule": crontab(hour=2, minute=40),
            "kwargs": {"kind": "ranking"},
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks()


@worker_process_init.connect
def leave_no_orphan(**kwargs: Any) -> None:
    """A pool child whose worker was killed must not go on: its message belongs to another now."""
    die_with_parent()


@worker_ready.connect
def say_ready(**kwargs: Any) -> None:
    """`manage.py up` waits for these words."""
    logger.info("ready for work")
