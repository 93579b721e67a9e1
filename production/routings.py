"""How one configured product is made: its routing and bill of material, frozen on a work order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_CEILING, Decimal
from typing import TypedDict

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from journal.loading import load
from journal.moving import move_many, record
from orders.catalogue import matches
from production.lifecycle import JOB, WORK_ORDER
from production.models import (
    BOM,
    BOMLine,
    Calendar,
    Job,
    Machine,
    Material,
    Operation,
    Pegging,
    Plant,
    Routing,
    SetupRule,
    Shift,
    WorkCenter,
    WorkOrder,
)
from production.routing_templates import CELLS, TEMPLATES, Template

BATCH = 50  # work orders, or products, of one short write transaction


class CannotBeMade(Exception):
    """A configuration cannot be made here; `reason` says why in plain words."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class UnknownTemplate(Exception):
    """No routing template has this name."""


class FrozenOperation(TypedDict):
    sequence: int
    name: str
    translations: dict[str, dict[str, str]]
    work_center: str
    work_center_id: int
    capability: str
    setup_family: str
    setup_minutes: int
    # per unit, and of the whole quantity with the expected yield counted in
    run_minutes: str
    yield_share: str
    minutes: int
    teardown_minutes: int
    min_lag_minutes: int
    max_lag_minutes: int | None
    batch_max: int | None
    needs_setup: bool


class FrozenMaterial(TypedDict):
    material: str
    quantity_per_unit: str
    scrap_percent: str


class Frozen(TypedDict):
    operations: list[FrozenOperation]
    materials: list[FrozenMaterial]


@dataclass(frozen=True)
class Making:
    """Everything production knows about making one product."""

    product_id: int
    operations: tuple[Operation, ...]
    materials: tuple[BOMLine, ...]
    # work centers in which a change-over may be needed even where the operation names no minutes
    ruled: frozenset[int]


@dataclass(frozen=True)
class Peg:
    """What a part of a work order is for: an order line, or a product's forecast of a week."""

    quantity: int
    line_id: int | None = None
    week: date | None = None


@dataclass(frozen=True)
class Draft:
    """A work order to be made. One for order lines is firm, one for the forecast is not."""

    configuration_id: int
    quantity: int
    due: datetime
    frozen: Frozen
    pegs: tuple[Peg, ...] = ()
    weight: int = 1
    firm: bool = True


# Reading


def makings(product_ids: Iterable[int] | None = None) -> dict[int, Making]:
    """How products are made, by product id, in three queries; a product without routing is left
    out."""
    lines = BOMLine.objects.select_related("material", "bom")
    if product_ids is not None:
        product_ids = list(product_ids)
        lines = lines.filter(bom__product__in=product_ids)
    ruled = frozenset(SetupRule.objects.values_list("work_center_id", flat=True))
    parts: dict[int, list[BOMLine]] = {}
    for line in lines.order_by("bom_id", "position", "pk"):
        parts.setdefault(line.bom.product_id, []).append(line)
    return {
        pk: Making(pk, tuple(found), tuple(parts.get(pk, ())), ruled)
        for pk, found in steps(product_ids).items()
    }


def steps(product_ids: Iterable[int] | None = None) -> dict[int, list[Operation]]:
    """The steps of products in their order, by product id, in one query."""
    operations = Operation.objects.select_related("work_center", "routing")
    if product_ids is not None:
        operations = operations.filter(routing__product__in=list(product_ids))
    found: dict[int, list[Operation]] = {}
    for operation in operations.order_by("routing_id", "sequence"):
        found.setdefault(operation.routing.product_id, []).append(operation)
    return found


def freeze(making: Making | None, values: Mapping[str, object], quantity: int) -> Frozen:
    """The operations and materials of `quantity` pieces of one configuration.

    Raises `CannotBeMade` where the product has no routing or none of its steps applies.
    """
    making, steps = _steps_for(making, values)
    parts = [part for part in making.materials if matches(part.condition, values)]
    return {
        "operations": [_frozen_step(making, step, values, quantity) for step in steps],
        "materials": [_frozen_part(part) for part in parts],
    }


def no_machine(step: str) -> str:
    return _("No machine can do the step “%(step)s”.") % {"step": step}


