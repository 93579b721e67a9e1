"""A small shop in full swing, for the pages of staff: built once, around the present moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from config.models import CycleRun
from journal.moving import record
from orders import lifecycle
from orders.models import Order, OrderLine, PromiseRevision
from production import netting, planning
from production.lifecycle import JOB
from production.models import (
    BOM,
    BOMLine,
    GapMeasurement,
    Job,
    JobReport,
    Machine,
    Material,
    Operator,
    SetupRule,
    WorkCenter,
    WorkOrder,
)
from production.replanning import REPLANNING
from tests.production import workshop

BOB = "staff:bob"


@dataclass(frozen=True)
class Works:
    order: Order
    work_order: WorkOrder


def address(works: Works, name: str) -> str:
    args: dict[str, list[object]] = {
        "orders:staff-order": [works.order.pk],
        "orders:staff-customer": [works.order.customer_id],
        "production:queue": ["paint"],
        "production:work-order": [works.work_order.pk],
    }
    return reverse(name, args=args.get(name, []))


def build() -> Works:
    """Alice's order is ready in part and late; Bob paints; a gate cannot be made."""
    if not WorkCenter.objects.exists():
        _build(timezone.now())
    order = Order.objects.get(lines__shipments__carrier="DHL")
    made = WorkOrder.objects.filter(pegging__order_line__order=order).earliest("pk")
    return Works(order, made)


def _build(now: datetime) -> None:
    always = {"days": range(7), "hours": (0, 0)}
    saw = workshop.center("saw", machines=2, **always)
    paint = workshop.center("paint", machines=1, capability="spray", **always)
    SetupRule.objects.create(work_center=paint, from_family="white", to_family="black", minutes=40)
    Machine.objects.filter(code="paint-1").update(setup_family="white", status="running")
    Machine.objects.filter(code="saw-2").update(status="down")
    spraying = {"setup_by": ["colour"], "setup_minutes": 15, "capability": "spray"}
    lamp = workshop.product("lamp", (saw, {}), (paint, spraying), colours=("white", "black"))
    gate = workshop.product("gate", (paint, {"name": "Weld", "capability": "steel"}))
    resin = Material.objects.create(code="resin", name="Resin", unit="kg", safety_stock=5)
    BOMLine.objects.create(bom=BOM.objects.create(product=lamp), material=resin, quantity=2)
    placed = now - timedelta(days=9)
    due = now.date() - timedelta(days=2)
    for number in range(12):
        colour = ("white", "black")[number % 2]
        of_lamp = {"values": {"colour": colour}, "placed": placed + timedelta(hours=number)}
        day = due + timedelta(days=number)
        workshop.line(lamp, 3 + number, day, who=f"Alice {number}", **of_lamp)
    workshop.line(gate, 1, due, placed=placed, who="Carol")
    netting.run(now - timedelta(days=8))
    planning.run(now - timedelta(hours=1))
    _ship_some(now)
    _work(now)
    _measure(now)


def _ship_some(now: datetime) -> None:
    """Alice's order gets a second and a third line: one sent, one ready to be sent."""
    first = OrderLine.objects.earliest("pk")
    PromiseRevision.objects.create(
        line=first,
        p50=now.date(),
        p90=now.date(),
        committed_date=now.date() - timedelta(days=1),
        cause="The machines are busy with other orders.",
        at=now,
    )
    OrderLine.objects.filter(pk=first.pk).update(committed_date=now.date() - timedelta(days=1))
    rest = {"configuration": first.configuration, "unit_price": 10, "committed_date": now.date()}
    sent, _ready = (
        OrderLine.objects.create(
            order=first.order, position=position, quantity=2, status="ready", **rest
        )
        for position in (2, 3)
    )
    lifecycle.ship(first.order_id, [sent.pk], "DHL", "00340434", by=BOB, at=now)


def _work(now: datetime) -> None:
    bob = Operator.objects.create(name="Bob", badge="B042")
    spray = Job.objects.filter(work_center__code="paint", capability="spray").earliest("pk")
    Job.objects.filter(pk=spray.pk).update(
        status="running",
        machine=Machine.objects.get(code="paint-1"),
        operator=bob,
        started_at=now - timedelta(minutes=10),
        good=1,
    )
    record(JOB, [(spray.pk, "ready")], "dispatched", by="terminal:paint-1/B042", at=now)
    JobReport.objects.create(job=spray, good=57, scrap=3, by="terminal:paint-1/B042", at=now)


def _measure(now: datetime) -> None:
    monday = now.date() - timedelta(days=now.weekday() + 7)
    figures = {
        "choice": (1.8, 42, 0, {"baseline_bits": 2.4, "saved_bits": 0.6, "later_share": None}),
        "mix": (0.18, 120, 100, {}),
        "volume": (0.3, 120, 100, {"bias": -0.17, "money": 1234.5, "currency": "EUR"}),
        "time": (2.5, 42, 30, {"later_share": 0.29}),
    }
    for measure, (value, wanted, answered, details) in figures.items():
        GapMeasurement.objects.create(
            measure=measure,
            week=monday,
            value=value,
            wanted=wanted,
            answered=answered,
            details=details,
            measured_at=now,
        )
    steps = [
        {"step": "collect", "code": "collected", "facts": {"open": 13, "unmet": 2, "done": 0}},
        {
            "step": "plan",
            "code": "planned",
            "facts": {"operations": 24, "refused": 1, "released": 2},
        },
    ]
    CycleRun.objects.create(
        status="done",
        as_of=now,
        started_at=now,
        finished_at=now,
        steps=[{**step, "seconds": 1.25} for step in steps],
    )
    record(REPLANNING, [(1, "")], "queued", by=BOB, at=now)
    record(REPLANNING, [(1, "queued")], "running", by=BOB, at=now)
