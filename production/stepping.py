"""One step of one job: its version is checked, the job is moved, and refusals say how it stands."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from journal.moving import move
from production.lifecycle import JOB
from production.models import Job


class JobRefused(Exception):
    """The floor asks for what the job cannot do now. `job` is the job as it stands."""

    kind: ClassVar[str] = "job-refused"

    def __init__(self, job: Job, message: str) -> None:
        super().__init__(message)
        self.job = job


class StaleJob(JobRefused):
    """The caller's picture of the job is older than its last change."""

    kind = "stale-job"


class OutOfOrder(JobRefused):
    """The job's lifecycle has no such step from here."""

    kind = "out-of-order"


def locked(job_id: int, version: int) -> Job:
    """The job, locked for the caller's transaction. Raises `StaleJob` and `Job.DoesNotExist`."""
    job = Job.objects.select_for_update(of=("self",)).select_related("work_order").get(pk=job_id)
    if job.version != version:
        raise stale(job)
    return job


def stale(job: Job) -> StaleJob:
    return StaleJob(job, _("Somebody changed the job meanwhile. Look at it again."))


def allow(job: Job, to: str) -> None:
    """Raise `OutOfOrder` where the job cannot go to this state from its own."""
    if not JOB.allows(job.status, to):
        texts = {"now": job.get_status_display(), "then": Job.Status(to).label}
        raise OutOfOrder(job, _("The job is “%(now)s”; it cannot become “%(then)s”.") % texts)


def step(job: Job, to: str, *, by: str, at: datetime, why: str = "", **changes: Any) -> None:
    """Take a locked job one step and count its version up. Raises `OutOfOrder`."""
    allow(job, to)
    move(JOB, job, to, by=by, at=at, why=why, version=job.version + 1, **changes)
