"""What may be chosen together, and what it costs.

Values are plain texts, so that one choice has one spelling: the code of an option value, "yes" or
"no", a number without trailing zeros ("42", "42.5"), an ISO date, the text itself; an "any of"
group holds a sorted list of codes. Questions without an answer are absent.

A condition names groups and what their values must be; every entry must match, `{}` always does:
`{"material": ["oak", "walnut"], "height": {"min": 10, "max": 40}, "engraving": {"set": true}}`.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TypeAlias

from django.utils.translation import gettext as _

from orders.models import Configuration

Chosen: TypeAlias = str | list[str]
Values: TypeAlias = dict[str, Chosen]

FINITE_KINDS = frozenset({"select", "multi", "bool"})
LONGEST_TEXT = 200  # of a text group that names no limit itself
LARGEST_NUMBER = Decimal(10**9)
CENT = Decimal("0.01")
YES, NO = "yes", "no"
_TRUE = frozenset({"yes", "true", "on", "1"})
_FALSE = frozenset({"no", "false", "off", "0"})
_MOST_TRIALS = 2_000  # completions tried before a value counts as possible


class ImpossibleConfiguration(ValueError):
    """The choice cannot be made; `errors` tells the customer why, by group code."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(text for texts in errors.values() for text in texts))
        self.errors = errors


@dataclass(frozen=True)
class Value:
    code: str
    label: str
    price_delta: Decimal = Decimal(0)
    attributes: Mapping[str, object] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True)
class Group:
    """One question. `values` holds withdrawn ones too, so that old choices keep their names."""

    code: str
    label: str
    kind: str
    required: bool = True
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    unit: str = ""
    price_delta: Decimal = Decimal(0)
    default: str = ""
    values: tuple[Value, ...] = ()

    @property
    def finite(self) -> bool:
        return self.kind in FINITE_KINDS

    @property
    def codes(self) -> list[str]:
        """What can be chosen today, for finite groups."""
        if self.kind == "bool":
            return [NO, YES]
        return [value.code for value in self.values if value.active]

    def label_of(self, code: str) -> str:
        if self.kind == "bool":
            return _("Yes") if code == YES else _("No")
        return next((value.label for value in self.values if value.code == code), code)


@dataclass(frozen=True)
class Rule:
    kind: str
    condition: Mapping[str, object]
    consequence: Mapping[str, object]
    message: str = ""


@dataclass(frozen=True)
class ProductSheet:
    """All there is to know to configure and price a product; texts in the active language."""

    product_id: int
    sku: str
    name: str
    family_id: int
    family_code: str
    family_name: str
    base_price: Decimal
    currency: str = "EUR"
    text: str = ""
    routing_template: str = ""
    make_policy: str = "MTO"
    picture: str = ""
    listed: bool = True
    sold_from: date | None = None
    sold_until: date | None = None
    groups: tuple[Group, ...] = ()
    rules: tuple[Rule, ...] = ()

    def group(self, code: str) -> Group | None:
        return next((group for group in self.groups if group.code == code), None)

    def on_sale(self, day: date) -> bool:
        begun = self.sold_from is None or self.sold_from <= day
        return self.listed and begun and (self.sold_until is None or day <= self.sold_until)


@dataclass(frozen=True)
class Price:
    """Price of one piece; `parts` (what, amount) add up to it."""

    unit: Decimal
    parts: list[tuple[str, Decimal]]


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
    return not set(_listed(wanted)).isdisjoint(_listed(chosen))


def _listed(entry: object) -> list[str]:
    if entry is None or entry == "":
        return []
    if isinstance(entry, str | bool | int | float | Decimal):
        return [_plain(entry)]
    return [_plain(item) for item in entry] if isinstance(entry, Iterable) else [_plain(entry)]


def _plain(item: object) -> str:
    if isinstance(item, bool):
        return YES if item else NO
    return (
        _number_text(Decimal(str(item))) if isinstance(item, int | float | Decimal) else str(item)
    )


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
            chosen = _read(group, raw.get(group.code))
        except ValueError as error:
            errors[group.code] = [str(error)]
        else:
            if chosen:
                values[group.code] = chosen
    values = derive(sheet, values)
    for group in sheet.groups:
        if group.required and group.code not in values and group.code not in errors:
            errors[group.code] = [_("Please choose.") if group.finite else _("Please fill in.")]
    for code, message in _broken(sheet, values, set(errors)):
        errors.setdefault(code, []).append(message)
    if errors:
        raise ImpossibleConfiguration(errors)
    return values


