"""A small shop floor for the tests: two print cells, an assembly bench, Bob and his terminal."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from orders.models import Configuration, Product, ProductFamily
from production import terminals
from production.models import (
    Calendar,
    Job,
    Machine,
    Operator,
    Plan,
    PlanEntry,
    Plant,
    WorkCenter,
    WorkOrder,
)

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BOB = "terminal:print-t1/B042"


@dataclass
class Floor:
    printing: WorkCenter
    assembly: WorkCenter
    printer: Machine
    bench: Machine
    bob: Operator
    token: str
    configuration: Configuration
    orders: list[WorkOrder] = field(default_factory=list)

    def work_order(self, quantity: int = 5, *, lag: int = 0, **frozen: Any) -> WorkOrder:
        """Print, then assemble; released, so the printing is ready."""
        number = len(self.orders) + 1
        order = WorkOrder.objects.create(
            number=f"T{number:04d}",
            status="released",
            configuration=self.configuration,
            quantity=quantity,
            due=MONDAY + timedelta(days=number),
            frozen={"operations": [], "materials": [], **frozen},
            created_at=MONDAY,
        )
        self._job(order, 10, "Print", self.printing, "ready", lag)
        self._job(order, 20, "Assemble", self.assembly, "waiting", 0)
        self.orders.append(order)
        return order

    def _job(
        self, order: WorkOrder, sequence: int, name: str, at: WorkCenter, status: str, lag: int
    ) -> None:
        Job.objects.create(
            work_order=order,
            sequence=sequence,
            name=name,
            work_center=at,
            status=status,
            quantity=order.quantity,
            run_minutes=10 * order.quantity,
            min_lag_minutes=lag,
        )

    def plan(self, *jobs: Job, machine: Machine | None = None) -> Plan:
        """A published plan that holds these jobs one after the other."""
        plan = Plan.objects.filter(status="published").first() or Plan.objects.create(
            status="published", as_of=MONDAY, created_at=MONDAY, solver="hand"
        )
        for hour, job in enumerate(jobs):
            start = MONDAY + timedelta(hours=hour)
            PlanEntry.objects.create(
                plan=plan,
                job=job,
                machine=machine or self.printer,
                setup_start=start,
                start=start,
                end=start + timedelta(hours=1),
            )
        return plan


def build() -> Floor:
    plant = Plant.objects.create(name="Main", time_zone="Europe/Berlin")
    hours = Calendar.objects.create(name="Always")
    printing, assembly = (
        WorkCenter.objects.create(plant=plant, code=code, name=code, kind="line", calendar=hours)
        for code in ("print", "assembly")
    )
    family = ProductFamily.objects.create(code="lamps", name="Lamps")
    lamp = Product.objects.create(sku="LAMP", name="Lamp", family=family, base_price=40)
    configuration = Configuration.objects.create(
        product=lamp, values={"colour": "red"}, digest="d", created_at=MONDAY
    )
    return Floor(
        printing,
        assembly,
        Machine.objects.create(work_center=printing, code="print-1", name="Printer 1"),
        Machine.objects.create(work_center=assembly, code="bench-1", name="Bench 1"),
        Operator.objects.create(name="Bob", badge="B042"),
        terminals.make_token("print-t1", printing, now=MONDAY),
        configuration,
    )


class Terminal:
    """A terminal as its program sees it: a token, a badge, fresh keys."""

    def __init__(self, token: str, badge: str = "B042") -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Token {token}"}
        self.badge = badge
        self.sent = 0

    def queue(self) -> Any:
        return self.client.get(reverse("terminal-queue"), headers=self.headers)

    def claim(self, key: str | None = None, **body: Any) -> Any:
        return self._post(reverse("terminal-claim"), key, body)

    def step(self, name: str, job: dict[str, Any], key: str | None = None, **body: Any) -> Any:
        """POST a step of a job as the terminal last saw it."""
        address = reverse(f"terminal-{name}", args=[job["id"]])
        return self._post(address, key, {"version": job["version"], **body})

    def acknowledge(self, machine: Machine, key: str | None = None) -> Any:
        return self._post(reverse("terminal-acknowledge", args=[machine.pk]), key, {})

    def _post(self, address: str, key: str | None, body: dict[str, Any]) -> Any:
        self.sent += 1
        return self.client.post(
            address,
            {"operator": self.badge, **body},
            content_type="application/json",
            headers={**self.headers, "Idempotency-Key": key or f"k{self.sent}"},
        )
