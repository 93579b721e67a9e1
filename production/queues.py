"""What a work center does next: its queue in planned order, claims, and claims taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from journal.moving import record
from production import stepping
from production.lifecycle import JOB
from production.models import Job, Machine, Plan, PlanEntry
from production.models.jobs import JobQuerySet

CLAIM_TIMEOUT = timedelta(hours=1)
OUT_OF_USE = (Machine.Status.DOWN, Machine.Status.MAINTENANCE, Machine.Status.OFFLINE)


class NothingToClaim(Exception):
    """No job of this work center is ready for the machine."""


class NotReady(stepping.JobRefused):
    """The named job cannot be claimed now."""

    kind = "not-ready"


class MachineUnfit(stepping.JobRefused):
    """The machine cannot do the job: it lacks what the job asks for, or is out of use."""

    kind = "machine-unfit"


@dataclass(frozen=True)
class QueueItem:
    """A job and what the published plan says of it; nothing where the plan does not hold it."""

    job: Job
    planned_start: datetime | None
    planned_machine_id: int | None


@dataclass(frozen=True)
class Queue:
    """A work center's jobs: at work now, ready to be claimed in order, and coming after them."""

    at_work: list[QueueItem]
    ready: list[QueueItem]
    coming: list[QueueItem]


@dataclass(frozen=True)
class Claimant:
    """Who claims, and for which machine; without one, the job's planned or freest machine."""

    by: str
    terminal_id: int | None = None
    operator_id: int | None = None
    machine_id: int | None = None


def queue_of(work_center_id: int, now: datetime, *, most: int = 50) -> Queue:
    """The queue of a work center, at most `most` jobs of each kind, in three queries."""
    jobs = _in_planned_order(
        Job.objects.filter(work_center=work_center_id).select_related(
            "work_order__configuration__product", "work_center", "machine", "operator"
        )
    )
    released = jobs.filter(work_order__status__in=("released", "in_progress"))
    return Queue(
        at_work=_items(jobs.filter(status__in=Job.AT_WORK)[:most]),
        ready=_items(released.filter(status=Job.Status.READY)[:most]),
        coming=_items(released.filter(status=Job.Status.WAITING)[:most]),
    )


def claim(
    work_center_id: int,
    claimant: Claimant,
    *,
    now: datetime,
    job_id: int | None = None,
    version: int | None = None,
) -> Job:
    """Take the next ready job of a work center, or the named one: each job goes to one claimant.

    Raises `NothingToClaim`; for a named job `NotReady`, `StaleJob`, `MachineUnfit` or
    `Job.DoesNotExist`.
    """
    with transaction.atomic():
        machines = _machines(work_center_id, claimant.machine_id)
        candidates = _claimable(work_center_id, machines, claimant.machine_id, now)
        if job_id is not None:
            candidates = candidates.filter(pk=job_id)
        if version is not None:
            candidates = candidates.filter(version=version)
        taken = _take(candidates, claimant, now)
        if taken is None:
            raise _refusal(work_center_id, machines, job_id, version, now)
        record(JOB, [(taken, "ready")], "dispatched", by=claimant.by, at=now)
        job = Job.objects.get(pk=taken)
        if job.machine_id is None:
            _give_machine(job, machines)
        return job


