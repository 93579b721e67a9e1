"""What the rules of a product set, and which of them a choice breaks."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from orders.configuration.conditions import listed, matches
from orders.configuration.sheet import Chosen, ProductSheet, Rule, Values


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
        group, codes = sheet.group(code), listed(wanted)
        if group is None or not codes or isinstance(wanted, Mapping):
            continue
        if group.kind == "multi":
            values[code] = sorted({*listed(values.get(code)), *codes})
        elif values.get(code) not in codes:
            values[code] = codes[0]


def broken(sheet: ProductSheet, values: Values, unread: set[str]) -> Iterator[tuple[str, str]]:
    """Group and message of every broken rule; rules about unreadable answers wait."""
    for rule in sheet.rules:
        touched = {*rule.condition, *rule.consequence}
        if touched & unread or not breaks(rule, values, partial=False):
            continue
        message = rule.message or _("These choices do not go together.")
        for code in rule.consequence:
            if rule.kind == "excludes" or not matches({code: rule.consequence[code]}, values):
                yield code, message


def breaks(rule: Rule, values: Mapping[str, Chosen], *, partial: bool) -> bool:
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