def _read(group: Group, raw: object) -> Chosen:
    """The normalised answer, empty where there is none; raises ValueError with the reason."""
    if group.kind == "multi":
        return sorted({_known(group, code) for code in _listed(raw)})
    if isinstance(raw, list | tuple):
        if len(raw) > 1:
            raise ValueError(_("Choose one only."))
        raw = raw[0] if raw else ""
    text = _plain(raw).strip() if raw is not None else ""
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
        raise ValueError(_("At least %(limit)s.") % {"limit": _number_text(group.minimum) + unit})
    if group.maximum is not None and number > group.maximum:
        raise ValueError(_("At most %(limit)s.") % {"limit": _number_text(group.maximum) + unit})
    if group.step and (number - (group.minimum or 0)) % group.step:
        raise ValueError(_("In steps of %(step)s.") % {"step": _number_text(group.step) + unit})
    return _number_text(number)


def _number_text(number: Decimal) -> str:
    """
    >>> _number_text(Decimal("42.50")), _number_text(Decimal("1E+2")), _number_text(Decimal("-0"))
    ('42.5', '100', '0')
    """
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


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


def derive(sheet: ProductSheet, values: Mapping[str, Chosen]) -> Values:
    """`values` with what the rules set; a derived value replaces the customer's own."""
    derived: Values = dict(values)
    rules = [rule for rule in sheet.rules if rule.kind == "derives"]
    for _round in rules:  # one rule's value may meet another's condition
        before = dict(derived)
        for rule in rules:
            if matches(rule.condition, derived):
                _set(sheet, derived, rule.consequence)
        if derived == before:
            break
    return derived


def _set(sheet: ProductSheet, values: Values, consequence: Mapping[str, object]) -> None:
    for code, wanted in consequence.items():
        group, codes = sheet.group(code), _listed(wanted)
        if group is None or not codes or isinstance(wanted, Mapping):
            continue
        if group.kind == "multi":
            values[code] = sorted({*_listed(values.get(code)), *codes})
        elif values.get(code) not in codes:
            values[code] = codes[0]


def _broken(sheet: ProductSheet, values: Values, unread: set[str]) -> Iterator[tuple[str, str]]:
    """Group and message of every broken rule; rules about unreadable answers wait."""
    for rule in sheet.rules:
        touched = {*rule.condition, *rule.consequence}
        if touched & unread or not _breaks(rule, values, partial=False):
            continue
        message = rule.message or _("These choices do not go together.")
        for code in rule.consequence:
            if rule.kind == "excludes" or not matches({code: rule.consequence[code]}, values):
                yield code, message


def _breaks(rule: Rule, values: Mapping[str, Chosen], *, partial: bool) -> bool:
    """Whether the rule is broken; in a `partial` choice, an open question breaks nothing yet."""
    if rule.kind == "derives" or not matches(rule.condition, values):
        return False
    if rule.kind == "excludes":
        return matches(rule.consequence, values)
    return any(
        not matches({code: wanted}, values)
        for code, wanted in rule.consequence.items()
        if code in values or not partial
    )


def feasible(sheet: ProductSheet, values: Mapping[str, object]) -> dict[str, list[str]]:
    """The values of each finite group that are still possible, the other answers given.

    A value is possible when the open questions can still be answered so that no rule breaks.
    Unreadable and unknown answers count as open.
    """
    known = _readable(sheet, values)
    return {
        group.code: [code for code in group.codes if _possible(sheet, known, group, code)]
        for group in sheet.groups
        if group.finite
    }


def _readable(sheet: ProductSheet, values: Mapping[str, object]) -> Values:
    known: Values = {}
    for group in sheet.groups:
        try:
            if chosen := _read(group, values.get(group.code)):
                known[group.code] = chosen
        except ValueError:
            continue
    return known


def _possible(sheet: ProductSheet, known: Values, group: Group, code: str) -> bool:
    trial: Values = dict(known)
    trial[group.code] = (
        sorted({*_listed(known.get(group.code)), code}) if group.kind == "multi" else code
    )
    settled = derive(sheet, trial)
    if code not in _listed(settled.get(group.code)):
        return False
    changed = {name for name in settled if settled[name] != known.get(name)} | {group.code}
    rules = [
        rule for rule in sheet.rules if not changed.isdisjoint({*rule.condition, *rule.consequence})
    ]
    if any(_breaks(rule, settled, partial=True) for rule in rules):
        return False
    return _completable(sheet, settled, rules)


