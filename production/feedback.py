"""What the floor reports: steps of jobs, pieces, failures, and what follows from them at once."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from django.db import transaction
from django.utils.translation import gettext as _

from journal.moving import move, record
from orders import lifecycle as order_lines
from production import stepping
from production.lifecycle import JOB, MACHINE, WORK_ORDER
from production.models import (
    DowntimeEvent,
    Job,
    JobReport,
    Machine,
    Material,
    Pegging,
    StockMove,
    WorkOrder,
)
from production.queues import OUT_OF_USE
from production.stepping import JobRefused, OutOfOrder

logger = logging.getLogger("tailorline.floor")


class SetupFirst(JobRefused):
    """The machine holds another set-up than the job needs."""

    kind = "setup-first"


class MachineBusy(JobRefused):
    """Another job is being set up or running on the machine."""

    kind = "machine-busy"


class MachineDown(JobRefused):
    """The machine is out of use; a failure has to be acknowledged at it first."""

    kind = "machine-down"


class WorkOrderHeld(JobRefused):
    """The work order is on hold or taken back."""

    kind = "work-order-held"


class TooManyPieces(JobRefused):
    """Good and scrap are more than the pieces that remain."""

    kind = "too-many-pieces"


class NoPieces(JobRefused):
    """A report without a piece, or with a negative number."""

    kind = "no-pieces"


class PiecesMissing(JobRefused):
    """Not every piece has been reported good or scrap."""

    kind = "pieces-missing"


class NothingToAcknowledge(Exception):
    """The machine has no open failure."""


# Steps


def setup(job_id: int, *, version: int, by: str, at: datetime) -> Job:
    """Begin to set the job's machine up. Raises the refusals of this module."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        stepping.allow(job, "setup")
        _occupy(job, Machine.Status.SETUP, by, at)
        stepping.step(job, "setup", by=by, at=at, started_at=at)
        _begin_work(job, by, at)
        return job


def start(job_id: int, *, version: int, by: str, at: datetime) -> Job:
    """Begin to make pieces, after the set-up or at once where the machine holds it already."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        if job.status == Job.Status.PAUSED:
            raise OutOfOrder(job, _("A paused job is resumed, not started again."))
        stepping.allow(job, "running")
        _refuse_without_setup(job)
        _occupy(job, Machine.Status.RUNNING, by, at)
        stepping.step(job, "running", by=by, at=at, started_at=job.started_at or at)
        _begin_work(job, by, at)
        return job


def pause(job_id: int, *, version: int, by: str, at: datetime, reason: str = "") -> Job:
    """Stop for a while; the machine is free for other work."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        stepping.step(job, "paused", by=by, at=at, why=reason)
        _free_machine(job, by, at)
        return job


def resume(job_id: int, *, version: int, by: str, at: datetime) -> Job:
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        if job.status != Job.Status.PAUSED:
            raise OutOfOrder(job, _("Only a paused job is resumed."))
        _occupy(job, Machine.Status.RUNNING, by, at)
        stepping.step(job, "running", by=by, at=at)
        return job


