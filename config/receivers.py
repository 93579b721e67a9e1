"""What the composition does when something happened."""

from functools import partial

from django.db import transaction

from config import tasks
from journal.dispatch import receives
from journal.models import Transition


@receives("import_run", "uploaded", name="config.enqueue_import", queue="default")
@receives("import_run", "queued", name="config.enqueue_import", queue="default")
def enqueue_import(transition: Transition) -> None:
    """The run's lease watches over it from here: a lost message is swept up."""
    send = partial(tasks.hand_out, transition.object_id, transition.to_status)
    transaction.on_commit(send, robust=True)
