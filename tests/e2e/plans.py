"""Plans for the pages that show how they turned out: searched, replaced, rejected, forgotten."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from journal.models import Transition
from journal.moving import move, record
from orders.models import Product
from production import mending, netting, planning, pruning, remedies
from production.lifecycle import MACHINE, PLAN
from production.models import Job, Machine, Pegging, Plan, WorkCenter
from production.remedies import REMEDIES, WHOLE_PLAN
from production.replanning import REPLANNING
from production.scheduling import Fault, Violation
from tests.e2e import works
from tests.production import workshop

SHELVES = 60
COLOURS = ("white", "black", "oak")


def _several() -> None:
    """A crowded painter: Alice's shelves, then Bob's urgent ones in front of them."""
    if Plan.objects.count() > 1:
        return
    works.build()
    now = timezone.now()
    Transition.objects.filter(kind=REPLANNING.kind).delete()
    shelf, placed = _shelf(), now - timedelta(hours=3)
    for number in range(SHELVES):
        values = {"colour": COLOURS[number % 3]}
        due = now.date() + timedelta(days=3 + number % 5)
        workshop.line(shelf, 10, due, values, placed, who=f"Alice {number}")
    netting.run(now - timedelta(minutes=50))
    planning.run(now - timedelta(minutes=50), by="staff:alice")
    Machine.objects.filter(code="saw-2").update(status="idle")
    for number in range(6):
        values = {"colour": COLOURS[number % 3]}
        due = now.date() + timedelta(days=4)
        workshop.line(shelf, 10, due, values, placed, who=f"Bob {number}")
    netting.run(now - timedelta(minutes=10))
    planning.run(now - timedelta(minutes=10), by="staff:bob")


def _shelf() -> Product:
    """Sawn and painted ten at a time."""
    saw, paint = (WorkCenter.objects.get(code=code) for code in ("saw", "paint"))
    spraying = {"setup_by": ["colour"], "setup_minutes": 15, "capability": "spray"}
    steps = (saw, {"batch_max": 10}), (paint, {**spraying, "batch_max": 10})
    made: Product = workshop.product("shelf", *steps, colours=COLOURS)
    return made


def newest(user: Any) -> str:
    _several()
    return reverse("production:plan", args=[Plan.objects.published().get().pk])


def mended(user: Any) -> str:
    """A plan that was repaired as the painter's first machine stopped."""
    _several()
    now, machine = timezone.now(), Machine.objects.get(code="paint-1")
    record(MACHINE, [(machine.pk, machine.status)], "down", by="terminal:paint", at=now)
    Machine.objects.filter(pk=machine.pk).update(status="down")
    mending.run(now)
    return reverse("production:planning")


def two(user: Any) -> str:
    _several()
    return reverse("production:compare-plans")


def forgotten(user: Any) -> str:
    """The first of several plans; its hours are gone."""
    _several()
    planning.run(timezone.now())
    pruning.prune(timezone.now() + timedelta(hours=2))
    return reverse("production:plan", args=[Plan.objects.earliest("pk").pk])


def helped(user: Any) -> str:
    """What would help the whole plan, answered."""
    _several()
    _answer(WHOLE_PLAN)
    return reverse("production:what-helps")


def helped_line(user: Any) -> str:
    """What would help the line of the order that is the latest of those for a customer."""
    _several()
    late = Plan.objects.published().get().report["late"]
    ids = [work_order_id for work_order_id, *_ in late]
    lines = dict(
        Pegging.objects.filter(work_order__in=ids, order_line__isnull=False).values_list(
            "work_order_id", "order_line_id"
        )
    )
    line_id = next(lines[one] for one in ids if one in lines)
    _answer(line_id)
    return reverse("production:what-helps", args=[line_id])


def being_tried(user: Any) -> str:
    now = timezone.now()
    record(REMEDIES, [(WHOLE_PLAN, "")], "queued", by="staff:bob", at=now)
    record(REMEDIES, [(WHOLE_PLAN, "queued")], "running", by="staff:bob", at=now)
    return reverse("production:what-helps")


def _answer(line_id: int) -> None:
    if remedies.answer(line_id) is None or remedies.newest(line_id, timezone.now()) is None:
        record(REMEDIES, [(line_id, "")], "queued", by="staff:bob", at=timezone.now())
        remedies.run(line_id, clock=timezone.now)


def rejected(name: str) -> Callable[[Any], str]:
    """A page after a plan in which the check found faults."""

    def build(user: Any) -> str:
        _several()
        plan = Plan.objects.filter(status="rejected").first() or _rejected()
        return reverse(name, args=[plan.pk] if name == "production:plan" else [])

    return build


def _rejected() -> Plan:
    now, standing = timezone.now(), Plan.objects.published().get()
    steps = list(Job.objects.order_by("pk")[:3])
    faults = [
        *(Violation(Fault.OVERLAP, str(one.pk), "paint-1 is busy to 4480") for one in steps),
        Violation(Fault.MIN_LAG, str(steps[0].pk), "waits 20 of at least 90 minutes"),
    ]
    plan = Plan.objects.create(
        as_of=now,
        created_at=now,
        solver="edd",
        metrics=standing.metrics,
        report={"search": standing.report["search"]},
        violations=[asdict(one) for one in faults],
    )
    record(PLAN, [(plan.pk, "")], "draft", by="system", at=now)
    move(PLAN, plan, "rejected", by="system", at=now)
    return plan
