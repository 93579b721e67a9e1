"""Which open positions hold a word somewhere in their cells, asked of the database.

A cell is not always what a column holds: a price has two decimals, choices are pairs, customers of
the web shop are called by their key. Cells of digits are not looked into for words that have
letters: most searches look into orders, products and choices alone.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import CharField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, TruncDate
from django.db.models.lookups import IContains

from orders.models import Configuration, Customer, Order, OrderLine, Product

REFERENCE = Coalesce(NullIf("order__external_ref", Value("")), "order__number")
_OF_ORDER = Coalesce(NullIf("external_ref", Value("")), "number")
_DAY = re.compile(r"[-\d]+")
_NUMBER = re.compile(r"[-.\d]+")
_KEY = re.compile(r"#?\d*")


class _Money(Func):
    """With two decimals, whatever the column keeps."""

    template = "CAST(%(expressions)s AS varchar)"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="printf('%%.2f', %(expressions)s)")


def holding(word: str, statuses: Collection[str]) -> Q:
    """`word` is in small letters; `statuses` are those of the orders that are looked at."""
    held = Q(order__in=_orders(word).filter(status__in=statuses))
    held |= Q(configuration__in=_choices(word))
    held |= Q(priority__in=[one for one in OrderLine.Priority if word in one.name.lower()])
    if _DAY.fullmatch(word):
        due = Coalesce("committed_date", "requested_date")
        for cell in (due, "requested_date", "position", "quantity"):
            held |= _shows(Cast(cell, CharField()), word)
    if _NUMBER.fullmatch(word):
        held |= _shows(_Money("unit_price"), word)
    return held


def _orders(word: str) -> "QuerySet[Order]":
    held = _shows(_OF_ORDER, word) | Q(customer__in=_customers(word))
    if _DAY.fullmatch(word):
        day = TruncDate("placed_at", tzinfo=ZoneInfo(settings.PLANT_TIME_ZONE))
        held |= _shows(Cast(day, CharField()), word)
    return Order.objects.filter(held)


def _customers(word: str) -> "QuerySet[Customer]":
    held = _shows(F("external_ref"), word)
    if _KEY.fullmatch(word):
        key = Concat(Value("#"), Cast("pk", CharField()), output_field=CharField())
        held |= Q(external_ref=None) & _shows(key, word) | Q(external_ref="") & _shows(key, word)
    return Customer.objects.filter(held)


def _choices(word: str) -> "QuerySet[Configuration]":
    held = Q(product__in=Product.objects.filter(_shows(F("sku"), word)))
    stored = Cast("values", TextField())
    for text in _as_stored(word.strip(';"')):
        held |= Q(IContains(stored, text))
    return Configuration.objects.filter(held)


def _as_stored(word: str) -> Iterator[str]:
    """How the pairs of a choice are stored that show a word: `colour=red` as `colour": "red`."""
    name, sign, answer = word.partition("=")
    begun = f'{name}": ' if sign else ": "
    for told in ("yes", "true"), ("no", "false"):
        if told[0].startswith(answer) if sign else word in told[0]:
            yield begun + told[1]
    if not sign:
        yield from _spelt(word)
        return
    for text in _spelt(answer.strip('"').replace(",", '", "')):
        yield from (f'{begun}"{text}', f'{begun}["{text}', f"{begun}{text}")


def _spelt(text: str) -> set[str]:
    """SQLite keeps JSON in ASCII, PostgreSQL does not; both cases of letters beyond it."""
    words = {text, text.upper()} if not text.isascii() else {text}
    return words | {json.dumps(word)[1:-1].replace('\\"', '"') for word in words}


def _shows(cell: Any, word: str) -> Q:
    """SQLite compares letters beyond ASCII as they are."""
    held = Q(IContains(cell, word))
    return held if word.isascii() else held | Q(IContains(cell, word.upper()))
