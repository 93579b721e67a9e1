"""Which materials the open work needs, when they run short, and what to buy by when."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from production.calendars import plant_zone
from production.models import Job, Material, Plan, PlanEntry, WorkOrder
from production.replenishment import BomLine, Demand, Item, PeriodLot, explode, net
from production.routings import FrozenMaterial

WEEKS = 4  # shown one by one; what is needed after them stands together
DAYS_BOUGHT_TOGETHER = 7
_SMALLEST = Decimal("0.0001")

ByDay = Mapping[int, Decimal]  # so much on a day, counted from today


@dataclass(frozen=True)
class Purchase:
    quantity: Decimal
    order_by: date
    arrives: date


@dataclass(frozen=True)
class MaterialNeed:
    """A material: needed by week and after the last shown one, and the next purchase.

    `short_on` is the first day on which stock does not suffice if nothing is bought.
    """

    material: Material
    on_hand: Decimal
    weeks: tuple[Decimal, ...]
    later: Decimal
    short_on: date | None
    purchase: Purchase | None
    counted: bool = True
    """Somebody once booked it; else it is taken as not in stock, which is a guess."""

    @property
    def too_late(self) -> bool:
        """What is ordered today comes after it is needed."""
        return bool(self.short_on and self.purchase and self.purchase.arrives > self.short_on)


def weeks_from(today: date) -> list[date]:
    """The Mondays of the weeks that are shown."""
    monday = today - timedelta(days=today.weekday())
    return [monday + timedelta(weeks=n) for n in range(WEEKS)]


def today_of(now: datetime) -> date:
    return now.astimezone(plant_zone()).date()


def needs(now: datetime) -> list[MaterialNeed]:
    """Every material, what runs short first on top; few questions however many there are."""
    today = today_of(now)
    taken = _taken_by_day(today)
    materials = Material.objects.annotate(in_stock=Sum("moves__quantity"))
    found = [_need(one, one.in_stock, taken.get(one.code, {}), today) for one in materials]
    return sorted(found, key=lambda need: (need.short_on or date.max, need.material.name))


def _taken_by_day(today: date) -> dict[str, dict[int, Decimal]]:
    """What unfinished first steps will take on the day on which they begin, by code of the
    material. Jobs of one bill of material and quantity take the same: worked out once.

    Material is booked out when the first step is finished, so a finished one needs none.
    """
    zone = plant_zone()
    alike = Counter(
        (bill, quantity, max(0, (begins.astimezone(zone).date() - today).days))
        for bill, quantity, begins in _first_jobs()
    )
    amounts: dict[tuple[str, int], dict[str, Decimal]] = {}
    found: dict[str, dict[int, Decimal]] = {}
    for (bill, quantity, day), jobs in alike.items():
        if (bill, quantity) not in amounts:
            amounts[bill, quantity] = _taken(json.loads(bill or "[]"), quantity)
        for code, amount in amounts[bill, quantity].items():
            days = found.setdefault(code, {})
            days[day] = days.get(day, Decimal(0)) + amount * jobs
    return found


def _first_jobs() -> "QuerySet[Job, tuple[str, int, datetime]]":
    """The bill of material of each as JSON, the pieces, and when it is planned to begin or due."""
    earlier = Job.objects.filter(
        work_order=OuterRef("work_order"), sequence__lt=OuterRef("sequence")
    )
    entry = PlanEntry.objects.filter(plan__status=Plan.Status.PUBLISHED, job=OuterRef("pk"))
    first = Job.objects.unfinished().filter(
        ~Exists(earlier), work_order__status__in=WorkOrder.OPEN_STATUSES
    )
    planned = Subquery(entry.values("setup_start")[:1])
    return first.order_by().values_list(
        KeyTextTransform("materials", "work_order__frozen"),
        "quantity",
        Coalesce(planned, "work_order__due"),
    )


def _taken(lines: list[FrozenMaterial], quantity: int) -> dict[str, Decimal]:
    """What so many pieces take of each material, the usual scrap included."""
    taken: dict[str, Decimal] = {}
    for need in explode({"piece": list(_bom_lines(lines))}, "piece", quantity, {}):
        rounded = Decimal(need.quantity).quantize(_SMALLEST)
        taken[need.item] = taken.get(need.item, Decimal(0)) + rounded
    return taken


def _bom_lines(lines: list[FrozenMaterial]) -> Iterator[BomLine]:
    for line in lines:
        quantity = Decimal(line["quantity_per_unit"])
        if quantity > 0:
            yield BomLine(line["material"], quantity, Decimal(line["scrap_percent"]) / 100)


def _need(material: Material, booked: Decimal | None, taken: ByDay, today: date) -> MaterialNeed:
    on_hand = Decimal(booked or 0)
    by_week = _by_week(taken, today)
    demands = [Demand(str(day), day, quantity) for day, quantity in taken.items()]
    stock = max(on_hand, Decimal(0))
    lacking = net(Item(stock), demands).net
    item = Item(
        stock,
        material.safety_stock,
        material.lead_days,
        sizing=PeriodLot(DAYS_BOUGHT_TOGETHER),
    )
    orders = net(item, demands).orders
    return MaterialNeed(
        material,
        on_hand,
        tuple(by_week.get(week, Decimal(0)) for week in range(WEEKS)),
        sum((q for week, q in by_week.items() if week >= WEEKS), Decimal(0)),
        today + timedelta(days=lacking[0][0]) if lacking else None,
        _purchase(orders[0].quantity, orders[0].start, orders[0].due, today) if orders else None,
        counted=booked is not None,
    )


def _purchase(quantity: Decimal | int, start: int, due: int, today: date) -> Purchase:
    days = today + timedelta(days=start), today + timedelta(days=due)
    return Purchase(Decimal(quantity), *days)


def _by_week(taken: ByDay, today: date) -> Mapping[int, Decimal]:
    found: dict[int, Decimal] = {}
    for day, quantity in taken.items():
        week = (today.weekday() + day) // 7
        found[week] = found.get(week, Decimal(0)) + quantity
    return found
