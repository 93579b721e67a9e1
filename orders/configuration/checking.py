"""Read what somebody chose, and hold it against the product."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from orders.configuration.conditions import listed, number_text, plain
from orders.configuration.ruling import broken, derive
from orders.configuration.sheet import NO, YES, Chosen, Group, ProductSheet, Values

LONGEST_TEXT = 200  # of a text group that names no limit itself
LARGEST_NUMBER = Decimal(10**9)
_TRUE = frozenset({"yes", "true", "on", "1"})
_FALSE = frozenset({"no", "false", "off", "0"})


class ImpossibleConfiguration(ValueError):
    """The choice cannot be made; `errors` tells the customer why, by group code."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(text for texts in errors.values() for text in texts))
        self.errors = errors


def check(sheet: ProductSheet, raw: Mapping[str, object]) -> Values:
    """The normalised choice with derived values set, or `ImpossibleConfiguration`.

    1 read each answer by its kind, 2 set what rules derive, 3 ask for what is missing,
    4 hold the choice against the rules. Answers to unknown questions are refused.
    """
    errors: dict[str, list[str]] = {
        code: [_("This product has no such option.")] for code in raw if not sheet.group(str(code))
    }
    values: Values = {}
    for group in sheet.groups:
        try:
            chosen = read(group, raw.get(group.code))
        except ValueError as error:
            errors[group.code] = [str(error)]
        else:
            if chosen:
                values[group.code] = chosen
    values = derive(sheet, values)
    for group in sheet.groups:
        if group.required and group.code not in values and group.code not in errors:
            errors[group.code] = [_("Please choose.") if group.finite else _("Please fill in.")]
    for code, message in broken(sheet, values, set(errors)):
        errors.setdefault(code, []).append(message)
    if errors:
        raise ImpossibleConfiguration(errors)
    return values


def read(group: Group, raw: object) -> Chosen:
    """The normalised answer, empty where there is none; raises ValueError with the reason."""
    if group.kind == "multi":
        return sorted({_known(group, code) for code in listed(raw)})
    if isinstance(raw, list | tuple):
        if len(raw) > 1:
            raise ValueError(_("Choose one only."))
        raw = raw[0] if raw else ""
    text = plain(raw).strip() if raw is not None else ""
    if not text:
        return ""
    return _READERS[group.kind](group, text)


def _known(group: Group, code: str) -> str:
    value = next((value for value in group.values if value.code == code), None)
    if value is None:
        raise ValueError(_("This choice does not exist."))
    if not value.active:
        raise ValueError(_("“%(value)s” is no longer offered.") % {"value": value.label})
    return code


def _read_bool(group: Group, text: str) -> str:
    if text.lower() in _TRUE:
        return YES
    if text.lower() in _FALSE:
        return NO
    raise ValueError(_("Answer yes or no."))


def _read_number(group: Group, text: str) -> str:
    try:
        number = Decimal(text.replace(",", ".") if text.count(",") == 1 else text)
    except InvalidOperation:
        raise ValueError(_("Enter a number.")) from None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise ValueError(_("Enter a number."))
    unit = f" {group.unit}" if group.unit else ""
    if group.minimum is not None and number < group.minimum:
        raise ValueError(_("At least %(limit)s.") % {"limit": number_text(group.minimum) + unit})
    if group.maximum is not None and number > group.maximum:
        raise ValueError(_("At most %(limit)s.") % {"limit": number_text(group.maximum) + unit})
    if group.step and (number - (group.minimum or 0)) % group.step:
        raise ValueError(_("In steps of %(step)s.") % {"step": number_text(group.step) + unit})
    return number_text(number)


def _read_text(group: Group, text: str) -> str:
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Co"} for letter in text):
        raise ValueError(_("This text has signs that cannot be written."))
    longest = int(group.maximum) if group.maximum is not None else LONGEST_TEXT
    if len(text) > longest:
        raise ValueError(
            _("At most %(most)d letters; this has %(length)d.")
            % {"most": longest, "length": len(text)}
        )
    return text


def _read_date(group: Group, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(_("Enter a date.")) from None


_READERS = {
    "select": _known,
    "bool": _read_bool,
    "number": _read_number,
    "text": _read_text,
    "date": _read_date,
}