def report(
    job_id: int,
    *,
    version: int,
    by: str,
    at: datetime,
    good: int = 0,
    scrap: int = 0,
    reason: str = "",
) -> Job:
    """Count pieces made since the last report. Raises `TooManyPieces`, `NoPieces`."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        if good + scrap == 0:
            raise NoPieces(job, _("Report at least one piece."))
        _count(job, good, scrap, reason, by, at)
        return job


def finish(
    job_id: int, *, version: int, by: str, at: datetime, good: int = 0, scrap: int = 0
) -> Job:
    """End a job, with a last report where `good` or `scrap` are given.

    1. The machine is free. 2. Material is booked out. 3. Scrapped pieces get remake jobs. 4. The
    next step becomes ready, or the work order is completed.
    Raises `PiecesMissing` where pieces are neither good nor scrap.
    """
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        stepping.allow(job, "done")
        _count(job, good, scrap, "", by, at)
        if job.remaining:
            raise PiecesMissing(
                job,
                _("%(left)s of %(all)s pieces are not reported yet.")
                % {"left": job.remaining, "all": job.quantity},
            )
        stepping.step(job, "done", by=by, at=at, finished_at=at)
        _free_machine(job, by, at)
        _follow(job, by, at)
        return job


def fail(
    job_id: int,
    *,
    version: int,
    by: str,
    at: datetime,
    reason: str,
    good: int = 0,
    scrap: int = 0,
) -> Job:
    """End a job that went wrong: its machine is down until acknowledged, the rest is remade."""
    with transaction.atomic():
        job = stepping.locked(job_id, version)
        stepping.allow(job, "failed")
        _count(job, good, scrap, reason, by, at)
        held = job.status in (Job.Status.SETUP, Job.Status.RUNNING)
        stepping.step(job, "failed", by=by, at=at, why=reason, finished_at=at)
        if job.machine_id is not None and (held or not _others_on(job)):
            _stop_machine(job.machine_id, job, reason, by, at)
        _follow(job, by, at)
        return job


def acknowledge(machine_id: int, *, by: str, at: datetime) -> Machine:
    """Somebody has seen to the machine's failures: it may work again.

    Raises `NothingToAcknowledge` and `Machine.DoesNotExist`.
    """
    with transaction.atomic():
        machine = Machine.objects.select_for_update(of=("self",)).get(pk=machine_id)
        failures = DowntimeEvent.objects.filter(machine=machine, acknowledged_at=None)
        if not failures.update(acknowledged_at=at, acknowledged_by=by, ended_at=at):
            raise NothingToAcknowledge(_("Nothing is to be acknowledged here."))
        if machine.status == Machine.Status.DOWN:
            move(MACHINE, machine, Machine.Status.IDLE, by=by, at=at, why="acknowledged")
        return machine


def advance(work_order_id: int, *, by: str, at: datetime) -> None:
    """Make the next steps of a work order ready, or complete it. Idempotent; on hold it waits."""
    with transaction.atomic():
        order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=work_order_id)
        if order.status not in WorkOrder.ON_THE_FLOOR:
            return
        jobs = list(order.jobs.exclude(status=Job.Status.CANCELLED).order_by("sequence", "attempt"))
        open_jobs = [job for job in jobs if job.status in Job.UNFINISHED]
        if open_jobs:
            _ready(
                [job for job in open_jobs if job.sequence == open_jobs[0].sequence], jobs, by, at
            )
        elif jobs:
            good = sum(job.good for job in jobs if job.sequence == jobs[-1].sequence)
            move(WORK_ORDER, order, "completed", by=by, at=at, good=good)


# Order lines


def work_begun(work_order_id: int, *, by: str, at: datetime) -> None:
    """The order lines that a work order is for are in production. Idempotent.

    After a hold, the steps that became possible meanwhile become ready.
    """
    order_lines.started(_lines_of(work_order_id), by=by, at=at)
    advance(work_order_id, by=by, at=at)


def work_completed(work_order_id: int, *, by: str, at: datetime) -> None:
    """Lines whose work orders are all completed are produced and ready to ship. Idempotent."""
    line_ids = _lines_of(work_order_id)
    order_lines.started(line_ids, by=by, at=at)
    unmade = Pegging.objects.filter(
        order_line__in=line_ids, work_order__status__in=WorkOrder.OPEN_STATUSES
    )
    waiting = set(unmade.values_list("order_line_id", flat=True))
    made = [line_id for line_id in line_ids if line_id not in waiting]
    order_lines.produced(made, by=by, at=at)
    order_lines.ready(made, by=by, at=at)


def _lines_of(work_order_id: int) -> list[int]:
    pegs = Pegging.objects.filter(work_order=work_order_id, order_line__isnull=False)
    return [pk for pk in pegs.values_list("order_line_id", flat=True) if pk is not None]


# Pieces


def _count(job: Job, good: int, scrap: int, reason: str, by: str, at: datetime) -> None:
    if good < 0 or scrap < 0:
        raise NoPieces(job, _("Pieces cannot be negative."))
    if good + scrap == 0:
        return
    if job.status not in (Job.Status.RUNNING, Job.Status.PAUSED):
        raise OutOfOrder(job, _("Pieces are reported while a job is running."))
    if good + scrap > job.remaining:
        raise TooManyPieces(
            job,
            _("%(said)s reported, but only %(left)s remain.")
            % {"said": good + scrap, "left": job.remaining},
        )
    JobReport.objects.create(job=job, good=good, scrap=scrap, reason=reason[:200], by=by, at=at)
    job.good, job.scrap, job.version = job.good + good, job.scrap + scrap, job.version + 1
    job.save(update_fields=["good", "scrap", "version"])


# Machines


def _refuse_without_setup(job: Job) -> None:
    if job.status == Job.Status.DISPATCHED and job.needs_setup and job.machine:
        held = job.machine.setup_family
        if held != job.setup_family:
            raise SetupFirst(
                job,
                _("The machine holds “%(held)s”, the job needs “%(needed)s”.")
                % {"held": held, "needed": job.setup_family},
            )


def _occupy(job: Job, status: str, by: str, at: datetime) -> None:
    """Give the job its machine. A running machine holds the set-up of its job."""
    if job.machine_id is None:
        return
    machine = Machine.objects.select_for_update(of=("self",)).get(pk=job.machine_id)
    if machine.status in OUT_OF_USE:
        raise MachineDown(job, _("%(machine)s is out of use.") % {"machine": machine.name})
    if _others_on(job):
        raise MachineBusy(
            job, _("Another job is at work on %(machine)s.") % {"machine": machine.name}
        )
    if status == Machine.Status.RUNNING and machine.setup_family != job.setup_family:
        machine.setup_family = job.setup_family
        machine.save(update_fields=["setup_family"])
    _move_machine(machine, status, by, at)


def _others_on(job: Job) -> bool:
    at_work = Job.objects.filter(
        machine=job.machine_id, status__in=(Job.Status.SETUP, Job.Status.RUNNING)
    )
    return at_work.exclude(pk=job.pk).exists()


def _free_machine(job: Job, by: str, at: datetime) -> None:
    if job.machine_id is not None:
        machine = Machine.objects.select_for_update(of=("self",)).get(pk=job.machine_id)
        if machine.status not in OUT_OF_USE:
            _move_machine(machine, Machine.Status.IDLE, by, at)


def _stop_machine(machine_id: int, job: Job, reason: str, by: str, at: datetime) -> None:
    machine = Machine.objects.select_for_update(of=("self",)).get(pk=machine_id)
    DowntimeEvent.objects.create(machine=machine, job=job, reason=reason[:200], started_at=at)
    _move_machine(machine, Machine.Status.DOWN, by, at, why=reason)


def _move_machine(machine: Machine, to: str, by: str, at: datetime, why: str = "") -> None:
    if machine.status != to:
        move(MACHINE, machine, to, by=by, at=at, why=why)


# Consequences


def _begin_work(job: Job, by: str, at: datetime) -> None:
    order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=job.work_order_id)
    if order.status not in WorkOrder.ON_THE_FLOOR:
        raise WorkOrderHeld(
            job, _("The work order is “%(now)s”.") % {"now": order.get_status_display()}
        )
    if order.status == WorkOrder.Status.RELEASED:
        move(WORK_ORDER, order, "in_progress", by=by, at=at)


def _follow(job: Job, by: str, at: datetime) -> None:
    """What the end of a job brings about."""
    WorkOrder.objects.select_for_update(of=("self",)).get(pk=job.work_order_id)
    _consume(job, at)
    if job.good < job.quantity:
        _remake(job, by, at)
    advance(job.work_order_id, by=by, at=at)


def _ready(jobs: Iterable[Job], all_jobs: Iterable[Job], by: str, at: datetime) -> None:
    """Waiting jobs become ready, not before the pieces of the step in front have cured."""
    for job in jobs:
        if job.status == Job.Status.WAITING:
            rest = _rested_at(job, all_jobs)
            stepping.step(job, "ready", by=by, at=at, not_before=rest)


def _rested_at(job: Job, all_jobs: Iterable[Job]) -> datetime | None:
    before = [one for one in all_jobs if one.sequence < job.sequence and one.finished_at]
    last = max((one.sequence for one in before), default=None)
    ends = [
        one.finished_at + timedelta(minutes=one.min_lag_minutes)
        for one in before
        if one.sequence == last and one.finished_at and one.min_lag_minutes
    ]
    return max(ends, default=None)


def _remake(job: Job, by: str, at: datetime) -> None:
    """Make what a job did not bring: its own step again for all that is missing, and the steps
    before it for what was ruined. The next step waits for them."""
    latest = {one.sequence: one for one in job.work_order.jobs.order_by("sequence", "attempt")}
    earlier = [one for sequence, one in latest.items() if sequence < job.sequence]
    ruined = [(one, job.scrap) for one in earlier if job.scrap]
    again = [(latest[job.sequence], job.quantity - job.good)]
    remakes = Job.objects.bulk_create(
        _again(one, pieces, parent=job) for one, pieces in ruined + again
    )
    record(JOB, [(one.pk, "") for one in remakes], "waiting", by=by, at=at, why=f"job {job.pk}")


def _again(job: Job, quantity: int, *, parent: Job) -> Job:
    return Job(
        work_order_id=job.work_order_id,
        sequence=job.sequence,
        name=job.name,
        work_center_id=job.work_center_id,
        capability=job.capability,
        setup_family=job.setup_family,
        quantity=quantity,
        run_minutes=max(1, ceil(job.run_minutes * quantity / job.quantity)),
        teardown_minutes=job.teardown_minutes,
        min_lag_minutes=job.min_lag_minutes,
        max_lag_minutes=job.max_lag_minutes,
        needs_setup=job.needs_setup,
        attempt=job.attempt + 1,
        parent=parent,
    )


def _consume(job: Job, at: datetime) -> None:
    """Book out what the job's pieces took; material enters with the first step."""
    pieces = job.good + job.scrap
    if not pieces or job.work_order.jobs.filter(sequence__lt=job.sequence).exists():
        return
    needed: dict[str, Decimal] = {}
    for line in job.work_order.frozen.get("materials", []):
        needed[line["material"]] = needed.get(line["material"], Decimal(0)) + _taken(line, pieces)
    known = Material.objects.in_bulk(list(needed), field_name="code")
    StockMove.objects.bulk_create(
        [
            StockMove(
                material=known[code],
                quantity=-quantity.quantize(Decimal("0.0001")),
                job=job,
                reason="used",
                dedup_key=f"job-{job.pk}-{known[code].pk}",
                at=at,
            )
            for code, quantity in needed.items()
            if code in known
        ],
        ignore_conflicts=True,
    )
    for code in set(needed) - set(known):
        logger.warning("Job %s used material %s, which is not kept any more.", job.pk, code)


def _taken(line: dict[str, str], pieces: int) -> Decimal:
    """What so many pieces take of a material, the usual scrap included."""
    share_kept = 1 - Decimal(line.get("scrap_percent", "0")) / 100
    return Decimal(line["quantity_per_unit"]) * pieces / share_kept
