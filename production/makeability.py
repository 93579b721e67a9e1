"""Can everything be made that a customer may choose? Asked before a customer asks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from django.utils.translation import gettext_lazy as _

from orders import catalogue
from orders.catalogue import ProductSheet, matches
from production import routings
from production.modelling import Shop, load_shop
from production.models import Operation
from production.routings import Making

Condition: TypeAlias = Mapping[str, object]

# A machine that is open on no day of these has no hours at all.
LOOK_AHEAD_DAYS = 60
AT_ONCE = 500  # products whose rows are in memory together

WORDS = {
    "no_routing": _("Nobody has said yet how it is made. Give it a routing."),
    "no_steps": _("No step applies to this choice: %(choice)s. Widen the condition of a step."),
    "no_machine": _("The step “%(step)s” has no machine: add one to the cell %(cell)s."),
    "no_skill": _(
        "No machine of the cell %(cell)s can do “%(skill)s”, which the step “%(step)s” needs."
    ),
    "no_hours": _("No machine for the step “%(step)s” is open: give the cell %(cell)s shifts."),
    "unknown_question": _(
        "The condition of “%(where)s” asks for “%(question)s”, which is no option of the product."
    ),
    "unknown_answer": _(
        "The condition of “%(where)s” asks for “%(answer)s”, which “%(question)s” does not offer."
    ),
    "never_chosen": _("The rules let nobody choose “%(answer)s” of “%(question)s”."),
    "never_step": _("The step “%(step)s” is never needed: nobody can choose %(asked)s."),
    "never_part": _("The material “%(material)s” is never used: nobody can choose %(asked)s."),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a code of `WORDS` and its facts.

    `blocks`: an order may come that cannot be made; else something is only of no use.
    """

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    blocks: bool = True

    @property
    def text(self) -> str:
        return str(WORDS[self.code]) % self.facts


@dataclass(frozen=True)
class Examined:
    """What was found of one product, after `tried` kinds of choices; `complete`: that was all."""

    product_id: int
    findings: tuple[Finding, ...]
    tried: int
    complete: bool

    @property
    def makeable(self) -> bool:
        return not any(finding.blocks for finding in self.findings)


def examine(product_ids: Collection[int], *, now: datetime) -> dict[int, Examined]:
    """Hold every kind of choice of each product against its routing, its materials and machines.

    As many queries for one product as for a thousand.
    """
    makings = routings.makings(product_ids)
    shop = load_shop(now, LOOK_AHEAD_DAYS)
    return {
        pk: _examine(sheet, makings.get(pk), shop)
        for pk, sheet in catalogue.sheets(product_ids).items()
    }


def obstacles(product_ids: Sequence[int], *, now: datetime) -> dict[int, tuple[Finding, ...]]:
    """What `examine` would say that blocks each product; a product without such is left out.

    For a whole shop of thousands: choices are tried only where the answer hangs on them.
    """
    shop = load_shop(now, LOOK_AHEAD_DAYS)
    found: dict[int, tuple[Finding, ...]] = {}
    for start in range(0, len(product_ids), AT_ONCE):
        some = product_ids[start : start + AT_ONCE]
        steps = routings.steps(some)
        asking = {pk: _doubtful(steps[pk], shop) for pk in some if pk in steps}
        doubted = catalogue.sheets([pk for pk, doubtful in asking.items() if doubtful])
        for pk in some:
            if pk not in steps:
                found[pk] = (Finding("no_routing"),)
            elif pk in doubted:
                found[pk] = tuple(_blocking(doubted[pk], steps[pk], asking[pk], shop))
    return {pk: findings for pk, findings in found.items() if findings}


def _doubtful(steps: Sequence[Operation], shop: Shop) -> list[Operation]:
    """The steps on whose conditions it hangs whether the product can be made."""
    if not any(not step.condition for step in steps):
        return [*steps]
    return [step for step in steps if any(_machines(step, shop))]


def _blocking(
    sheet: ProductSheet, steps: Sequence[Operation], asking: Sequence[Operation], shop: Shop
) -> Iterator[Finding]:
    choices = catalogue.explore(sheet, [step.condition for step in asking]).choices
    yield from _without_steps(sheet, steps, choices)
    for step in asking:
        if _ever(step.condition, choices):
            yield from _machines(step, shop)


