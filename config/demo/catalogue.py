"""Write the demo catalogue and workshop into an empty shop."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from config.demo import floor, making
from config.demo.holidays import public_holidays
from config.demo.products import FAMILIES, ITEMS
from config.demo.sheets import Item, Question
from config.demo.truth import Truth, launch_day
from orders.models import (
    ConfigurationRule,
    OptionGroup,
    OptionValue,
    Product,
    ProductFamily,
)
from production.models import (
    BOM,
    BOMLine,
    Calendar,
    CalendarException,
    Machine,
    Material,
    Operation,
    Operator,
    Plant,
    Routing,
    SetupRule,
    Shift,
    StockMove,
    WorkCenter,
)

CHINESE = "zh-hans"


def write_catalogue(truth: Truth) -> None:
    """Families, products, questions, answers and rules."""
    families = {
        family.code: ProductFamily.objects.create(
            code=family.code,
            name=family.en,
            translations=_called(family.zh),
            routing_template=family.template,
            position=position,
        )
        for position, family in enumerate(FAMILIES)
    }
    for item in ITEMS:
        _write_item(item, families[item.family], launch_day(item, truth.anchor))


@transaction.atomic
def _write_item(item: Item, family: ProductFamily, launch: date | None) -> None:
    product = Product.objects.create(
        sku=item.sku,
        name=item.en,
        description=item.text,
        translations={CHINESE: {"name": item.zh, "description": item.text_zh}},
        family=family,
        make_policy=item.policy,
        base_price=Decimal(item.price),
        picture=item.picture,
        sold_from=launch,
    )
    groups = OptionGroup.objects.bulk_create(
        _group(product, question, position) for position, question in enumerate(item.questions)
    )
    OptionValue.objects.bulk_create(
        value
        for group, question in zip(groups, item.questions, strict=True)
        for value in _values(group, question)
    )
    ConfigurationRule.objects.bulk_create(
        ConfigurationRule(
            product=product,
            kind=rule.kind,
            condition=rule.condition,
            consequence=rule.consequence,
            message=rule.en,
            translations={CHINESE: {"message": rule.zh}},
        )
        for rule in item.rules
    )


def _group(product: Product, question: Question, position: int) -> OptionGroup:
    return OptionGroup(
        product=product,
        code=question.code,
        name=question.en,
        translations=_called(question.zh),
        kind=question.kind,
        required=question.required and question.kind not in {"bool", "multi"},
        minimum=question.limit(question.minimum),
        maximum=question.limit(question.maximum),
        step=question.limit(question.step),
        unit=question.unit,
        price_delta=Decimal(question.price),
        default=question.default,
        position=position,
    )


def _values(group: OptionGroup, question: Question) -> Iterator[OptionValue]:
    for position, choice in enumerate(question.choices):
        yield OptionValue(
            group=group,
            code=choice.code,
            name=choice.en,
            translations=_called(choice.zh),
            price_delta=Decimal(choice.price),
            attributes=dict(choice.attributes),
            position=position,
        )


def _called(name: str) -> dict[str, dict[str, str]]:
    return {CHINESE: {"name": name}}


def write_floor(truth: Truth, plant: Plant) -> None:
    """Calendars, work centers, machines, people, change-overs, materials and routings."""
    calendars = {name: _calendar(name, truth) for name in floor.SHIFTS}
    centers = {
        cell.code: _center(plant, cell, calendars[cell.calendar], position)
        for position, cell in enumerate(floor.CELLS)
    }
    Operator.objects.bulk_create(
        Operator(name=person.name, badge=person.badge, skills=list(person.skills))
        for person in floor.PEOPLE
    )
    SetupRule.objects.bulk_create(
        SetupRule(
            work_center=centers[change.cell],
            from_family=change.before,
            to_family=change.after,
            minutes=change.minutes,
        )
        for change in floor.changes()
    )
    materials = _materials(truth)
    for product in Product.objects.all():
        _routing(product, centers)
        _bill(product, materials)


@transaction.atomic
def _calendar(name: str, truth: Truth) -> Calendar:
    calendar = Calendar.objects.create(name=name)
    Shift.objects.bulk_create(
        Shift(
            calendar=calendar,
            weekday=weekday,
            start=time.fromisoformat(opens),
            end=time.fromisoformat(closes),
        )
        for weekdays, (opens, closes) in floor.SHIFTS[name].items()
        for weekday in weekdays
    )
    CalendarException.objects.bulk_create(
        CalendarException(calendar=calendar, day=day, reason=reason)
        for year in range(truth.opening.year, truth.anchor.year + 3)
        for day, reason in public_holidays(year).items()
    )
    return calendar


@transaction.atomic
def _center(plant: Plant, cell: floor.Cell, calendar: Calendar, position: int) -> WorkCenter:
    center = WorkCenter.objects.create(
        plant=plant,
        code=cell.code,
        name=cell.en,
        translations=_called(cell.zh),
        kind=cell.kind,
        calendar=calendar,
        position=position,
    )
    Machine.objects.bulk_create(
        Machine(
            work_center=center,
            code=tool.code,
            name=tool.name,
            capabilities=list(tool.capabilities),
            setup_family=tool.setup_family,
        )
        for tool in cell.tools
    )
    return center


@transaction.atomic
def _materials(truth: Truth) -> dict[str, Material]:
    materials = Material.objects.bulk_create(
        Material(
            code=stuff.code,
            name=stuff.en,
            translations=_called(stuff.zh),
            unit=stuff.unit,
            cost=Decimal(stuff.cost),
            lead_days=stuff.lead_days,
            safety_stock=Decimal(stuff.stock) / 10,
        )
        for stuff in making.MATERIALS
    )
    opened = datetime.combine(truth.anchor - timedelta(days=1), time(6), UTC)
    StockMove.objects.bulk_create(
        StockMove(
            material=material,
            quantity=Decimal(stuff.stock),
            reason="Opening stock",
            dedup_key=f"demo-opening-{material.code}",
            at=opened,
        )
        for material, stuff in zip(materials, making.MATERIALS, strict=True)
    )
    return {material.code: material for material in materials}


@transaction.atomic
def _routing(product: Product, centers: dict[str, WorkCenter]) -> None:
    routing = Routing.objects.create(product=product)
    Operation.objects.bulk_create(
        Operation(
            routing=routing,
            sequence=number * 10,
            name=step.en,
            translations=_called(step.zh),
            work_center=centers[step.cell],
            capability=step.capability,
            condition=dict(step.when or {}),
            setup_by=list(step.setup_by),
            setup_minutes=step.setup,
            run_minutes=Decimal(step.run),
            min_lag_minutes=step.lag,
            batch_max=step.most,
            expected_yield=Decimal(step.share_good),
        )
        for number, step in enumerate(making.STEPS[product.sku], 1)
    )


@transaction.atomic
def _bill(product: Product, materials: dict[str, Material]) -> None:
    bom = BOM.objects.create(product=product)
    BOMLine.objects.bulk_create(
        BOMLine(
            bom=bom,
            material=materials[part.material],
            quantity=Decimal(part.quantity),
            condition=dict(part.condition),
            scrap_percent=Decimal(part.scrap),
            position=position,
        )
        for position, part in enumerate(_parts(product.sku))
    )


def _parts(sku: str) -> list[making.Part]:
    """What goes into a product; not the colours and woods that it does not come in."""
    item = next(item for item in ITEMS if item.sku == sku)
    offered = {ask.code: {one.code for one in ask.choices} for ask in item.questions if ask.choices}
    return [
        part
        for part in making.BILLS[sku]
        if all(
            not isinstance(wanted, list) or offered.get(code, set(wanted)) & set(wanted)
            for code, wanted in part.condition.items()
        )
    ]
