"""What every cell does now and next, and a work order from its first step to its last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from journal.access import staff_only
from journal.moving import timeline
from journal.telling import told
from orders.catalogue import describe, sheet
from production.lifecycle import WORK_ORDER
from production.models import Job, Machine, Pegging, PlanEntry, WorkCenter, WorkOrder
from production.queues import QueueItem, queue_of
from production.versions import line_of


@dataclass(frozen=True)
class Row:
    """A job of a queue. `change`: the set-up that the planned machine changes to before it."""

    item: QueueItem
    machine: Machine | None
    change: str
    late: bool


@require_GET
@staff_only("production.view_job")
def queues(request: HttpRequest) -> HttpResponse:
    floor = Q(jobs__work_order__status__in=WorkOrder.ON_THE_FLOOR)
    machines = Machine.objects.filter(active=True).order_by("code")
    cells = WorkCenter.objects.annotate(
        at_work=Count("jobs", filter=Q(jobs__status__in=Job.AT_WORK)),
        ready=Count("jobs", filter=floor & Q(jobs__status="ready")),
        coming=Count("jobs", filter=floor & Q(jobs__status="waiting")),
        next_due=Min("jobs__work_order__due", filter=floor & Q(jobs__status="ready")),
    ).prefetch_related(Prefetch("machines", machines))
    context = {"cells": list(cells), "now": timezone.now()}
    return render(request, "production/queues.html", context)


@require_GET
@staff_only("production.view_job")
def queue(request: HttpRequest, code: str) -> HttpResponse:
    now = timezone.now()
    cell = get_object_or_404(WorkCenter, code=code)
    found = queue_of(cell.pk, now)
    machines = {one.pk: one for one in cell.machines.filter(active=True)}
    rows = _rows([*found.at_work, *found.ready, *found.coming], machines, now)
    context = {
        "cell": cell,
        "machines": _with_jobs(machines.values(), found.at_work),
        "at_work": rows[: len(found.at_work)],
        "ready": rows[len(found.at_work) : len(found.at_work) + len(found.ready)],
        "coming": rows[len(found.at_work) + len(found.ready) :],
        "now": now,
    }
    return render(request, "production/queue.html", context)


def _with_jobs(
    machines: Iterable[Machine], at_work: Iterable[QueueItem]
) -> list[tuple[Machine, Job | None]]:
    """Every machine with the job that it runs, else one that was claimed for it."""
    jobs: dict[int, Job] = {}
    for item in at_work:
        machine_id = item.job.machine_id
        if machine_id and (machine_id not in jobs or item.job.status in {"setup", "running"}):
            jobs[machine_id] = item.job
    return [(machine, jobs.get(machine.pk)) for machine in machines]


def _rows(items: list[QueueItem], machines: dict[int, Machine], now: datetime) -> list[Row]:
    """Follow each machine's set-up through its jobs in the planned order."""
    held = {pk: one.setup_family for pk, one in machines.items()}
    rows = []
    for item in items:
        machine_id = item.job.machine_id or item.planned_machine_id or 0
        family = item.job.setup_family
        change = family if family and held.get(machine_id, "") != family else ""
        if family:
            held[machine_id] = family
        late = item.job.work_order.due < now
        rows.append(Row(item, machines.get(machine_id), change, late))
    return rows


@require_GET
@staff_only("production.view_workorder")
def work_order(request: HttpRequest, pk: int) -> HttpResponse:
    pegs = Pegging.objects.select_related("order_line__order__customer")
    orders = WorkOrder.objects.select_related("configuration").prefetch_related(
        Prefetch("pegging", pegs)
    )
    found = get_object_or_404(orders, pk=pk)
    made = sheet(found.configuration.product_id)
    context = {
        "order": found,
        "name": made.name,
        "sku": made.sku,
        "options": describe(made, found.configuration.values),
        "jobs": jobs_with_plan(found.jobs.all()),
        "materials": found.frozen.get("materials", []),
        "timeline": told(timeline(WORK_ORDER, found.pk)),
        "late": found.status in WorkOrder.OPEN_STATUSES and found.due < timezone.now(),
        "helped": line_of(found) if found.status in WorkOrder.OPEN_STATUSES else None,
    }
    return render(request, "production/work_order.html", context)


def jobs_with_plan(jobs: "QuerySet[Job]") -> list[tuple[Job, PlanEntry | None]]:
    """Jobs and what the published plan says of them, in two queries."""
    found = list(jobs.select_related("work_center", "machine", "operator"))
    entries = PlanEntry.objects.filter(plan__status="published", job__in=found)
    planned = {entry.job_id: entry for entry in entries.select_related("machine")}
    return [(job, planned.get(job.pk)) for job in found]
