"""The products of a log: what its item codes stand for, made where the shop does not have them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeAlias

import pandas as pd
from django.db import transaction

from orders.configuration import digest
from orders.importing.currencies import cents
from orders.importing.mapping import Mapping
from orders.importing.sorting import SortedLog
from orders.importing.variants import PLAIN, Fact, Variant, alike, own_name, read_codes, shared_name
from orders.models import Configuration, OptionGroup, OptionValue, Product, ProductFamily

VARIANT = "variant"  # the code of the option
AT_ONCE = 500
CODES_A_TRANSACTION = 100

# by item code and currency: the median price, and how many sales ask it
Prices: TypeAlias = dict[str, dict[str, tuple[float, int]]]


@dataclass(frozen=True)
class Items:
    """The product and the configuration that each item code stands for, by primary key."""

    products: dict[str, int]
    configurations: dict[str, int]
    new_products: int
    new_variants: int


@dataclass
class _Shop:
    """What is there already: products by code, and the item codes that are variants of one."""

    products: dict[str, Product]
    groups: dict[str, OptionGroup] = field(default_factory=dict)  # by the product's code
    variants: dict[str, Variant] = field(default_factory=dict)


def write_items(log: SortedLog, mapping: Mapping, now: datetime) -> Items:
    """Products, options and configurations; what an earlier import made of a code stays."""
    facts = _facts(pd.concat([log.sales, log.returns]), _prices(log.sales))
    shop = _shop(facts, mapping)
    read = read_codes(facts, mapping)
    meant = {
        code: _settled(code, read[code], fact.description, shop, mapping)
        for code, fact in facts.items()
    }
    families = _families(mapping)
    new = values = 0
    for some in _portions(meant, mapping):
        with transaction.atomic():
            _price_first_sold(facts, some, shop, mapping)
            new += _make_products(facts, some, families, shop, mapping)
            values += _make_options(facts, some, shop, mapping)
    products = {code: shop.products[variant.product].pk for code, variant in meant.items()}
    return Items(products, _configurations(meant, products, now), new, values)


def _facts(seen: pd.DataFrame, prices: Prices) -> dict[str, Fact]:
    named = seen[seen["description"] != ""]
    counts = named.groupby(["item", "description"], sort=True).size().reset_index(name="n")
    names = counts.sort_values("n", kind="stable").groupby("item")["description"].last()
    grouped = seen.groupby("item")
    table = pd.DataFrame({"since": grouped["at"].min(), "lines": grouped.size()})
    table["name"] = names.reindex(table.index).fillna("")
    rows: Any = table.itertuples()  # their fields have the types of the columns
    return {
        row.Index: Fact(row.name, prices.get(row.Index, {}), row.since, row.lines) for row in rows
    }


def _prices(sold: pd.DataFrame) -> Prices:
    """What is asked for each item; what is paid back for one says nothing of it."""
    found: Prices = {}
    for currency, lines in sold.groupby("currency"):
        for item, price, many in (
            lines.groupby("item")["price"].agg(["median", "size"]).itertuples()
        ):
            found.setdefault(item, {})[str(currency)] = (price, many)
    return found


# What is there


def _shop(codes: Iterable[str], mapping: Mapping) -> _Shop:
    wanted = {*codes}
    if mapping.variants:
        fits = filter(None, map(mapping.variants.pattern.fullmatch, wanted))
        wanted |= {fit["product"] for fit in fits}
    found = _Shop({product.sku: product for product in _in_portions(sorted(wanted))})
    by_pk = {product.pk: sku for sku, product in found.products.items()}
    for group in OptionGroup.objects.filter(code=VARIANT).prefetch_related("values"):
        if sku := by_pk.get(group.product_id):
            found.groups[sku] = group
            for value in group.values.all():
                if item := value.attributes.get("item"):
                    found.variants[item] = Variant(sku, value.code)
    return found


def _in_portions(skus: list[str]) -> Iterator[Product]:
    """Asked in portions that SQLite's parameters allow."""
    for start in range(0, len(skus), AT_ONCE):
        yield from Product.objects.filter(sku__in=skus[start : start + AT_ONCE])


def _settled(code: str, read: Variant, name: str, shop: _Shop, mapping: Mapping) -> Variant:
    """What a code means in this shop: as before, where it was imported before."""
    if code in shop.variants:
        return shop.variants[code]
    if code in shop.products and code not in shop.groups:
        return Variant(code)
    fit = mapping.variants.pattern.fullmatch(code) if mapping.variants else None
    if fit is None or fit["product"] not in shop.products:
        return read
    product = fit["product"]
    known = product in shop.groups and alike(shop.products[product].name, name)
    return Variant(product, (fit["variant"] or PLAIN).lower()) if known else Variant(code)


# What is new


def _portions(meant: dict[str, Variant], mapping: Mapping) -> Iterator[dict[str, Variant]]:
    """Some item codes at a time, those together that one product may have: an import that was
    killed between finds all variants of it or none."""
    fits = mapping.variants.pattern.fullmatch if mapping.variants else lambda _code: None
    stems = {code: fit["product"] if (fit := fits(code)) else code for code in meant}
    codes = sorted(meant, key=lambda code: (stems[code], code))
    portion: dict[str, Variant] = {}
    for _stem, some in groupby(codes, key=stems.__getitem__):
        portion |= {code: meant[code] for code in some}
        if len(portion) >= CODES_A_TRANSACTION:
            yield portion
            portion = {}
    yield portion


def _make_products(
    facts: dict[str, Fact],
    meant: dict[str, Variant],
    families: dict[str, int],
    shop: _Shop,
    mapping: Mapping,
) -> int:
    new = [
        _product(sku, of_codes, families, mapping)
        for sku, of_codes in sorted(_facts_of(facts, meant).items())
        if sku not in shop.products
    ]
    Product.objects.bulk_create(new, batch_size=AT_ONCE)
    shop.products |= {product.sku: product for product in new}
    return len(new)


