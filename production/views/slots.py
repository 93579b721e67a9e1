"""Fragments that other floors' pages show: the work behind an order, the cells now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from journal.access import staff_only
from production.models import Job, Machine, PlanEntry, WorkCenter, WorkOrder
from production.views.queues import jobs_with_plan

BUSY = ("setup", "running", "blocked")
STOPPED = ("down", "maintenance", "unknown")


@dataclass(frozen=True)
class WorkShown:
    """A work order, its jobs with their planned places, and how many of them are done."""

    order: WorkOrder
    jobs: list[tuple[Job, PlanEntry | None]]
    done: int


@dataclass(frozen=True)
class MachineNow:
    machine: Machine
    job: Job | None
    left: timedelta | None
    over: bool
    """The job was to be finished by now."""


@dataclass(frozen=True)
class CellNow:
    cell: WorkCenter
    machines: list[MachineNow]
    busy: int
    stopped: int


@require_GET
@staff_only("production.view_workorder")
def work_of_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Every work order that makes something for an order, with its jobs."""
    pegged = WorkOrder.objects.filter(pegging__order_line__order=order_id).distinct()
    orders = list(pegged.select_related("configuration__product").order_by("due", "pk"))
    jobs = jobs_with_plan(Job.objects.filter(work_order__in=orders))
    work = [_work(order, jobs) for order in orders]
    return render(request, "production/_work_of_order.html", {"work": work})


def _work(order: WorkOrder, rows: list[tuple[Job, PlanEntry | None]]) -> WorkShown:
    jobs = [row for row in rows if row[0].work_order_id == order.pk]
    return WorkShown(order, jobs, sum(job.status == Job.Status.DONE for job, _entry in jobs))


@require_GET
@staff_only("production.view_job")
def cells_now(request: HttpRequest) -> HttpResponse:
    """Every machine by cell: its state, its job, the time that is left."""
    now = timezone.now()
    machines = Machine.objects.filter(active=True).order_by("code")
    cells = WorkCenter.objects.prefetch_related(
        Prefetch("machines", machines),
        Prefetch("machines__jobs", _at_machines(), to_attr="at_work"),
    )
    shown = [_cell(cell, now) for cell in cells]
    return render(request, "production/_cells_now.html", {"cells": [one for one in shown if one]})


def _at_machines() -> "QuerySet[Job]":
    entries = PlanEntry.objects.filter(plan__status="published")
    return (
        Job.objects.at_work()
        .select_related("work_order")
        .prefetch_related(Prefetch("entries", entries, to_attr="planned"))
        .order_by("started_at", "pk")
    )


def _cell(cell: WorkCenter, now: datetime) -> CellNow | None:
    machines = [_machine(machine, now) for machine in cell.machines.all()]
    if not machines:
        return None
    statuses = [one.machine.status for one in machines]
    return CellNow(
        cell,
        machines,
        busy=sum(status in BUSY for status in statuses),
        stopped=sum(status in STOPPED for status in statuses),
    )


def _machine(machine: Machine, now: datetime) -> MachineNow:
    jobs: list[Job] = machine.at_work  # type: ignore[attr-defined]  # prefetched
    job = next((one for one in jobs if one.status in {"setup", "running"}), None)
    job = job or next(iter(jobs), None)
    ends = [entry.end for entry in job.planned] if job else []  # type: ignore[attr-defined]
    left = ends[0] - now if ends else None
    over = left is not None and left <= timedelta()
    return MachineNow(machine, job, None if over else left, over)
