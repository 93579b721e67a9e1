"""The configurator as a page shows it: questions, answers, what is possible, price and date."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import QueryDict
from django.utils.http import urlencode

from orders import intake
from orders.catalogue import (
    Group,
    ImpossibleConfiguration,
    Price,
    ProductSheet,
    check,
    feasible,
    opening,
    price,
    sheets,
    usual,
)
from orders.factory import CannotPromise, Promise, Wanted, factory

PREFIX = "o-"  # of a question's field: no option can be mistaken for the quantity or the token
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Choice(NamedTuple):
    code: str
    label: str
    delta: Decimal
    chosen: bool
    possible: bool
    why: str
    colour: str


@dataclass(frozen=True)
class Question:
    """One option group, with what was answered."""

    group: Group
    text: str
    choices: list[Choice]
    errors: list[str]

    @property
    def name(self) -> str:
        return PREFIX + self.group.code

    @property
    def is_answered(self) -> bool:
        return any(choice.chosen for choice in self.choices)

    @property
    def obstacles(self) -> list[str]:
        """Why some of the choices cannot be made, each reason once."""
        return list(dict.fromkeys(c.why for c in self.choices if not c.possible and c.why))


@dataclass(frozen=True)
class Configurator:
    sheet: ProductSheet
    quantity: str
    questions: list[Question]
    values: Mapping[str, object] = field(default_factory=dict)
    price: Price | None = None
    promise: Promise | None = None
    cannot_promise: str = ""
    quantity_error: str = ""

    @property
    def wrong(self) -> list[Question]:
        return [question for question in self.questions if question.errors]

    @property
    def total(self) -> Decimal | None:
        if self.price is None or self.quantity_error:
            return None
        return self.price.unit * int(self.quantity)

    @property
    def extras(self) -> list[tuple[str, Decimal]]:
        """What the price is made of, where it is more than the product itself."""
        return self.price.parts if self.price and len(self.price.parts) > 1 else []

    @property
    def picture_query(self) -> str:
        return picture_query(self.sheet, {q.group.code: _answer(q) for q in self.questions})

    @property
    def orderable(self) -> bool:
        return self.promise is not None and not self.quantity_error


def sheet_of(product_id: str) -> ProductSheet | None:
    """The sheet of a product that a form names; None where there is no such product."""
    if not product_id.isdecimal() or len(product_id) > 12:
        return None
    return sheets([int(product_id)]).get(int(product_id))


def answers(sheet: ProductSheet, data: QueryDict) -> dict[str, object]:
    """The form's answers to this product's questions; whatever else it sends is not read."""
    raw: dict[str, object] = {}
    for group in sheet.groups:
        given = data.getlist(PREFIX + group.code)
        if group.kind == "multi":
            raw[group.code] = [code for code in given if code]
        elif given:
            raw[group.code] = given[0]
    return raw


def first_answers(sheet: ProductSheet, data: QueryDict) -> dict[str, object]:
    """What the address asks for, else what the configurator shows first."""
    return answers(sheet, data) if is_answered(sheet, data) else opening(sheet)


def is_answered(sheet: ProductSheet, data: QueryDict) -> bool:
    return any(PREFIX + group.code in data for group in sheet.groups)


def configure(
    sheet: ProductSheet,
    raw: Mapping[str, object],
    quantity: object,
    now: datetime,
    *,
    complain: bool = True,
) -> Configurator:
    """Hold the answers against the rules; price and date where they can be made.

    Who has answered nothing yet (`complain=False`) is not told off for it, and sees the price
    and the date of a sample.
    """
    values, errors = _checked(sheet, raw)
    priced, broken = values, errors
    if errors and not complain:
        priced, broken = _checked(sheet, usual(sheet, now.date()))
    pieces, quantity_error = _pieces(quantity)
    promise, cannot = _promise(sheet, priced, pieces, now) if not broken else (None, "")
    return Configurator(
        sheet=sheet,
        quantity=str(pieces or quantity),
        questions=questions(sheet, values or raw, errors if complain else {}),
        values=values,
        price=None if broken else price(sheet, priced),
        promise=promise,
        cannot_promise=cannot,
        quantity_error=quantity_error,
    )


def _checked(
    sheet: ProductSheet, raw: Mapping[str, object]
) -> tuple[Mapping[str, object], dict[str, list[str]]]:
    """The checked values, or why there are none."""
    try:
        return check(sheet, raw), {}
    except ImpossibleConfiguration as impossible:
        return {}, impossible.errors


def questions(
    sheet: ProductSheet, values: Mapping[str, object], errors: Mapping[str, list[str]]
) -> list[Question]:
    possible = feasible(sheet, values)
    return [
        Question(
            group,
            text="" if group.finite else str(values.get(group.code, "")),
            choices=_choices(sheet, group, values, possible.get(group.code, [])),
            errors=errors.get(group.code, []),
        )
        for group in sheet.groups
    ]


def _choices(
    sheet: ProductSheet, group: Group, values: Mapping[str, object], possible: Sequence[str]
) -> list[Choice]:
    known = {value.code: value for value in group.values}
    found = []
    for code in group.codes if group.finite else []:
        value = known.get(code)
        delta = value.price_delta if value else group.price_delta * (code == "yes")
        colour = str(value.attributes.get("hex", "")) if value else ""
        found.append(
            Choice(
                code,
                group.label_of(code),
                delta,
                chosen=code in _listed(values.get(group.code)),
                possible=code in possible,
                why="" if code in possible else _obstacle(sheet, group, values, code),
                colour=colour if _HEX.fullmatch(colour) else "",
            )
        )
    return found


def _obstacle(sheet: ProductSheet, group: Group, values: Mapping[str, object], code: str) -> str:
    """The rule's own words about a value that is not possible."""
    chosen: object = code
    if group.kind == "multi":
        chosen = [*_listed(values.get(group.code)), code]
    before = _messages(sheet, values)
    after = _messages(sheet, {**values, group.code: chosen})
    return " ".join(dict.fromkeys(text for text in after if text not in before))