def _price_first_sold(
    facts: dict[str, Fact], meant: dict[str, Variant], shop: _Shop, mapping: Mapping
) -> None:
    """What had only come back so far has no price yet: it takes that of its first sales."""
    priced = []
    for sku, of_codes in _facts_of(facts, meant).items():
        product = shop.products.get(sku)
        if product and product.external_ref and not product.listed and not product.base_price:
            product.base_price, product.currency = _price(of_codes.values(), mapping)
            priced.append(product)
    Product.objects.bulk_update(priced, ["base_price", "currency"], batch_size=AT_ONCE)


def _facts_of(facts: dict[str, Fact], meant: dict[str, Variant]) -> dict[str, dict[str, Fact]]:
    """By product, of each of its item codes."""
    found: dict[str, dict[str, Fact]] = {}
    for code, variant in meant.items():
        found.setdefault(variant.product, {})[code] = facts[code]
    return found


def _product(
    sku: str, facts: dict[str, Fact], families: dict[str, int], mapping: Mapping
) -> Product:
    """One product of all item codes that are its variants; the one that sold most speaks for it."""
    often = sorted(facts, key=lambda code: -facts[code].lines)
    names = [facts[code].description for code in often]
    price, currency = _price(facts.values(), mapping)
    return Product(
        sku=sku,
        external_ref=sku,
        name=shared_name(names)[:200] or sku,
        family_id=families[mapping.family_of(often[0], names[0]).code],
        base_price=price,
        currency=currency,
        listed=False,
        sold_from=min(fact.since for fact in facts.values()).date(),
    )


def _price(facts: Collection[Fact], mapping: Mapping) -> tuple[Decimal, str]:
    """The least that any variant is sold for, and its currency; nothing where none was sold."""
    currency = currency_of(facts, mapping.currency)
    asked = [fact.prices[currency][0] for fact in facts if currency in fact.prices]
    return (cents(min(asked)) if asked else Decimal(0)), currency


def currency_of(facts: Iterable[Fact], shops: str) -> str:
    """In which a product is priced: the shop's where any of its sales is in it, or there is none,
    else the one that most of them are in."""
    lines: Counter[str] = Counter()
    for fact in facts:
        lines.update({currency: many for currency, (_price, many) in fact.prices.items()})
    return shops if shops in lines or not lines else min(lines, key=lambda one: (-lines[one], one))


def _families(mapping: Mapping) -> dict[str, int]:
    ProductFamily.objects.bulk_create(
        [
            ProductFamily(
                code=family.code,
                name=family.name,
                translations=family.translations,
                routing_template=family.routing,
                position=position,
            )
            for position, family in enumerate(mapping.families)
        ],
        ignore_conflicts=True,
    )
    return dict(ProductFamily.objects.values_list("code", "pk"))


def _make_options(
    facts: dict[str, Fact], meant: dict[str, Variant], shop: _Shop, mapping: Mapping
) -> int:
    new = {
        code: variant
        for code, variant in meant.items()
        if variant.letter and code not in shop.variants
    }
    if not new or mapping.variants is None:
        return 0
    missing = sorted({variant.product for variant in new.values()} - shop.groups.keys())
    groups = [
        OptionGroup(
            product=shop.products[sku],
            code=VARIANT,
            name=mapping.variants.name,
            translations=mapping.variants.translations,
            kind=OptionGroup.Kind.SELECT,
        )
        for sku in missing
    ]
    OptionGroup.objects.bulk_create(groups, batch_size=AT_ONCE)
    shop.groups |= dict(zip(missing, groups, strict=True))
    values = [_value(code, variant, facts[code], shop) for code, variant in new.items()]
    OptionValue.objects.bulk_create(values, batch_size=AT_ONCE)
    return len(values)


def _value(code: str, variant: Variant, fact: Fact, shop: _Shop) -> OptionValue:
    product = shop.products[variant.product]
    letter = code.removeprefix(variant.product) or variant.letter
    own = own_name(fact.description, product.name)
    # a variant that never sold in its product's currency costs what the product does
    price = fact.prices[product.currency][0] if product.currency in fact.prices else None
    return OptionValue(
        group=shop.groups[variant.product],
        code=variant.letter,
        name=f"{letter} · {own}"[:80] if own else letter,
        price_delta=Decimal(0) if price is None else cents(price) - product.base_price,
        attributes={"item": code},
    )


def _configurations(
    meant: dict[str, Variant], products: dict[str, int], now: datetime
) -> dict[str, int]:
    """The one configuration of each item code: its variant, where it is one."""
    values = {
        code: {VARIANT: variant.letter} if variant.letter else {} for code, variant in meant.items()
    }
    wanted = {code: (products[code], digest(chosen)) for code, chosen in values.items()}
    known = _known_configurations(set(wanted.values()))
    new = [
        Configuration(
            product_id=products[code], values=chosen, digest=wanted[code][1], created_at=now
        )
        for code, chosen in values.items()
        if wanted[code] not in known
    ]
    for start in range(0, len(new), AT_ONCE):
        # two codes may mean one choice, and a customer may make it meanwhile
        Configuration.objects.bulk_create(new[start : start + AT_ONCE], ignore_conflicts=True)
    if new:
        known = _known_configurations(set(wanted.values()))
    return {code: known[key] for code, key in wanted.items()}


def _known_configurations(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """By product and digest. Most products have one choice, so that digests are few."""
    rows = Configuration.objects.filter(digest__in={made for _product, made in wanted})
    keys = rows.values_list("product_id", "digest", "pk")
    return {(product, made): pk for product, made, pk in keys}
