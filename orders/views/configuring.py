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
