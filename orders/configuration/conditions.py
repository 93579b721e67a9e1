"""The language of conditions: which values a choice must have.

A condition names groups and what their values must be; every entry must match, `{}` always does:
`{"material": ["oak", "walnut"], "height": {"min": 10, "max": 40}, "engraving": {"set": true}}`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from orders.configuration.sheet import NO, YES


def matches(condition: Mapping[str, object], values: Mapping[str, object]) -> bool:
    """Whether every entry of `condition` holds for `values`.

    >>> matches({"material": ["oak"], "height": {"max": 40}}, {"material": "oak", "height": "35"})
    True
    >>> matches({"extras": ["dimmer"]}, {"extras": ["plug", "dimmer"]})
    True
    >>> matches({"height": {"min": 10}}, {})
    False
    """
    return all(_entry_matches(wanted, values.get(code)) for code, wanted in condition.items())


def _entry_matches(wanted: object, chosen: object) -> bool:
    if isinstance(wanted, Mapping):
        present = chosen not in (None, "", [])
        if "set" in wanted and bool(wanted["set"]) != present:
            return False
        return ("min" not in wanted and "max" not in wanted) or _within(wanted, chosen)
    return not set(listed(wanted)).isdisjoint(listed(chosen))


def listed(entry: object) -> list[str]:
    if entry is None or entry == "":
        return []
    if isinstance(entry, str | bool | int | float | Decimal):
        return [plain(entry)]
    return [plain(item) for item in entry] if isinstance(entry, Iterable) else [plain(entry)]


def plain(item: object) -> str:
    if isinstance(item, bool):
        return YES if item else NO
    return number_text(Decimal(str(item))) if isinstance(item, int | float | Decimal) else str(item)


def number_text(number: Decimal) -> str:
    """
    >>> number_text(Decimal("42.50")), number_text(Decimal("1E+2")), number_text(Decimal("-0"))
    ('42.5', '100', '0')
    """
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _within(limits: Mapping[str, object], chosen: object) -> bool:
    if chosen in (None, "", []) or isinstance(chosen, list):
        return False
    least, most = limits.get("min"), limits.get("max")
    value, low, high = (_comparable(item) for item in (chosen, least, most))
    try:
        return (least is None or low <= value) and (  # type: ignore[operator]
            most is None or value <= high  # type: ignore[operator]
        )
    except TypeError:  # a text beside a number has no order
        return False


def _comparable(item: object) -> Decimal | str:
    try:
        return Decimal(str(item))
    except InvalidOperation:
        return str(item)  # ISO dates sort as texts
