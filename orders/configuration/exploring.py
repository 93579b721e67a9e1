"""Every kind of choice that a product allows, as far as conditions can tell them apart.

A product with ten questions has millions of choices, but its routing asks only a few things of
them: is it oak, is it wider than 40. One choice stands for all that answer these alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import combinations

from orders.configuration.checking import read
from orders.configuration.conditions import listed, matches
from orders.configuration.ruling import breaks, derive
from orders.configuration.sheet import Chosen, Group, ProductSheet, Values

MOST_TRIALS = 20_000
# of an "any of" group: as many of the values that conditions name are tried in every combination
MOST_COMBINED = 6
SAMPLE_TEXT, SAMPLE_DAY = "A", date(2026, 1, 1)

Condition = Mapping[str, object]


@dataclass(frozen=True)
class Explored:
    """Choices that stand for all others; `complete`: every kind of choice is among them."""

    choices: tuple[Values, ...]
    complete: bool


def explore(
    sheet: ProductSheet, conditions: Iterable[Condition], *, most: int = MOST_TRIALS
) -> Explored:
    """One choice for each way in which the possible choices of a product answer `conditions`.

    A choice holds the questions that rules or conditions name, with what rules derive.
    """
    asked = [*conditions]
    for rule in sheet.rules:
        asked += [rule.condition, rule.consequence]
    named = {code for condition in asked for code in condition}
    groups = [group for group in sheet.groups if group.code in named]
    wanted = {g.code: [one[g.code] for one in asked if g.code in one] for g in groups}
    answers = {group.code: _answers(group, wanted[group.code]) for group in groups}
    trials = _Trials(most)
    found: dict[tuple[object, ...], Values] = {}
    for chosen in _combined(sheet, groups, answers, {}, trials):
        settled = derive(sheet, chosen)
        if _allowed(sheet, groups, settled):
            kind = tuple(matches(condition, settled) for condition in asked)
            found.setdefault(kind, settled)
    several = [_named(g, wanted[g.code]) for g in groups if g.kind == "multi"]
    combined = all(len(codes) <= MOST_COMBINED for codes in several)
    return Explored(tuple(found.values()), trials.left > 0 and combined)


@dataclass
class _Trials:
    left: int


def _combined(
    sheet: ProductSheet,
    groups: Sequence[Group],
    answers: Mapping[str, Sequence[Chosen]],
    chosen: Values,
    trials: _Trials,
) -> Iterator[Values]:
    """Depth first, leaving out what a rule forbids already, until the trials are used up."""
    if not groups:
        yield chosen
        return
    group, *rest = groups
    for answer in answers[group.code]:
        trials.left -= 1
        if trials.left <= 0:
            return
        trial = {**chosen, group.code: answer} if answer else chosen
        if not _forbidden(sheet, trial):
            yield from _combined(sheet, rest, answers, trial, trials)


def _forbidden(sheet: ProductSheet, chosen: Values) -> bool:
    """Whether a rule is broken for good; where rules derive values, only the whole choice tells."""
    if any(rule.kind == "derives" for rule in sheet.rules):
        return False
    return any(breaks(rule, chosen, partial=True) for rule in sheet.rules)


def _allowed(sheet: ProductSheet, groups: Iterable[Group], settled: Values) -> bool:
    if any(group.required and group.code not in settled for group in groups):
        return False
    return not any(breaks(rule, settled, partial=False) for rule in sheet.rules)


def _answers(group: Group, wanted: Sequence[object]) -> list[Chosen]:
    """Answers that stand for all others; an empty one, where the question may stay open."""
    found = [*dict.fromkeys(map(_hashable, _candidates(group, wanted)))]
    readable = [answer for answer in found if _readable(group, answer)]
    distinct = {
        tuple(matches({group.code: one}, {group.code: answer}) for one in wanted): answer
        for answer in reversed(readable)
    }
    answers: list[Chosen] = [
        list(one) if isinstance(one, tuple) else one for one in reversed(distinct.values())
    ]
    return answers if group.required else ["", *answers]


def _hashable(answer: Chosen) -> str | tuple[str, ...]:
    return tuple(answer) if isinstance(answer, list) else answer


def _readable(group: Group, answer: str | tuple[str, ...]) -> bool:
    try:
        return bool(read(group, answer))
    except ValueError:
        return False


def _candidates(group: Group, wanted: Sequence[object]) -> Iterator[Chosen]:
    """Answers on both sides of everything that a condition asks of the group."""
    if group.kind == "multi":
        yield from _subsets(group, wanted)
    elif group.finite:
        yield from group.codes
    elif group.kind == "number":
        yield from _numbers(group, wanted)
    else:
        yield from (text for one in wanted for text in _texts(one))
        yield SAMPLE_DAY.isoformat() if group.kind == "date" else SAMPLE_TEXT


def _subsets(group: Group, wanted: Sequence[object]) -> Iterator[Chosen]:
    tried = _named(group, wanted)
    others = [code for code in group.codes if code not in tried][:1]
    sizes = range(len(tried) + 1) if len(tried) <= MOST_COMBINED else (0, 1, len(tried))
    for size in sizes:
        for some in combinations(tried, size):
            yield sorted(some) or others


def _named(group: Group, wanted: Sequence[object]) -> list[str]:
    named = {code for one in wanted if not isinstance(one, Mapping) for code in listed(one)}
    return [code for code in group.codes if code in named]


def _numbers(group: Group, wanted: Sequence[object]) -> Iterator[str]:
    """The ends of the range, every limit, and its neighbours on the group's steps."""
    step = group.step or Decimal("0.01")
    least = group.minimum if group.minimum is not None else Decimal(0)
    for edge in [least, group.maximum, *_limits(wanted)]:
        if edge is None:
            continue
        on_step = least + (edge - least) // step * step
        yield from (
            format(number, "f") for number in (edge, on_step, on_step - step, on_step + step)
        )


def _limits(wanted: Sequence[object]) -> Iterator[Decimal]:
    for text in (text for one in wanted for text in _texts(one)):
        try:
            yield Decimal(text)
        except InvalidOperation:
            continue


def _texts(entry: object) -> Iterator[str]:
    """The values that an entry of a condition names; around a day, its neighbours too."""
    limits = [entry.get("min"), entry.get("max")] if isinstance(entry, Mapping) else listed(entry)
    for limit in limits:
        if limit is None:
            continue
        yield str(limit)
        try:
            day = date.fromisoformat(str(limit))
        except ValueError:
            continue
        yield from ((day + timedelta(days=days)).isoformat() for days in (-1, 1))
