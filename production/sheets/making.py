"""Materials, what a piece is made of, and the steps in which it is made."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.sheets import (
    REMOVE,
    Book,
    Change,
    Changes,
    Column,
    Fault,
    Link,
    Name,
    Row,
    TableSheet,
    kinds,
)
from journal.sheets.kinds import BadCell, Kind
from orders.sheets import (
    CONDITION,
    chinese,
    condition_faults,
    condition_mentions,
    product_keys,
)
from production.models import (
    BOM,
    BOMLine,
    Material,
    Operation,
    Routing,
    StockMove,
    WorkCenter,
)

COUNTED = "Counted"
COUNT_KEY = "count:"
CENT = Decimal("0.01")


class Materials(TableSheet):
    code = "materials"
    label = gettext_lazy("Materials")
    purpose = gettext_lazy("What is used up, what it costs, and how much of it is there.")
    view, change = "production.view_material", "production.change_material"
    model, order = Material, ("pk",)
    keys = ("material",)
    paths = {"material": "code"}
    apart = frozenset({"stock"})
    extra = ("id",)
    columns = (
        Column("material", kinds.code(60)),
        Column("name", kinds.text(120), required=True),
        chinese("name", 120),
        Column("unit", kinds.text(10), required=True),
        Column("cost", kinds.decimal(12, 4), default=Decimal(0)),
        Column("lead_days", kinds.whole(), default=7),
        Column("safety_stock", kinds.decimal(12, 3), default=Decimal(0)),
        Column("stock", kinds.decimal(14, 4, least=None), blank_keeps=True),
    )

    def stored(self, rows: "QuerySet[Any] | None" = None) -> list[tuple[int, dict[str, Any]]]:
        sums = StockMove.objects.order_by().values_list("material").annotate(Sum("quantity"))
        on_hand = dict(sums)
        found = super().stored(rows)
        for pk, row in found:
            row["stock"] = on_hand.get(pk, Decimal(0))
        return found

    def write(self, changes: Changes) -> None:
        super().write(changes)
        keys = dict(Material.objects.values_list("code", "pk"))
        StockMove.objects.bulk_create(
            (
                StockMove(
                    material_id=keys[change.row["material"]],
                    quantity=moved,
                    reason=COUNTED,
                    dedup_key=f"{COUNT_KEY}{changes.batch}:{keys[change.row['material']]}",
                    at=changes.at,
                )
                for change in changes.all
                if (moved := _counted(change))
            ),
            batch_size=500,
        )

    def kept(self, removed: Sequence[Change], book: Book) -> Iterator[Fault]:
        """What was only counted may go again, with its counts."""
        used = StockMove.objects.exclude(dedup_key__startswith=COUNT_KEY)
        codes = set(used.values_list("material__code", flat=True).distinct())
        for change in removed:
            if change.row["material"] in codes:
                yield Fault(change, REMOVE, _("It was received or used already and stays."))

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        gone = [change.row["material"] for change in removed]
        counts = StockMove.objects.filter(dedup_key__startswith=COUNT_KEY)
        counts.filter(material__code__in=gone).delete()
        super().erase(removed, changes)


def _counted(change: Change) -> Decimal:
    """The difference between what was counted and what the shop knew."""
    before = (change.before or {}).get("stock") or Decimal(0)
    after = change.row["stock"]
    return Decimal(0) if after is None else after - before


class Boms(TableSheet):
    code = "boms"
    label = gettext_lazy("Bills of materials")
    purpose = gettext_lazy("What one piece of each product is made of.")
    view, change = "production.view_bom", "production.change_bom"
    after = ("products", "options", "materials")
    model = BOMLine
    order = ("bom__product__family__position", "bom__product__sku", "position", "pk")
    keys = ("product", "line")
    paths = {"line": "position", "when": "condition"}
    links = {
        "product": Link("bom", BOM, "product__sku"),
        "material": Link("material", Material, "code"),
    }
    stands_alone = False
    columns = (
        Column("product", kinds.text(60), refers="products"),
        Column("line", kinds.whole()),
        Column("material", kinds.code(60), required=True, refers="materials"),
        Column("quantity", kinds.decimal(12, 4, above="0"), required=True),
        Column("when", CONDITION, default={}),
        Column("scrap_percent", kinds.decimal(5, 2), default=Decimal(0)),
    )

    def stored(self, rows: "QuerySet[Any] | None" = None) -> list[tuple[int, dict[str, Any]]]:
        """Lines of a product that share a number get the next free one: each is a row."""
        found = super().stored(rows)
        taken: set[tuple[str, int]] = set()
        for _pk, row in found:
            while (row["product"], row["line"]) in taken:
                row["line"] += 1
            taken.add((row["product"], row["line"]))
        return found

    def write(self, changes: Changes) -> None:
        known = BOM.objects.values_list("product__sku", flat=True)
        BOM.objects.bulk_create(BOM(product_id=pk) for pk in _without(known, changes))
        super().write(changes)

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in changes:
            if change.row["scrap_percent"] >= 100:
                yield Fault(change, "scrap_percent", _("It must be less than 100."))
            for text in condition_faults(book, change.row["product"], change.row["when"]):
                yield Fault(change, "when", text)

    def mentions(self, row: Row, book: Book) -> Iterator[Name]:
        yield from super().mentions(row, book)
        yield from condition_mentions(book, row["product"], row["when"])

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        super().erase(removed, changes)
        skus = {change.row["product"] for change in removed}
        BOM.objects.filter(product__sku__in=skus, lines=None).delete()


class Minutes(NamedTuple):
    """Minutes of one piece: what the plan counts with, and the range where it is a guess."""

    planned: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


_MINUTES = kinds.decimal(8, 2, above="0")
_GUESS = re.compile(r"\s*([\d.,]*\d)\s*(?:\.\.+|…|-|–|—|to|bis|至|到)\s*(\d[\d.,]*)\s*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def _read_minutes(cell: str, sign: str) -> Minutes:
    if _DAY.fullmatch(cell):
        text = _("“%(cell)s” is a date: the spreadsheet made one of a range. Write it like 6..10.")
        raise BadCell(text % {"cell": cell})
    guess = _GUESS.fullmatch(cell)
    if guess is None:
        return Minutes(_MINUTES.read(cell, sign))
    low, high = (_MINUTES.read(part, sign) for part in guess.groups())
    if low > high:
        text = _("“%(cell)s” begins with the larger number. Write the smaller one first.")
        raise BadCell(text % {"cell": cell})
    return Minutes(_between(low, high), low, high)


def _between(low: Decimal, high: Decimal) -> Decimal:
    """The three-point mean (low + 4 × likely + high) ÷ 6 of a guess that names nothing likelier
    than its middle: the middle itself."""
    return ((low + high) / 2).quantize(CENT, ROUND_HALF_UP)


def _show_minutes(minutes: Minutes) -> str:
    if minutes.low is None or minutes.high is None:
        return kinds.plain(minutes.planned)
    return f"{kinds.plain(minutes.low)}..{kinds.plain(minutes.high)}"


MINUTES = Kind("minutes", _read_minutes, _show_minutes)


class Routings(TableSheet):
    code = "routings"
    label = gettext_lazy("Routings")
    purpose = gettext_lazy("The steps in which one piece of each product is made.")
    view, change = "production.view_routing", "production.change_routing"
    after = ("products", "options", "cells", "machines")
    model = Operation
    order = ("routing__product__family__position", "routing__product__sku", "sequence")
    keys = ("product", "step")
    paths = {
        "step": "sequence",
        "when": "condition",
        "lag_minutes": "min_lag_minutes",
        "good_percent": "expected_yield",
    }
    links = {
        "product": Link("routing", Routing, "product__sku"),
        "cell": Link("work_center", WorkCenter, "code"),
    }
    apart = frozenset({"run_minutes"})
    extra = ("run_minutes", "run_minutes_low", "run_minutes_high")
    columns = (
        Column("product", kinds.text(60), refers="products"),
        Column("step", kinds.whole(1)),
        Column("name", kinds.text(80), required=True),
        chinese("name", 80),
        Column("cell", kinds.code(40), required=True, refers="cells"),
        Column("capability", kinds.text(60), default=""),
        Column("when", CONDITION, default={}),
        Column("setup_by", kinds.words(40), default=[]),
        Column("setup_minutes", kinds.whole(), default=0),
        Column("run_minutes", MINUTES, required=True),
        Column("teardown_minutes", kinds.whole(), default=0),
        Column("lag_minutes", kinds.whole(0, 1_000_000), default=0),
        Column("max_lag_minutes", kinds.whole(0, 1_000_000)),
        Column("batch_min", kinds.whole(1, 1_000_000), default=1),
        Column("batch_max", kinds.whole(1, 1_000_000)),
        Column("good_percent", kinds.decimal(4, 1, above="0"), default=Decimal(100)),
    )

    def to_row(self, stored: dict[str, Any]) -> Row:
        row = super().to_row(stored)
        minutes = Minutes(
            stored["run_minutes"], stored["run_minutes_low"], stored["run_minutes_high"]
        )
        percent = stored["good_percent"] * 100
        return {**row, "run_minutes": minutes, "good_percent": percent}

    def to_fields(self, row: Row) -> dict[str, Any]:
        minutes = row["run_minutes"]
        return super().to_fields(row) | {
            "run_minutes": minutes.planned,
            "run_minutes_low": minutes.low,
            "run_minutes_high": minutes.high,
            "expected_yield": row["good_percent"] / 100,
        }

    def write(self, changes: Changes) -> None:
        """A routing that somebody wrote is no template's any more, so no import replaces it."""
        known = Routing.objects.values_list("product__sku", flat=True)
        Routing.objects.bulk_create(Routing(product_id=pk) for pk in _without(known, changes))
        skus = {change.row["product"] for change in changes.all}
        Routing.objects.filter(product__sku__in=skus).exclude(template="").update(template="")
        super().write(changes)

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        able = _capabilities(book)
        for change in changes:
            row = change.row
            for text in condition_faults(book, row["product"], row["when"]):
                yield Fault(change, "when", text)
            for text in condition_faults(book, row["product"], _named(row["setup_by"])):
                yield Fault(change, "setup_by", text)
            yield from self._number_faults(change)
            known = able.get(row["cell"], set())
            if row["capability"] and known and row["capability"] not in known:
                text = _("No machine of %(cell)s can do this; they can: %(words)s.")
                told = {"cell": row["cell"], "words": ", ".join(sorted(known))}
                yield Fault(change, "capability", text % told)

    def _number_faults(self, change: Change) -> Iterator[Fault]:
        row = change.row
        if row["good_percent"] > 100:
            yield Fault(change, "good_percent", _("It must be 100 or less."))
        if row["max_lag_minutes"] is not None and row["max_lag_minutes"] < row["lag_minutes"]:
            yield Fault(change, "max_lag_minutes", _("It is less than lag_minutes."))
        if row["batch_max"] is not None and row["batch_max"] < row["batch_min"]:
            yield Fault(change, "batch_max", _("It is less than batch_min."))

    def mentions(self, row: Row, book: Book) -> Iterator[Name]:
        yield from super().mentions(row, book)
        yield from condition_mentions(book, row["product"], row["when"])
        yield from condition_mentions(book, row["product"], _named(row["setup_by"]))

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        super().erase(removed, changes)
        skus = {change.row["product"] for change in removed}
        Routing.objects.filter(product__sku__in=skus, operations=None).delete()


def _named(options: Sequence[str] | None) -> dict[str, Any]:
    return {option: {"set": True} for option in options or ()}


def _capabilities(book: Book) -> Mapping[str, set[str]]:
    """What the active machines of each cell can do."""
    found: dict[str, set[str]] = {}
    for row in book.planned("machines").values():
        if row["active"] and row["cell"]:
            found.setdefault(row["cell"], set()).update(row["capabilities"] or ())
    return found


def _without(known: Iterable[str], changes: Changes) -> list[int]:
    """The products that get their first line, so that what holds it must be made."""
    keys = product_keys()
    skus = {change.row["product"] for change in changes.created}
    return [keys[sku] for sku in sorted(skus - set(known))]


MATERIALS, BOMS, ROUTINGS = Materials(), Boms(), Routings()
