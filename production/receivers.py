"""What this app does when something happened elsewhere."""

from django.db import transaction

from journal.dispatch import receives
from journal.models import Transition
from production import causes, feedback, mending, withdrawing
from production.calendars import STOPPED
from production.models import Machine


@receives("work_order", "in_progress", name="production.work_begun", queue="planning")
def work_begun(transition: Transition) -> None:
    feedback.work_begun(transition.object_id, by=transition.by, at=transition.at)


@receives("work_order", "completed", name="production.work_completed", queue="planning")
def work_completed(transition: Transition) -> None:
    feedback.work_completed(transition.object_id, by=transition.by, at=transition.at)


@receives("order", "cancelled", name="production.order_cancelled", queue="planning")
def order_cancelled(transition: Transition) -> None:
    withdrawing.order_cancelled(transition.object_id, by=transition.by, at=transition.at)


def _disturbed(transition: Transition) -> None:
    """What it is about is found by whoever looks, in a transaction of his own."""
    transaction.on_commit(mending.ask)


for kind, step in causes.STEPS:
    receives(kind, step, name="production.disturbed", queue="planning")(_disturbed)
for status in Machine.Status:
    if status not in STOPPED:
        receives(
            "machine",
            status,
            name="production.machine_back",
            queue="planning",
            when=causes.comes_back,
        )(_disturbed)
receives("job", "waiting", name="production.remade", queue="planning", when=causes.makes_again)(
    _disturbed
)
