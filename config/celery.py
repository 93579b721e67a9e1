"""Celery, set so that nothing is lost: late acknowledgement, one message at a time."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("tailorline")
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://",
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,
    task_default_queue="default",
    task_create_missing_queues=True,
    # A publisher must not hang when the broker is gone: the sweep finds the row later.
    task_publish_retry=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 600,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "health_check_interval": 10,
    },
    timezone="UTC",
    beat_schedule={
        "sweep": {"task": "journal.tasks.sweep", "schedule": 5.0},
        "sweep-runs": {"task": "forecasting.tasks.sweep_runs", "schedule": 15.0},
    },
)
app.autodiscover_tasks()
