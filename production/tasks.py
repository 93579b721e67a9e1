"""Background work of production."""

from celery import shared_task
from django.utils import timezone

from production import mending, pruning, queues, remedies, replanning, watching
from production.alone import PlanningUnderWay


@shared_task
def recall_stale() -> None:
    """Put claimed jobs that nobody began back into their queues."""
    queues.recall_stale(timezone.now())


@shared_task
def replan(*, request_id: int) -> None:
    """Make the plan that somebody asked for."""
    replanning.run(request_id, clock=timezone.now)


@shared_task(
    autoretry_for=(PlanningUnderWay,),
    retry_kwargs={"max_retries": 24, "countdown": 5},
)
def mend() -> None:
    """Look whether something has disturbed the published plan, and repair it; somebody else's plan
    is waited for."""
    mending.run(timezone.now())


@shared_task
def find_remedies(*, line_id: int) -> None:
    """Try what would help an order line, or (0) the whole plan."""
    remedies.run(line_id, clock=timezone.now)


@shared_task
def watch_plan() -> None:
    """Ask for a new plan where something has happened that the published one does not know."""
    watching.watch(timezone.now())


@shared_task
def prune_plans() -> None:
    """Forget the hours of plans that were replaced or rejected."""
    pruning.prune(timezone.now())