def largest_batch(making: Making | None, values: Mapping[str, object]) -> int | None:
    """How many pieces of a configuration one work order may hold; None is no limit.

    Raises `CannotBeMade` where `freeze` does.
    """
    _, steps = _steps_for(making, values)
    return min((step.batch_max for step in steps if step.batch_max), default=None)


def _steps_for(
    making: Making | None, values: Mapping[str, object]
) -> tuple[Making, list[Operation]]:
    """The steps that apply. Raises `CannotBeMade` where there are none."""
    if making is None:
        raise CannotBeMade("no_routing", _("Nobody has said yet how this product is made."))
    steps = [step for step in making.operations if matches(step.condition, values)]
    if not steps:
        raise CannotBeMade("no_steps", _("No production step applies to these options."))
    return making, steps


def minutes_for(step: FrozenOperation, quantity: int) -> int:
    """Minutes of running for `quantity` good pieces, at least one."""
    minutes = Decimal(step["run_minutes"]) * quantity / Decimal(step["yield_share"])
    return max(1, int(minutes.to_integral_value(ROUND_CEILING)))


def setup_family(operation: Operation, values: Mapping[str, object]) -> str:
    """The chosen values that the set-up depends on, such as `oak/red`, or the step's name."""
    chosen = [_spoken(values.get(group)) for group in operation.setup_by]
    return ("/".join(word for word in chosen if word) or operation.name)[:60]


def _spoken(value: object) -> str:
    if isinstance(value, list | tuple):
        return "+".join(sorted(str(one) for one in value))
    return "" if value is None else str(value)


def _frozen_step(
    making: Making, step: Operation, values: Mapping[str, object], quantity: int
) -> FrozenOperation:
    frozen: FrozenOperation = {
        "sequence": step.sequence,
        "name": step.name,
        "translations": step.translations,
        "work_center": step.work_center.code,
        "work_center_id": step.work_center_id,
        "capability": step.capability,
        "setup_family": setup_family(step, values),
        "setup_minutes": step.setup_minutes,
        "run_minutes": str(step.run_minutes),
        "yield_share": str(step.expected_yield),
        "minutes": 0,
        "teardown_minutes": step.teardown_minutes,
        "min_lag_minutes": step.min_lag_minutes,
        "max_lag_minutes": step.max_lag_minutes,
        "batch_max": step.batch_max,
        "needs_setup": step.setup_minutes > 0 or step.work_center_id in making.ruled,
    }
    frozen["minutes"] = minutes_for(frozen, quantity)
    return frozen


def _frozen_part(part: BOMLine) -> FrozenMaterial:
    return {
        "material": part.material.code,
        "quantity_per_unit": str(part.quantity),
        "scrap_percent": str(part.scrap_percent),
    }


# Writing work orders


def make_work_orders(drafts: Sequence[Draft], *, by: str, at: datetime) -> list[int]:
    """Work orders with their jobs and pegging, in short transactions that each stand whole; their
    ids."""
    made: list[int] = []
    for start in range(0, len(drafts), BATCH):
        with transaction.atomic():
            made += _make_batch(drafts[start : start + BATCH], by, at)
    return made


def _make_batch(drafts: Sequence[Draft], by: str, at: datetime) -> list[int]:
    last = _last_number()
    numbers = [f"W{last + place:07d}" for place in range(1, len(drafts) + 1)]
    ids = _load_work_orders(numbers, drafts, at)
    record(WORK_ORDER, [(pk, "") for pk in ids], "planned", by=by, at=at)
    pairs = list(zip(ids, drafts, strict=True))
    firm = [(pk, "planned") for pk, draft in pairs if draft.firm]
    record(WORK_ORDER, firm, "firmed", by=by, at=at)
    _load_pegging(pairs)
    _load_jobs(pairs)
    jobs = Job.objects.filter(work_order__in=ids).order_by("pk").values_list("pk", flat=True)
    record(JOB, [(pk, "") for pk in jobs], "waiting", by=by, at=at)
    return ids


def _last_number() -> int:
    last = WorkOrder.objects.filter(number__regex=r"^W\d{7}$").aggregate(last=Max("number"))
    return int(last["last"][1:]) if last["last"] else 0


