"""What this app does when something happened elsewhere."""

from journal.dispatch import receives
from journal.models import Transition
from production import feedback, withdrawing


@receives("work_order", "in_progress", name="production.work_begun", queue="planning")
def work_begun(transition: Transition) -> None:
    feedback.work_begun(transition.object_id, by=transition.by, at=transition.at)


@receives("work_order", "completed", name="production.work_completed", queue="planning")
def work_completed(transition: Transition) -> None:
    feedback.work_completed(transition.object_id, by=transition.by, at=transition.at)


@receives("order", "cancelled", name="production.order_cancelled", queue="planning")
def order_cancelled(transition: Transition) -> None:
    withdrawing.order_cancelled(transition.object_id, by=transition.by, at=transition.at)