def recall(job_id: int, *, version: int, by: str, at: datetime, why: str = "") -> Job:
    """Put a claimed job back into the queue. Raises `StaleJob` and `OutOfOrder`."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        freed = {"machine": None, "terminal": None, "operator": None, "dispatched_at": None}
        stepping.step(job, "ready", by=by, at=at, why=why, **freed)
        return job


def recall_stale(now: datetime, *, after: timedelta = CLAIM_TIMEOUT) -> int:
    """Put back what was claimed and not begun for too long; returns how many jobs went back."""
    forgotten = Job.objects.filter(
        status=Job.Status.DISPATCHED, dispatched_at__lte=now - after
    ).values_list("pk", "version")
    recalled = 0
    for pk, version in list(forgotten):
        try:
            recall(pk, version=version, by="system", at=now, why="claimed and not begun")
        except (stepping.JobRefused, Job.DoesNotExist):
            continue  # somebody began it just now
        recalled += 1
    return recalled


# Order


def _in_planned_order(jobs: "QuerySet[Job]", *, machine_id: int | None = None) -> "QuerySet[Job]":
    """Planned for the machine, then planned elsewhere, then by due date what no plan holds."""
    entry = PlanEntry.objects.filter(plan__status=Plan.Status.PUBLISHED, job=OuterRef("pk"))
    planned = jobs.annotate(
        planned_start=Subquery(entry.values("setup_start")[:1]),
        planned_machine_id=Subquery(entry.values("machine")[:1]),
    )
    turn = Case(
        *([When(planned_machine_id=machine_id, then=0)] if machine_id is not None else []),
        When(planned_start__isnull=False, then=1),
        default=2,
        output_field=IntegerField(),
    )
    return planned.order_by(turn, "planned_start", "work_order__due", "pk")


def _items(jobs: "QuerySet[Job]") -> list[QueueItem]:
    return [
        QueueItem(job, job.planned_start, job.planned_machine_id)  # type: ignore[attr-defined]
        for job in jobs
    ]


# Claiming


def _machines(work_center_id: int, machine_id: int | None) -> list[Machine]:
    """The machines that may get the job, those with the least work first."""
    machines = (
        Machine.objects.filter(work_center=work_center_id, active=True)
        .exclude(status__in=OUT_OF_USE)
        .annotate(load=Count("jobs", filter=Q(jobs__status__in=Job.AT_WORK)))
        .order_by("load", "code")
    )
    return list(machines.filter(pk=machine_id) if machine_id is not None else machines)


def _claimable(
    work_center_id: int, machines: Sequence[Machine], machine_id: int | None, now: datetime
) -> "QuerySet[Job]":
    able = {word for machine in machines for word in machine.capabilities}
    jobs: JobQuerySet = Job.objects.filter(work_center=work_center_id)
    fitting = jobs.claimable(now).filter(capability__in=["", *sorted(able)])
    if not machines:
        fitting = fitting.none()
    return _in_planned_order(fitting, machine_id=machine_id)


def _take(candidates: "QuerySet[Job]", claimant: Claimant, now: datetime) -> int | None:
    """Mark the first candidate as claimed, in one statement; None where there is none.

    On PostgreSQL claims at the same time skip each other's rows; on SQLite the write lock is ours.
    """
    if candidates.query.is_empty():
        return None
    if connection.features.has_select_for_update_skip_locked:
        candidates = candidates.select_for_update(skip_locked=True, of=("self",))
    chosen, params = candidates.values("pk")[:1].query.sql_with_params()
    # every value is a parameter; the text comes from the query compiler
    statement = f"""
        UPDATE production_job
           SET status = 'dispatched', version = version + 1, machine_id = %s,
               terminal_id = %s, operator_id = %s, dispatched_at = %s
         WHERE id = ({chosen}) AND status = 'ready'
        RETURNING id
    """  # noqa: S608
    at = connection.ops.adapt_datetimefield_value(now)
    who = [claimant.machine_id, claimant.terminal_id, claimant.operator_id]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*who, at, *params])
        row = cursor.fetchone()
    return row[0] if row else None


def _give_machine(job: Job, machines: Sequence[Machine]) -> None:
    """A claim that names no machine gets the planned one where it fits, else the freest."""
    fitting = [one for one in machines if fits(one, job)]
    planned = PlanEntry.objects.filter(plan__status=Plan.Status.PUBLISHED, job=job)
    planned_id = planned.values_list("machine_id", flat=True).first()
    job.machine = next((one for one in fitting if one.pk == planned_id), fitting[0])
    job.save(update_fields=["machine"])


def fits(machine: Machine, job: Job) -> bool:
    return not job.capability or job.capability in machine.capabilities


def _refusal(
    work_center_id: int,
    machines: Sequence[Machine],
    job_id: int | None,
    version: int | None,
    now: datetime,
) -> Exception:
    """Why a claim got nothing."""
    if job_id is None:
        return NothingToClaim(_("No job is ready here."))
    job = Job.objects.select_related("work_order").get(pk=job_id, work_center=work_center_id)
    if version is not None and job.version != version:
        return stepping.stale(job)
    if job.status == Job.Status.READY and not any(fits(one, job) for one in machines):
        return MachineUnfit(job, _("No machine that can do this job is in use."))
    if job.status == Job.Status.READY and job.not_before and job.not_before > now:
        until = date_format(localtime(job.not_before), "DATETIME_FORMAT")
        return NotReady(job, _("It must rest until %(until)s.") % {"until": until})
    texts = {"now": job.get_status_display()}
    return NotReady(job, _("The job is “%(now)s”; only a ready one can be claimed.") % texts)