def _completable(sheet: ProductSheet, settled: Values, rules: Sequence[Rule]) -> bool:
    """Whether the open questions that `rules` reach have answers that break none of them.

    Rules that the answers given so far already break are somebody else's fault.
    """
    named = {code for rule in sheet.rules for code in {*rule.condition, *rule.consequence}}
    open_groups = [
        group
        for group in sheet.groups
        if group.code in named
        and group.code not in settled
        and group.required
        and group.kind in {"select", "bool"}
    ]
    alive = [rule for rule in sheet.rules if not _breaks(rule, settled, partial=True)]
    if not open_groups or not rules:
        return True
    return _answer(sheet, settled, open_groups, alive, [_MOST_TRIALS])


def _answer(
    sheet: ProductSheet,
    settled: Values,
    open_groups: Sequence[Group],
    rules: Sequence[Rule],
    trials_left: list[int],
) -> bool:
    if not open_groups or trials_left[0] <= 0:
        return True
    group, *rest = open_groups
    if group.code in settled:
        return _answer(sheet, settled, rest, rules, trials_left)
    for code in group.codes:
        trials_left[0] -= 1
        trial = derive(sheet, {**settled, group.code: code})
        if trial[group.code] != code or any(_breaks(rule, trial, partial=True) for rule in rules):
            continue
        if _answer(sheet, trial, rest, rules, trials_left):
            return True
    return False


def price(sheet: ProductSheet, values: Mapping[str, object]) -> Price:
    """Price of one piece of a checked choice: the base and what each answer adds.

    A number adds its price for each unit above the minimum; a price never falls below zero.
    """
    parts = [(sheet.name, _cents(sheet.base_price))]
    for group in sheet.groups:
        parts += [(label, amount) for label, amount in _extras(group, values) if amount]
    total = sum((amount for _label, amount in parts), Decimal(0))
    if total < 0:
        parts.append((_("Lowest price"), -total))
        total = Decimal("0.00")
    return Price(total, parts)


def _extras(group: Group, values: Mapping[str, object]) -> Iterator[tuple[str, Decimal]]:
    chosen = values.get(group.code)
    if chosen in (None, "", []):
        return
    if group.kind in {"select", "multi"}:
        deltas = {value.code: value for value in group.values}
        for code in _listed(chosen):
            if value := deltas.get(code):
                yield f"{group.label}: {value.label}", _cents(value.price_delta)
    elif group.kind == "number":
        units = Decimal(str(chosen)) - (group.minimum or Decimal(0))
        yield group.label, _cents(units * group.price_delta)
    elif group.kind != "bool" or chosen == YES:
        yield group.label, _cents(group.price_delta)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def describe(sheet: ProductSheet, values: Mapping[str, object]) -> list[tuple[str, str]]:
    """The choice in words: (question, answer), in the order of the questions."""
    described = []
    for group in sheet.groups:
        codes = _listed(values.get(group.code))
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
            first[group.code] = _number_text(group.minimum)
    return first


def usual(sheet: ProductSheet, day: date) -> dict[str, object]:
    """What the configurator shows first; where something must be written, a sample."""
    raw = opening(sheet)
    for group in sheet.groups:
        if group.required and group.kind in {"text", "date"}:
            raw.setdefault(group.code, "A" if group.kind == "text" else day.isoformat())
    return raw


def price_from(sheet: ProductSheet, day: date) -> Decimal:
    """The least that the product costs: its cheapest answers where they go together."""
    for raw in (_cheapest(sheet, day), usual(sheet, day)):
        try:
            return price(sheet, check(sheet, raw)).unit
        except ImpossibleConfiguration:
            continue
    return sheet.base_price


def _cheapest(sheet: ProductSheet, day: date) -> dict[str, object]:
    raw = usual(sheet, day)
    for group in sheet.groups:
        sold = [value for value in group.values if value.active]
        if group.kind == "select" and group.required and sold:
            raw[group.code] = min(sold, key=lambda value: value.price_delta).code
        elif not group.required:
            raw.pop(group.code, None)
    return raw


def digest(values: Mapping[str, object]) -> str:
    """SHA-256 of the canonical JSON: the same choice has the same digest."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def store(product_id: int, values: Mapping[str, object], now: datetime) -> Configuration:
    """The one row of this choice, made where it does not exist yet."""
    configuration, _made = Configuration.objects.get_or_create(
        product_id=product_id,
        digest=digest(values),
        defaults={"values": dict(values), "created_at": now},
    )
    return configuration
