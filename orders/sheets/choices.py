"""The questions of each product as the tables have them, and what conditions may say of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from journal.sheets import Book, Name, Row
from journal.sheets.kinds import BadCell, Kind
from orders.configuration import (
    FINITE_KINDS,
    BadCondition,
    Group,
    ProductSheet,
    Rule,
    Value,
    read_condition,
    write_condition,
)

LONGEST = 500
NUMBERS = ("number", "date")
# kinds of questions whose answers are rows of their own
LISTED = ("select", "multi")


def _read(cell: str, sign: str) -> dict[str, Any]:
    if len(cell) > LONGEST:
        raise BadCell(_("This condition is too long. Part the row in two."))
    try:
        return read_condition(cell)
    except BadCondition as error:
        raise BadCell(str(error)) from error


def _show(condition: Mapping[str, Any]) -> str:
    """By name: PostgreSQL does not keep the order in which the parts came."""
    return write_condition({name: condition[name] for name in sorted(condition)})


CONDITION = Kind("condition", _read, _show, nothing={})


@dataclass
class Question:
    """A row of an option and the rows of its values."""

    row: Row
    values: list[Row] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.row["kind"] or ""

    @property
    def codes(self) -> list[str]:
        return ["yes", "no"] if self.kind == "bool" else [one["value"] for one in self.values]


def questions(book: Book, sku: str) -> dict[str, Question]:
    """The questions of a product by code, as they would be after the import."""
    if "questions" not in book.memo:
        book.memo["questions"] = _all_questions(book)
    found: dict[str, dict[str, Question]] = book.memo["questions"]
    return found.get(sku, {})


def _all_questions(book: Book) -> dict[str, dict[str, Question]]:
    found: dict[str, dict[str, Question]] = {}
    rows = book.planned("options").values()
    for row in rows:
        if not row["value"]:
            found.setdefault(row["product"], {})[row["option"]] = Question(row)
    for row in rows:
        question = found.get(row["product"], {}).get(row["option"])
        if row["value"] and question:
            question.values.append(row)
    return found


def condition_faults(
    book: Book, sku: str, condition: Mapping[str, Any] | None, *, sets: bool = False
) -> Iterator[str]:
    """What a condition says that the product does not know; `sets`: a value must be named."""
    asked = questions(book, sku)
    for code, wanted in (condition or {}).items():
        if code not in asked:
            yield _("%(product)s has no option “%(option)s”; it has: %(options)s.") % {
                "product": sku,
                "option": code,
                "options": ", ".join(asked) or "–",
            }
        elif fault := _entry_fault(asked[code], code, wanted, sets):
            yield fault


def _entry_fault(question: Question, code: str, wanted: Any, sets: bool) -> str:
    if isinstance(wanted, Mapping):
        is_range = "set" not in wanted
        if sets or (is_range and question.kind not in NUMBERS):
            return _("Name a value of “%(option)s”: %(option)s=….") % {"option": code}
        limits = [str(wanted[end]) for end in ("min", "max") if end in wanted]
        strange = [limit for limit in limits if not is_value(question.kind, limit)]
        return (
            _("“%(word)s” is no answer to this question.") % {"word": strange[0]} if strange else ""
        )
    if question.kind not in FINITE_KINDS:
        return ""
    strange = [word for word in wanted if word not in question.codes]
    if not strange:
        return ""
    return _("The option “%(option)s” has no value “%(value)s”; it has: %(values)s.") % {
        "option": code,
        "value": ", ".join(strange),
        "values": ", ".join(question.codes) or "–",
    }


def condition_mentions(book: Book, sku: str, condition: Mapping[str, Any] | None) -> Iterator[Name]:
    """The rows of options that a condition names."""
    asked = questions(book, sku)
    for code, wanted in (condition or {}).items():
        yield "options", (sku, code, "")
        listed = code in asked and asked[code].kind in LISTED
        if not isinstance(wanted, Mapping) and (listed or code not in asked):
            yield from (("options", (sku, code, word)) for word in wanted)


# Products as they would be, for orders


def product_sheet(book: Book, sku: str) -> ProductSheet | None:
    """All that there is to choose of a product after the import; None while some of it is bad."""
    known: dict[str, ProductSheet | None] = book.memo.setdefault("product_sheets", {})
    if sku not in known:
        known[sku] = _product_sheet(book, sku)
    return known[sku]


def _product_sheet(book: Book, sku: str) -> ProductSheet | None:
    row = book.planned("products").get((sku,))
    asked = questions(book, sku)
    if row is None or sku in _spoilt(book) or not all(one.kind for one in asked.values()):
        return None
    return ProductSheet(
        product_id=0,
        sku=sku,
        name=row["name"],
        family_id=0,
        family_code=row["family"],
        family_name="",
        base_price=row["price"],
        currency=row["currency"],
        groups=tuple(map(_group, asked.values())),
        rules=tuple(_rules(book).get(sku, ())),
    )


def _spoilt(book: Book) -> set[str]:
    """Products of which a row is refused: what can be ordered of them is not known."""
    return {key[0] for sheet, key in book.refused if sheet in ("products", "options", "rules")}


def _rules(book: Book) -> dict[str, list[Rule]]:
    if "rules" not in book.memo:
        found: dict[str, list[Rule]] = {}
        for row in book.planned("rules").values():
            rule = Rule(row["kind"], row["when"] or {}, row["then"], row["message"])
            found.setdefault(row["product"], []).append(rule)
        book.memo["rules"] = found
    known: dict[str, list[Rule]] = book.memo["rules"]
    return known


def _group(question: Question) -> Group:
    row = question.row
    return Group(
        code=row["option"],
        label=row["name"],
        kind=row["kind"],
        required=row["required"],
        minimum=row["minimum"],
        maximum=row["maximum"],
        step=row["step"],
        unit=row["unit"] or "",
        price_delta=row["price"],
        default=row["default"] or "",
        values=tuple(
            Value(one["value"], one["name"], one["price"], active=one["active"])
            for one in sorted(question.values, key=lambda one: int(one["position"]))
        ),
    )


def is_value(kind: str, word: str) -> bool:
    """Whether a default fits the kind of its question, where that can be told."""
    try:
        if kind == "number":
            return Decimal(word).is_finite()
        if kind == "date":
            return bool(date.fromisoformat(word))
    except (ValueError, ArithmeticError):
        return False
    return True
