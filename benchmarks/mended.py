"""The story that `benchmarks.mending` tells, on the shop that the settings name."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from django.db.models import Sum

from config.sheets import SHOP
from journal import dispatch
from journal.sheets import apply, check, read_files
from production import calm, feedback, figures, mending, planning, queues, scheduling
from production.models import Job, Machine, Plan, PlanEntry, WorkOrder
from production.queues import Claimant, NotReady
from production.scheduling import Problem, Schedule
from production.scheduling.nervousness import Place, nervousness, places

BY = "benchmark"
PIECES = 3


def story(hours: float) -> dict[str, Any]:
    plan = Plan.objects.published().get()
    at = plan.as_of + timedelta(hours=hours)
    story = {"operations": plan.metrics["operations"], "worked": _work_until(at)}
    story["breakdown"] = _told(at, _break_down)
    at += timedelta(minutes=30)
    story["then"] = _work_until(at)
    story["rush"] = _told(at, _rush)
    return story


def _work_until(at: datetime) -> dict[str, int]:
    """The floor does what the plan says, to the minute: steps done, and those at work.

    What is only foreseen is not released to the floor; so are steps that wait for it.
    """
    entries = PlanEntry.objects.filter(plan__status="published", start__lt=at)
    steps = [(one.end, 0, one) for one in entries if one.end <= at]
    steps += [(one.start, 1, one) for one in entries]
    for moment, beginning, entry in sorted(steps, key=lambda step: (*step[:2], step[2].pk)):
        if beginning:
            _begin(entry, moment)
        else:
            _finish(entry, moment)
    dispatch.drain(at)
    done = Job.objects.filter(status="done", finished_at__lte=at, reports__by=BY).count()
    return {"done": done, "at_work": Job.objects.at_work().count()}


def _begin(entry: PlanEntry, at: datetime) -> None:
    claimant = Claimant(BY, machine_id=entry.machine_id)
    center = entry.machine.work_center_id
    try:
        job = queues.claim(center, claimant, now=at, job_id=entry.job_id)
    except NotReady:
        return
    job = feedback.setup(job.pk, version=job.version, by=BY, at=at)
    feedback.start(job.pk, version=job.version, by=BY, at=at)


def _finish(entry: PlanEntry, at: datetime) -> None:
    job = Job.objects.get(pk=entry.job_id)
    if job.status == Job.Status.RUNNING:
        feedback.finish(job.pk, version=job.version, by=BY, at=at, good=job.quantity)


# What happens


def _break_down(at: datetime) -> dict[str, Any]:
    """The running job on the machine with the most work in the next two days fails."""
    near = PlanEntry.objects.filter(
        plan__status="published", end__lte=at + timedelta(days=2), end__gt=at
    )
    running = near.filter(machine__jobs__status="running")
    work = running.values("machine").annotate(n=Sum("job__run_minutes")).order_by("-n").first()
    if work is None:
        raise SystemExit(f"Nothing runs at {at:%A %H:%M} UTC. Choose other hours with --after.")
    machine = Machine.objects.get(pk=work["machine"])
    job = Job.objects.get(machine=machine, status="running")
    feedback.fail(job.pk, version=job.version, by=BY, at=at, reason="the belt tore")
    return {"machine": machine.name, "job": str(job)}


def _rush(at: datetime) -> dict[str, Any]:
    """A row of the table of open orders: a product that is in work, critical, to be finished by
    the end of tomorrow (packing and transit take three days)."""
    like = WorkOrder.objects.filter(status="released").order_by("-pk")[0].configuration
    row = {
        "order": "RUSH-1",
        "position": 1,
        "product": like.product.sku,
        "options": "; ".join(f"{name}={value}" for name, value in like.values.items()),
        "quantity": PIECES,
        "placed_on": at.date().isoformat(),
        "due_on": (at.date() + timedelta(days=4)).isoformat(),
        "priority": "critical",
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        with file.open("w", newline="") as table:
            writer = csv.DictWriter(table, row)
            writer.writeheader()
            writer.writerow(row)
        read = check(SHOP, read_files([file], SHOP))
    if read.problems:
        raise ValueError(str(read.problems[0]))
    apply(SHOP, read, at=at, by=BY)
    return {"product": like.product.label, "pieces": PIECES}


# What comes of it


def _told(at: datetime, happens: Callable[[datetime], dict[str, Any]]) -> dict[str, Any]:
    """Let something happen, have the plan mended, and hold it against other plans.

    The repair is made once more for its figures: the same input gives the same plan.
    """
    before = Plan.objects.published().get()
    calmly = planning.read(at, by=BY)
    undisturbed = scheduling.right_shifted(calmly.problem, _places(before, calmly))
    told = happens(at)
    dispatch.drain(at)
    began, cpu = perf_counter(), process_time()
    mended = mending.run(at, by=BY)
    took = {"seconds": perf_counter() - began, "cpu_seconds": process_time() - cpu}
    if mended is None:
        raise RuntimeError("nothing was mended")
    reading = planning.read(at, by=BY)
    then, problem = _places(before, reading), reading.problem
    stability = calm.stability(before, reading.origin)
    began = process_time()
    ours = scheduling.repaired(problem, then, stability, timed=mending.TIMED)
    kernel = round(1000 * (process_time() - began))
    shifted = scheduling.right_shifted(problem, then)
    new = [one.id for one in problem.jobs if not any(o.id in then for o in one.operations)]
    at_work = {str(pk): str(m) for pk, m in Job.objects.at_work().values_list("pk", "machine")}
    return {
        **told,
        **{name: round(value, 2) for name, value in took.items()},
        "kernel_cpu_ms": kernel,
        "kernel_ms": mended.plan.metrics["repaired"]["milliseconds"],
        "published": mended.plan.status,
        "as_published": _places(mended.plan, reading) == places(ours),
        "begun_steps": len(at_work),
        "begun_steps_stay": all(ours.by_operation[o].machine_id == m for o, m in at_work.items()),
        "new_orders": len(new),
        "undisturbed": undisturbed.totals.objective,
        "ours": _figures(problem, then, ours, new),
        "right_shift": _figures(problem, then, shifted, new),
        "searched_behind": _searched(then, reading, new),
    }


def _searched(
    then: Mapping[str, Place], reading: planning.Reading, new: Iterable[str]
) -> dict[str, Any]:
    """The plan that follows the repair: searched in full, the repaired one being seen by now."""
    repaired = Plan.objects.published().get()
    stability = calm.stability(repaired, reading.origin)
    began = process_time()
    plan = scheduling.schedule(reading.problem, threads=2, stability=stability)
    took = round(process_time() - began, 2)
    since = nervousness(
        _places(repaired, reading), figures.free_places(plan), tolerance=15, until=2880
    )
    told = _figures(reading.problem, then, plan, new)
    return {**told, "near_since_repair": asdict(since), "cpu_seconds": took}


def _places(plan: Plan, reading: planning.Reading) -> dict[str, Place]:
    return figures.planned_places(plan, reading.origin)


def _figures(
    problem: Problem, then: Mapping[str, Place], plan: Schedule, new: Iterable[str]
) -> dict[str, Any]:
    now = figures.free_places(plan)
    near = nervousness(then, now, tolerance=figures.CALM_MINUTES, until=2880)
    whole = nervousness(then, now, tolerance=figures.CALM_MINUTES)
    late = sum(max(0, plan.finish[one] - problem.job[one].due) for one in new)
    return {
        "objective": plan.totals.objective,
        "late_orders": plan.totals.late_jobs,
        "new_orders_late_minutes": late,
        "near": asdict(near),
        "whole": asdict(whole),
        "faults": len(scheduling.check(problem, plan)),
    }
