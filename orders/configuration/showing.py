"""A choice as people see it: in words, and as the configurator shows it first."""

from collections.abc import Mapping
from datetime import date

from orders.configuration.conditions import listed, number_text
from orders.configuration.sheet import NO, ProductSheet


def describe(sheet: ProductSheet, values: Mapping[str, object]) -> list[tuple[str, str]]:
    """The choice in words: (question, answer), in the order of the questions."""
    described = []
    for group in sheet.groups:
        codes = listed(values.get(group.code))
        if codes:
            words = [group.label_of(code) if group.finite else code for code in codes]
            unit = f" {group.unit}" if group.kind == "number" and group.unit else ""
            described.append((group.label, ", ".join(words) + unit))
    return described


def opening(sheet: ProductSheet) -> dict[str, object]:
    """What the configurator shows first: each group's default, else its first value."""
    first: dict[str, object] = {}
    for group in sheet.groups:
        if group.default:
            split = group.kind == "multi"
            first[group.code] = group.default.split(",") if split else group.default
        elif group.kind == "bool":
            first[group.code] = NO
        elif group.kind == "select" and group.required and group.codes:
            first[group.code] = group.codes[0]
        elif group.kind == "number" and group.required and group.minimum is not None:
            first[group.code] = number_text(group.minimum)
    return first


def usual(sheet: ProductSheet, day: date) -> dict[str, object]:
    """What the configurator shows first; where something must be written, a sample."""
    raw = opening(sheet)
    for group in sheet.groups:
        if group.required and group.kind in {"text", "date"}:
            raw.setdefault(group.code, "A" if group.kind == "text" else day.isoformat())
    return raw