def _examine(sheet: ProductSheet, making: Making | None, shop: Shop) -> Examined:
    idle = list(_never_chosen(sheet))
    if making is None:
        return Examined(sheet.product_id, (Finding("no_routing"), *idle), 0, complete=True)
    conditions = [step.condition for step in making.operations]
    conditions += [part.condition for part in making.materials]
    found = catalogue.explore(sheet, conditions)
    used = [step for step in making.operations if _ever(step.condition, found.choices)]
    findings = [
        *_without_steps(sheet, making.operations, found.choices),
        *(problem for step in used for problem in _machines(step, shop)),
        *idle,
        *_conditions(sheet, making, found),
    ]
    return Examined(sheet.product_id, tuple(findings), len(found.choices), found.complete)


def _ever(condition: Condition, choices: Iterable[catalogue.Values]) -> bool:
    return any(matches(condition, choice) for choice in choices)


def _without_steps(
    sheet: ProductSheet, steps: Sequence[Operation], choices: Iterable[catalogue.Values]
) -> Iterator[Finding]:
    """The first choice that no step applies to; one is enough to see why."""
    for choice in choices:
        if not any(matches(step.condition, choice) for step in steps):
            words = (f"{what}: {chosen}" for what, chosen in catalogue.describe(sheet, choice))
            yield Finding("no_steps", {"choice": "; ".join(words) or sheet.name})
            return


def _machines(step: Operation, shop: Shop) -> Iterator[Finding]:
    able = shop.able(step.work_center_id, step.capability)
    facts = {"step": step.name, "cell": step.work_center.name, "skill": step.capability}
    if not able:
        yield Finding("no_skill" if step.capability else "no_machine", facts)
    elif not any(shop.windows[int(machine_id)] for machine_id in able):
        yield Finding("no_hours", facts)


def _unknown(sheet: ProductSheet, where: str, condition: Condition) -> Iterator[Finding]:
    """What a condition asks for that the product does not have."""
    for code, wanted in condition.items():
        group = sheet.group(code)
        if group is None:
            yield Finding("unknown_question", {"where": where, "question": code}, blocks=False)
        elif group.finite and not isinstance(wanted, Mapping):
            known = {*group.codes, *(value.code for value in group.values)}
            for answer in sorted({*catalogue.listed(wanted)} - known):
                facts = {"where": where, "question": group.label, "answer": answer}
                yield Finding("unknown_answer", facts, blocks=False)


def _never_chosen(sheet: ProductSheet) -> Iterator[Finding]:
    possible = catalogue.feasible(sheet, {})
    for group in sheet.groups:
        for code in group.codes if group.finite else ():
            if code not in possible[group.code] and group.kind != "bool":
                facts = {"question": group.label, "answer": group.label_of(code)}
                yield Finding("never_chosen", facts, blocks=False)


def _conditions(
    sheet: ProductSheet, making: Making, found: catalogue.Explored
) -> Iterator[Finding]:
    """Steps and materials whose conditions nobody can meet, and why where that is plain."""
    asking = [("never_step", "step", step.name, step.condition) for step in making.operations]
    asking += [
        ("never_part", "material", part.material.name, part.condition) for part in making.materials
    ]
    for code, what, name, condition in asking:
        unknown = list(_unknown(sheet, name, condition))
        yield from unknown
        if not unknown and found.complete and not _ever(condition, found.choices):
            facts = {what: name, "asked": _in_words(sheet, condition)}
            yield Finding(code, facts, blocks=False)


def _in_words(sheet: ProductSheet, condition: Condition) -> str:
    words = []
    for group in sheet.groups:
        wanted = condition.get(group.code)
        if isinstance(wanted, Mapping):
            limits = (str(wanted.get(limit, "…")) for limit in ("min", "max"))
            words.append(f"{group.label}: {' – '.join(limits)}")
        elif codes := catalogue.listed(wanted):
            words.append(f"{group.label}: {' / '.join(map(group.label_of, codes))}")
    return "; ".join(words)
