"""Outlet: families, products, options, feasible values, prices and availability."""

from collections.abc import Collection
from datetime import date

from django.db.models import Prefetch

from orders.configuration import (
    FINITE_KINDS,
    Explored,
    Group,
    ImpossibleConfiguration,
    Price,
    ProductSheet,
    Rule,
    Value,
    Values,
    check,
    describe,
    explore,
    feasible,
    listed,
    matches,
    opening,
    price,
    price_from,
    store,
    store_each,
    usual,
)
from orders.models import AvailabilityPeriod, OptionGroup, Product

__all__ = [
    "FINITE_KINDS",
    "Explored",
    "Group",
    "ImpossibleConfiguration",
    "Price",
    "ProductSheet",
    "Rule",
    "Value",
    "Values",
    "check",
    "describe",
    "explore",
    "feasible",
    "listed",
    "mark_unavailable",
    "matches",
    "on_sale",
    "opening",
    "price",
    "price_from",
    "sheet",
    "sheets",
    "store",
    "store_each",
    "usual",
]


def sheets(product_ids: Collection[int] | None = None) -> dict[int, ProductSheet]:
    """Everything needed to configure and price these products (None: all); four queries.

    Texts are in the language that is active now.
    """
    products = Product.objects.select_related("family").prefetch_related(
        Prefetch("option_groups", OptionGroup.objects.prefetch_related("values")), "rules"
    )
    if product_ids is not None:
        products = products.filter(pk__in=product_ids)
    return {product.pk: _sheet(product) for product in products}


def sheet(product_id: int) -> ProductSheet:
    """One product's sheet; raises KeyError where there is no such product."""
    return sheets([product_id])[product_id]


def by_routing_template() -> dict[str, list[int]]:
    """The products of the families that name a routing template."""
    named = Product.objects.exclude(family__routing_template="").order_by("pk")
    found: dict[str, list[int]] = {}
    for template, pk in named.values_list("family__routing_template", "pk"):
        found.setdefault(template, []).append(pk)
    return found


def on_sale(day: date) -> list[int]:
    """The products that can be ordered on that day, in the order of their names."""
    return list(Product.objects.on_sale(day).values_list("pk", flat=True))


def names(product_ids: Collection[int]) -> dict[int, str]:
    """Names in the reader's language."""
    return {product.pk: product.label for product in Product.objects.filter(pk__in=product_ids)}


def mark_unavailable(product_id: int, start: date, end: date, reason: str) -> None:
    """Note that the product could not be sold on these days; saying it again moves the end."""
    AvailabilityPeriod.objects.update_or_create(
        product_id=product_id, start=start, defaults={"end": end, "reason": reason[:120]}
    )


def _sheet(product: Product) -> ProductSheet:
    return ProductSheet(
        product_id=product.pk,
        sku=product.sku,
        name=product.label,
        text=product.text,
        family_id=product.family_id,
        family_code=product.family.code,
        family_name=product.family.label,
        routing_template=product.family.routing_template,
        make_policy=product.make_policy,
        base_price=product.base_price,
        currency=product.currency,
        picture=product.picture,
        listed=product.listed,
        sold_from=product.sold_from,
        sold_until=product.sold_until,
        groups=tuple(_group(group) for group in product.option_groups.all()),
        rules=tuple(
            Rule(rule.kind, rule.condition, rule.consequence, rule.label)
            for rule in product.rules.all()
        ),
    )


def _group(group: OptionGroup) -> Group:
    return Group(
        code=group.code,
        label=group.label,
        kind=group.kind,
        required=group.required,
        minimum=group.minimum,
        maximum=group.maximum,
        step=group.step,
        unit=group.unit,
        price_delta=group.price_delta,
        default=group.default,
        values=tuple(
            Value(value.code, value.label, value.price_delta, value.attributes, value.active)
            for value in group.values.all()
        ),
    )
