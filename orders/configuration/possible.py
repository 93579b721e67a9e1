"""Which values are still possible once some are chosen."""

from collections.abc import Mapping, Sequence

from orders.configuration.checking import read
from orders.configuration.conditions import listed
from orders.configuration.ruling import breaks, derive
from orders.configuration.sheet import Group, ProductSheet, Rule, Values

_MOST_TRIALS = 2_000  # completions tried before a value counts as possible


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
            if chosen := read(group, values.get(group.code)):
                known[group.code] = chosen
        except ValueError:
            continue
    return known


def _possible(sheet: ProductSheet, known: Values, group: Group, code: str) -> bool:
    trial: Values = dict(known)
    trial[group.code] = (
        sorted({*listed(known.get(group.code)), code}) if group.kind == "multi" else code
    )
    settled = derive(sheet, trial)
    if code not in listed(settled.get(group.code)):
        return False
    changed = {name for name in settled if settled[name] != known.get(name)} | {group.code}
    rules = [
        rule for rule in sheet.rules if not changed.isdisjoint({*rule.condition, *rule.consequence})
    ]
    if any(breaks(rule, settled, partial=True) for rule in rules):
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
    alive = [rule for rule in sheet.rules if not breaks(rule, settled, partial=True)]
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
        if trial[group.code] != code or any(breaks(rule, trial, partial=True) for rule in rules):
            continue
        if _answer(sheet, trial, rest, rules, trials_left):
            return True
    return False
