"""What the composition does when something happened."""

from functools import partial
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from config import roles, tasks
from journal.dispatch import receives
from journal.models import Transition


@receives("import_run", "uploaded", name="config.enqueue_import", queue="default")
@receives("import_run", "queued", name="config.enqueue_import", queue="default")
def enqueue_import(transition: Transition) -> None:
    """The run's lease watches over it from here: a lost message is swept up."""
    send = partial(tasks.hand_out, transition.object_id, transition.to_status)
    transaction.on_commit(send, robust=True)


# "auth" is told after all of our apps, when their permissions are there
@receiver(post_migrate, sender=apps.get_app_config("auth"))
def give_roles(using: str, **rest: Any) -> None:
    """A release that knows a new right gives it to the roles of every shop."""
    if using == DEFAULT_DB_ALIAS:
        roles.ensure()