def _messages(sheet: ProductSheet, values: Mapping[str, object]) -> list[str]:
    _values, errors = _checked(sheet, values)
    return [text for texts in errors.values() for text in texts]


def _pieces(quantity: object) -> tuple[int, str]:
    try:
        return intake.read_quantity(quantity), ""
    except intake.BadQuantity as refused:
        return 0, str(refused)


def _promise(
    sheet: ProductSheet, values: Mapping[str, object], pieces: int, now: datetime
) -> tuple[Promise | None, str]:
    try:
        return factory().promise([Wanted(sheet.product_id, values, pieces or 1)], now), ""
    except CannotPromise as refused:
        return None, refused.reason


def picture_query(sheet: ProductSheet, values: Mapping[str, object]) -> str:
    """The choices that a drawing can show: finite ones, and what is written on it."""
    shown: dict[str, Any] = {
        group.code: values[group.code]
        for group in sheet.groups
        if (group.finite or group.kind == "text") and values.get(group.code)
    }
    return urlencode(shown, doseq=True)


def address_query(values: Mapping[str, object], **others: int) -> str:
    """The address of the configurator with these answers."""
    fields: dict[str, Any] = {PREFIX + code: chosen for code, chosen in values.items()}
    return urlencode({**fields, **others}, doseq=True)


def _answer(question: Question) -> object:
    if not question.group.finite:
        return question.text
    chosen = [choice.code for choice in question.choices if choice.chosen]
    return chosen if question.group.kind == "multi" else (chosen or [""])[0]


def _listed(chosen: object) -> list[str]:
    if isinstance(chosen, list | tuple):
        return [str(code) for code in chosen]
    return [str(chosen)] if chosen not in (None, "") else []
