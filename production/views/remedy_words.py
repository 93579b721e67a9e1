"""Where lateness comes from as a table of hours, and remedies by the names of cells and orders."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from production.models import Machine, WorkCenter, WorkOrder
from production.remedies import TRIALS, Answer
from production.scheduling import Bottleneck, Effect, Remedies, Remedy, RemedyKind, Use

LATER = 5  # orders that are named
LEAST = 0.0005  # of a plan's cost

CAUSES: dict[Use, str | Promise] = {
    Use.BUSY: gettext_lazy("Busy with others"),
    Use.CHANGEOVER: gettext_lazy("Set up for others"),
    Use.CLOSED: gettext_lazy("Machine closed"),
    Use.HELD: gettext_lazy("Held back"),
    Use.LAG: gettext_lazy("Cures or dries"),
    Use.SETUP: gettext_lazy("Own set-up"),
    Use.WORK: gettext_lazy("Own work"),
}
NOWHERE: dict[Use, str | Promise] = {
    Use.MATERIAL: gettext_lazy("Waiting for material"),
    Use.OVERDUE: gettext_lazy("Late before now"),
}


# Where lateness comes from


@dataclass(frozen=True)
class Row:
    """What late orders spent at a cell: (column, minutes), all of them, and the share of the
    lateness that they answer for. `named` is a name that the shop gave."""

    label: str | Promise
    cells: list[tuple[str | Promise, int]]
    total: int
    share: float | None
    named: bool = False


@dataclass(frozen=True)
class Table:
    """Rows that answer for most come first; columns in which nothing was spent are left out."""

    columns: list[str | Promise]
    rows: list[Row]
    sums: list[tuple[str | Promise, int]]
    total: int

    @property
    def weighed(self) -> bool:
        return all(row.share is not None for row in self.rows)


def table(found: Iterable[Bottleneck], centers: dict[str, WorkCenter]) -> Table | None:
    """None where nothing is late. `found` has what costs most first, and so have its rows."""
    entries = list(found)
    if not entries:
        return None
    uses = [use for use in CAUSES if any(one.use == use and one.group for one in entries)]
    cost = sum(one.cost for one in entries)
    groups = {one.group: 0.0 for one in entries if one.group}
    for one in entries:
        if one.group:
            groups[one.group] += one.cost
    at = {(one.group, one.use): one.minutes for one in entries}
    rows = []
    for group in sorted(groups, key=lambda one: -groups[one]):
        spent = [(CAUSES[use], at.get((group, use), 0)) for use in uses]
        center = centers.get(group)
        label = center.name if center else _("A cell that is gone")
        total = sum(minutes for _column, minutes in spent)
        rows.append(Row(label, spent, total, _share(groups[group], cost), center is not None))
    for one in entries:
        if not one.group:
            nothing = [(CAUSES[use], 0) for use in uses]
            rows.append(Row(NOWHERE[one.use], nothing, one.minutes, _share(one.cost, cost)))
    sums = [(CAUSES[use], sum(one.minutes for one in entries if one.use == use)) for use in uses]
    return Table([CAUSES[use] for use in uses], rows, sums, sum(row.total for row in rows))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# Remedies


@dataclass(frozen=True)
class Tried:
    """A remedy and what came of it; minutes and counts are sizes, `fewer` and `more` tell them
    apart. `becomes` is how late the order asked about would be, None where the plan was asked
    about; `cheaper` the share that the plan costs less, below zero where it costs more."""

    name: str
    order: WorkOrder | None
    gained: int
    becomes: int | None
    fewer: int
    more: int
    placed: int
    cheaper: float | None
    open_minutes: int
    used_minutes: int
    later: list[tuple[WorkOrder, int]]
    later_count: int

    @property
    def dearer(self) -> float:
        return -(self.cheaper or 0)

    @property
    def more_later(self) -> int:
        return self.later_count - len(self.later)


@dataclass(frozen=True)
class Told:
    """An answer in words: what helps, the best first, and what was tried without gain."""

    answer: Answer
    remedies: Remedies
    order: WorkOrder | None
    table: Table | None
    helpful: list[Tried]
    vain: list[Tried]

    @property
    def in_time(self) -> bool:
        late = self.remedies.late_orders if self.order is None else self.answer.minutes_late
        return not late


def told(answer: Answer) -> Told | None:
    """None where nothing was found to ask about. In four queries, whatever was tried."""
    remedies = answer.remedies
    if remedies is None:
        return None
    names = _Names(answer, remedies)
    helpful = [one for one in remedies.effects if _helps(one, answer)]
    vain = [one for one in remedies.effects if not _helps(one, answer)]
    return Told(
        answer,
        remedies,
        names.orders.get(answer.work_order_id or 0),
        table(answer.bottlenecks, names.centers),
        [names.tried(one) for one in helpful],
        [names.tried(one) for one in vain],
    )


def _told_share(objective: int, before: int) -> float | None:
    """What a plan costs less, None where a page would call it 0.0 %."""
    share = -objective / before if before else 0.0
    return share if abs(share) >= LEAST else None


def _helps(effect: Effect, answer: Answer) -> bool:
    if answer.work_order_id is None:
        return (effect.set_aside, effect.objective) < (0, 0)
    return effect.lateness is not None and effect.lateness < 0


class _Names:
    """The rows behind the ids of an answer, looked up once."""

    def __init__(self, answer: Answer, remedies: Remedies) -> None:
        self._answer, self._remedies = answer, remedies
        effects = remedies.effects
        groups = {one.group for one in answer.bottlenecks} | {one.remedy.group for one in effects}
        ids = [int(one) for one in groups if one]
        found = WorkCenter.objects.prefetch_related("machines").in_bulk(ids)
        self.centers = {str(pk): center for pk, center in found.items()}
        machine_ids = {int(pk) for one in effects for pk in one.remedy.machine_ids}
        self._machines = Machine.objects.in_bulk(list(machine_ids))
        named = {int(pk) for one in effects for pk, _more in one.later[:LATER]}
        named |= {int(one.remedy.job_id) for one in effects if one.remedy.job_id}
        named |= {answer.work_order_id or 0}
        self.orders = WorkOrder.objects.only("number", "due").in_bulk(list(named))

    def tried(self, effect: Effect) -> Tried:
        before = self._remedies.before.objective
        later = [(self.orders.get(int(pk)), more) for pk, more in effect.later[:LATER]]
        own, was = effect.lateness, self._answer.minutes_late
        return Tried(
            self._name(effect.remedy),
            self.orders.get(int(effect.remedy.job_id or 0)),
            max(0, -(own or 0)),
            None if own is None or was is None else was + own,
            max(0, -effect.late_orders),
            max(0, effect.late_orders),
            max(0, -effect.set_aside),
            _told_share(effect.objective, before),
            effect.remedy.open_minutes,
            effect.used_minutes,
            [(order, more) for order, more in later if order],
            len(effect.later),
        )

    def _name(self, remedy: Remedy) -> str:
        if remedy.kind == RemedyKind.FIRST:
            order = self.orders.get(int(remedy.job_id))
            named = {"order": order.number if order else remedy.job_id}
            return _("%(order)s in front of all others") % named
        where = {"where": self._where(remedy)}
        if remedy.kind == RemedyKind.MACHINE:
            return _("One more machine at %(where)s") % where
        if remedy.kind == RemedyKind.DAYS:
            text = ngettext(
                "%(where)s open on %(days)d closed day, %(hours)d hours",
                "%(where)s open on the next %(days)d closed days, %(hours)d hours each",
                TRIALS.closed_days,
            )
            hours = TRIALS.shift // 60
            return text % {**where, "days": TRIALS.closed_days, "hours": hours}
        if remedy.kind == RemedyKind.SHIFT:
            text = _("An extra shift of %(hours)d hours at %(where)s, on %(days)d days")
            return text % {**where, "days": TRIALS.days, "hours": TRIALS.shift // 60}
        text = _("%(hours)d more hours a day at %(where)s, on %(days)d days")
        return text % {**where, "days": TRIALS.days, "hours": TRIALS.overtime // 60}

    def _where(self, remedy: Remedy) -> str:
        """The cell; and the machine where it is one of several."""
        center = self.centers.get(remedy.group)
        if center is None:
            return _("A cell that is gone")
        machine = self._machines.get(int(remedy.machine_ids[0]))
        several = sum(one.active for one in center.machines.all()) > 1
        one_of = remedy.kind != RemedyKind.MACHINE and len(remedy.machine_ids) == 1 and several
        return f"{center.name} · {machine.name}" if one_of and machine else center.name
