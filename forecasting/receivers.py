"""What forecasting does when something happened."""

from functools import partial

from django.db import transaction

from forecasting import overriding, runs, tasks
from journal.dispatch import receives
from journal.models import Transition

runs.register(
    runs.TrainingRun.Kind.FORECAST, runs.later("forecasting.training.train"), overriding.inherit
)


@receives("training_run", "queued", name="forecasting.enqueue", queue="default")
def enqueue_training(transition: Transition) -> None:
    """The run's lease watches over it from here: a lost message is swept up."""
    send = partial(
        tasks.train.apply_async, kwargs={"run_id": transition.object_id}, queue="training"
    )
    transaction.on_commit(send, robust=True)