def _load_work_orders(numbers: Sequence[str], drafts: Sequence[Draft], at: datetime) -> list[int]:
    """Their ids, in the order of the drafts."""
    status = {True: WorkOrder.Status.FIRMED, False: WorkOrder.Status.PLANNED}
    load(
        WorkOrder,
        {
            "number": numbers,
            "status": [status[draft.firm] for draft in drafts],
            "configuration_id": [draft.configuration_id for draft in drafts],
            "quantity": [draft.quantity for draft in drafts],
            "due": [draft.due for draft in drafts],
            "weight": [draft.weight for draft in drafts],
            "frozen": [draft.frozen for draft in drafts],
        },
        created_at=at,
    )
    made = dict(WorkOrder.objects.filter(number__in=numbers).values_list("number", "pk"))
    return [made[number] for number in numbers]


def _load_pegging(pairs: Iterable[tuple[int, Draft]]) -> None:
    pegs = [(order_id, peg) for order_id, draft in pairs for peg in draft.pegs]
    load(
        Pegging,
        {
            "work_order_id": [order_id for order_id, _ in pegs],
            "order_line_id": [peg.line_id for _, peg in pegs],
            "forecast_week": [peg.week for _, peg in pegs],
            "quantity": [peg.quantity for _, peg in pegs],
        },
    )


def _load_jobs(pairs: Iterable[tuple[int, Draft]]) -> None:
    steps = [(pk, draft, step) for pk, draft in pairs for step in draft.frozen["operations"]]
    load(
        Job,
        {
            "work_order_id": [pk for pk, _, _ in steps],
            "sequence": [step["sequence"] for _, _, step in steps],
            "name": [step["name"] for _, _, step in steps],
            "work_center_id": [step["work_center_id"] for _, _, step in steps],
            "capability": [step["capability"] for _, _, step in steps],
            "setup_family": [step["setup_family"] for _, _, step in steps],
            "quantity": [draft.quantity for _, draft, _ in steps],
            "run_minutes": [step["minutes"] for _, _, step in steps],
            "teardown_minutes": [step["teardown_minutes"] for _, _, step in steps],
            "min_lag_minutes": [step["min_lag_minutes"] for _, _, step in steps],
            "max_lag_minutes": [step["max_lag_minutes"] for _, _, step in steps],
            "needs_setup": [step["needs_setup"] for _, _, step in steps],
        },
    )


def resize(order: WorkOrder, quantity: int) -> None:
    """Change how many pieces a work order makes that nobody has begun."""
    frozen: Frozen = order.frozen
    for step in frozen["operations"]:
        step["minutes"] = minutes_for(step, quantity)
    with transaction.atomic():
        WorkOrder.objects.filter(pk=order.pk).update(quantity=quantity, frozen=frozen)
        for step in frozen["operations"]:
            Job.objects.filter(work_order=order, sequence=step["sequence"]).update(
                quantity=quantity, run_minutes=step["minutes"], version=F("version") + 1
            )
    order.quantity = quantity


def cancel(order_ids: Sequence[int], *, by: str, at: datetime, why: str) -> None:
    """Take back work orders that nobody has begun, with their jobs."""
    for start in range(0, len(order_ids), BATCH):
        batch = order_ids[start : start + BATCH]
        with transaction.atomic():
            for old in ("planned", "firmed", "released"):
                orders = WorkOrder.objects.filter(pk__in=batch)
                move_many(WORK_ORDER, orders, old, "cancelled", by=by, at=at, why=why)
            for old in ("waiting", "ready"):
                jobs = Job.objects.filter(work_order__in=batch)
                version = F("version") + 1
                move_many(JOB, jobs, old, "cancelled", by=by, at=at, why=why, version=version)


def release(order_ids: Sequence[int], *, by: str, at: datetime) -> int:
    """Give firm work orders to the floor: the first job of each becomes ready. Idempotent."""
    released = 0
    for start in range(0, len(order_ids), BATCH):
        with transaction.atomic():
            orders = WorkOrder.objects.filter(pk__in=order_ids[start : start + BATCH])
            moved = move_many(WORK_ORDER, orders, "firmed", "released", by=by, at=at)
            first = _first_jobs(moved)
            version = F("version") + 1
            move_many(JOB, first, "waiting", "ready", by=by, at=at, version=version)
            released += len(moved)
    return released


def _first_jobs(order_ids: Sequence[int]) -> "QuerySet[Job]":
    first: dict[int, int] = {}
    jobs = Job.objects.filter(work_order__in=order_ids).order_by("work_order", "sequence")
    for pk, order_id in jobs.values_list("pk", "work_order_id"):
        first.setdefault(order_id, pk)
    return Job.objects.filter(pk__in=first.values())


