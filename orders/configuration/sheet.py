"""What there is to choose of a product, and what it is made of: groups, values, rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from django.utils.translation import gettext as _

Chosen: TypeAlias = str | list[str]
Values: TypeAlias = dict[str, Chosen]

FINITE_KINDS = frozenset({"select", "multi", "bool"})
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Value:
    code: str
    label: str
    price_delta: Decimal = Decimal(0)
    attributes: Mapping[str, object] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True)
class Group:
    """One question. `values` holds withdrawn ones too, so that old choices keep their names."""

    code: str
    label: str
    kind: str
    required: bool = True
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    unit: str = ""
    price_delta: Decimal = Decimal(0)
    default: str = ""
    values: tuple[Value, ...] = ()

    @property
    def finite(self) -> bool:
        return self.kind in FINITE_KINDS

    @property
    def codes(self) -> list[str]:
        """What can be chosen today, for finite groups."""
        if self.kind == "bool":
            return [NO, YES]
        return [value.code for value in self.values if value.active]

    def label_of(self, code: str) -> str:
        if self.kind == "bool":
            return _("Yes") if code == YES else _("No")
        return next((value.label for value in self.values if value.code == code), code)


@dataclass(frozen=True)
class Rule:
    kind: str
    condition: Mapping[str, object]
    consequence: Mapping[str, object]
    message: str = ""


@dataclass(frozen=True)
class ProductSheet:
    """All there is to know to configure and price a product; texts in the active language."""

    product_id: int
    sku: str
    name: str
    family_id: int
    family_code: str
    family_name: str
    base_price: Decimal
    currency: str = "EUR"
    text: str = ""
    routing_template: str = ""
    make_policy: str = "MTO"
    picture: str = ""
    listed: bool = True
    sold_from: date | None = None
    sold_until: date | None = None
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()

    def group(self, code: str) -> Group | None:
        return next((group for group in self.groups if group.code == code), None)

    def on_sale(self, day: date) -> bool:
        begun = self.sold_from is None or self.sold_from <= day
        return self.listed and begun and (self.sold_until is None or day <= self.sold_until)
