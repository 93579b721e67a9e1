"""What a choice costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from orders.configuration.checking import ImpossibleConfiguration, check
from orders.configuration.conditions import listed
from orders.configuration.sheet import YES, Group, ProductSheet
from orders.configuration.showing import usual

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """Price of one piece; `parts` (what, amount) add up to it."""

    unit: Decimal
    parts: list[tuple[str, Decimal]]


def price(sheet: ProductSheet, values: Mapping[str, object]) -> Price:
    """Price of one piece of a checked choice: the base and what each answer adds.

    A number adds its price for each unit above the minimum; a price never falls below zero.
    """
    parts = [(sheet.name, _cents(sheet.base_price))]
    for group in sheet.groups:
        parts += [(label, amount) for label, amount in _extras(group, values) if amount]
    total = sum((amount for _label, amount in parts), Decimal(0))
    if total < 0:
        parts.append((_("Lowest price"), -total))
        total = Decimal("0.00")
    return Price(total, parts)


def _extras(group: Group, values: Mapping[str, object]) -> Iterator[tuple[str, Decimal]]:
    chosen = values.get(group.code)
    if chosen in (None, "", []):
        return
    if group.kind in {"select", "multi"}:
        deltas = {value.code: value for value in group.values}
        for code in listed(chosen):
            if value := deltas.get(code):
                yield f"{group.label}: {value.label}", _cents(value.price_delta)
    elif group.kind == "number":
        units = Decimal(str(chosen)) - (group.minimum or Decimal(0))
        yield group.label, _cents(units * group.price_delta)
    elif group.kind != "bool" or chosen == YES:
        yield group.label, _cents(group.price_delta)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def price_from(sheet: ProductSheet, day: date) -> Decimal:
    """The least that the product costs: its cheapest answers where they go together."""
    for raw in (_cheapest(sheet, day), usual(sheet, day)):
        try:
            return price(sheet, check(sheet, raw)).unit
        except ImpossibleConfiguration:
            continue
    return sheet.base_price


def _cheapest(sheet: ProductSheet, day: date) -> dict[str, object]:
    raw = usual(sheet, day)
    for group in sheet.groups:
        sold = [value for value in group.values if value.active]
        if group.kind == "select" and group.required and sold:
            raw[group.code] = min(sold, key=lambda value: value.price_delta).code
        elif not group.required:
            raw.pop(group.code, None)
    return raw