# Routings of imported products


def build_from_template(product_ids: Iterable[int], template: str) -> int:
    """Give products the routing and bill of material of a template; returns how many it built.

    A routing that was made by hand is left alone, and so is one of the same template: doing it
    again changes nothing. Work centers and materials that the template names are set up where
    they are missing. Raises `UnknownTemplate`.
    """
    if template not in TEMPLATES:
        raise UnknownTemplate(f"{template}: choose one of {', '.join(TEMPLATES)}")
    plan = TEMPLATES[template]
    wanted = list(dict.fromkeys(product_ids))
    with transaction.atomic():
        centers = {code: _cell(code) for code in sorted({step.cell for step in plan.steps})}
        materials = _materials(plan)
    asked = (wanted[start : start + 500] for start in range(0, len(wanted), 500))
    lacking = [pk for some in asked for pk in _lacking(some, template)]
    built = 0
    for start in range(0, len(lacking), BATCH):
        with transaction.atomic():
            built += _build_batch(lacking[start : start + BATCH], template, centers, materials)
    return built


def _lacking(product_ids: Sequence[int], template: str) -> list[int]:
    known = dict(
        Routing.objects.filter(product__in=product_ids).values_list("product_id", "template")
    )
    return [pk for pk in product_ids if known.get(pk) not in ("", template)]


def _build_batch(
    product_ids: Sequence[int],
    template: str,
    centers: Mapping[str, WorkCenter],
    materials: Mapping[str, Material],
) -> int:
    new = _lacking(product_ids, template)
    Routing.objects.filter(product__in=new).delete()
    BOM.objects.filter(product__in=new).delete()
    routings = Routing.objects.bulk_create(Routing(product_id=pk, template=template) for pk in new)
    boms = BOM.objects.bulk_create(BOM(product_id=pk) for pk in new)
    plan = TEMPLATES[template]
    Operation.objects.bulk_create(
        operation for routing in routings for operation in _operations(routing, plan, centers)
    )
    BOMLine.objects.bulk_create(line for bom in boms for line in _bom_lines(bom, plan, materials))
    return len(new)


def _operations(
    routing: Routing, plan: Template, centers: Mapping[str, WorkCenter]
) -> list[Operation]:
    return [
        Operation(
            routing=routing,
            sequence=number * 10,
            name=step.name,
            work_center=centers[step.cell],
            capability=step.capability,
            setup_minutes=step.setup,
            run_minutes=step.run,
            min_lag_minutes=step.lag,
        )
        for number, step in enumerate(plan.steps, 1)
    ]


def _bom_lines(bom: BOM, plan: Template, materials: Mapping[str, Material]) -> list[BOMLine]:
    return [
        BOMLine(
            bom=bom,
            material=materials[part.material],
            quantity=part.quantity,
            scrap_percent=part.scrap_percent,
            position=position,
        )
        for position, part in enumerate(plan.parts)
    ]


def _materials(plan: Template) -> dict[str, Material]:
    return {
        part.material: Material.objects.get_or_create(
            code=part.material, defaults={"name": part.name, "unit": part.unit, "cost": part.cost}
        )[0]
        for part in plan.parts
    }


def _cell(code: str) -> WorkCenter:
    """The work center of this code; a new one gets its machines and the two-shift calendar."""
    existing = WorkCenter.objects.filter(code=code).first()
    if existing:
        return existing
    cell = CELLS[code]
    center = WorkCenter.objects.create(
        plant=_plant(),
        code=code,
        name=cell.name,
        kind=cell.kind,
        calendar=_two_shifts(),
        position=list(CELLS).index(code) + 1,
    )
    Machine.objects.bulk_create(
        Machine(
            work_center=center,
            code=f"{code}-{number}",
            name=f"{cell.name} {number}",
            capabilities=list(cell.capabilities),
        )
        for number in range(1, cell.machines + 1)
    )
    return center


def _plant() -> Plant:
    first = Plant.objects.order_by("pk").first()
    return first or Plant.objects.create(name="Main plant", time_zone=settings.PLANT_TIME_ZONE)


def _two_shifts() -> Calendar:
    calendar, created = Calendar.objects.get_or_create(name="Two shifts")
    if created:
        Shift.objects.bulk_create(
            Shift(calendar=calendar, weekday=day, start=time(6), end=time(22)) for day in range(5)
        )
    return calendar
