"""Turn demand into work orders: open order lines first, then what the forecast still expects.

Running it again with the same input changes nothing. Every piece of supply is pegged.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from forecasting import outlook
from orders import catalogue, demand, waiting
from production import routings
from production.alone import planning_alone
from production.calendars import monday_of, plant_zone
from production.models import Pegging, WorkOrder
from production.promising import finish_by
from production.routings import CannotBeMade, Draft, Making, Peg
from production.withdrawing import NOT_BEGUN, untouched

# This week and the three after it: as far ahead as work is begun.
FORECAST_WEEKS = 4
FEW = 500  # lines that are asked for by themselves; of more, everything is read
TO_BE_MADE = {"pending", "promised", "planned", "in_production"}

# What a customer will write or which day it is for changes nothing of how the piece is made.
STAND_IN = {"text": "–", "date": "2000-01-01"}

USUAL_LEAD_DAYS = 14  # where nobody has ordered the product lately

LotKey: TypeAlias = tuple[int, date, int]  # configuration, week, number of the lot in it
Surplus: TypeAlias = tuple[Pegging, int]  # pieces too many of it

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Refused:
    """Demand for which no work order could be made, and why in plain words."""

    product_id: int
    code: str
    reason: str
    line_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Netted:
    """What one netting run did, in work orders."""

    made: int
    foreseen: int
    resized: int
    cancelled: int
    refused: tuple[Refused, ...]


def run(
    as_of: datetime,
    *,
    by: str = "system",
    product_ids: Sequence[int] | None = None,
    progress: Progress = lambda share, step: None,
) -> Netted:
    """Net all demand known at `as_of`. Raises `PlanningUnderWay`.

    1. Give back what cancelled or reduced lines no longer need. 2. Make work orders for what no
    work order answers yet. 3. Bring the forecast's work orders in line with what is left of it.
    """
    with planning_alone():
        lines = waiting.open_lines(as_of, product_ids=product_ids)
        progress(0.1, _("Reading the orders"))
        freed = _give_back(lines, by, as_of)
        progress(0.2, _("Making work orders"))
        made, refused = _for_lines(lines, by, as_of)
        progress(0.6, _("Netting the forecast"))
        foreseen = _for_forecast(as_of, product_ids, by)
        return Netted(
            made,
            foreseen.foreseen,
            freed.resized + foreseen.resized,
            freed.cancelled + foreseen.cancelled,
            (*refused, *foreseen.refused),
        )


def answer(order_ids: Collection[int], as_of: datetime, *, by: str = "system") -> Netted:
    """Net some orders alone, at once; the forecast is left as it was until all is netted next.

    Whoever calls holds the planner's lock.
    """
    lines = waiting.open_lines(as_of, order_ids=order_ids)
    freed = _give_back(lines, by, as_of)
    made, refused = _for_lines(lines, by, as_of)
    return Netted(made, 0, freed.resized, freed.cancelled, tuple(refused))


# Demand that went away


def _give_back(lines: Sequence[waiting.OpenLine], by: str, at: datetime) -> Netted:
    """Take cancelled and reduced lines off work orders that nobody has begun."""
    surplus = _surplus({line.line_id: line.quantity for line in lines})
    left = [_shrink(order_id, pegs, by, at) for order_id, pegs in surplus.items()]
    resized = sum(1 for pieces in left if pieces)
    return Netted(0, 0, resized, left.count(0), ())


def _shrink(order_id: int, pegs: Iterable[Surplus], by: str, at: datetime) -> int | None:
    """Take the pieces too many off a work order, whole or not at all; returns what is left of it.

    None where somebody has begun it: a terminal may have claimed its job since the pegs were read.
    """
    with transaction.atomic():
        free = untouched([order_id])
        order = WorkOrder.objects.filter(pk__in=free, status__in=NOT_BEGUN).first()
        if order is None:
            return None
        left = order.quantity
        for peg, taken in pegs:
            _reduce(peg, taken)
            left -= taken
        if left > 0:
            routings.resize(order, left)
        else:
            routings.cancel([order_id], by=by, at=at, why="nobody wants it any more")
        return left


def _surplus(wanted: Mapping[int, int]) -> dict[int, list[Surplus]]:
    """Pegs above what their lines want, by work order."""
    left = dict(wanted)
    found: dict[int, list[Surplus]] = {}
    pegs = Pegging.objects.filter(order_line__isnull=False).exclude(work_order__status="cancelled")
    pegs = pegs.filter(work_order__status__in=WorkOrder.OPEN_STATUSES)
    gone = set(pegs.filter(order_line__status="cancelled").values_list("order_line_id", flat=True))
    if len(wanted) + len(gone) <= FEW:
        pegs = pegs.filter(order_line__in=[*wanted, *gone])
    # What was begun first is kept first.
    for peg in pegs.order_by("work_order__created_at", "pk"):
        line_id = peg.order_line_id or 0
        if line_id not in wanted and line_id not in gone:
            continue
        kept = min(peg.quantity, left.get(line_id, 0))
        left[line_id] = left.get(line_id, 0) - kept
        if kept < peg.quantity:
            found.setdefault(peg.work_order_id, []).append((peg, peg.quantity - kept))
    return found


def _reduce(peg: Pegging, taken: int) -> None:
    if taken == peg.quantity:
        peg.delete()
    else:
        Pegging.objects.filter(pk=peg.pk).update(quantity=peg.quantity - taken)


# Order lines


def _for_lines(
    lines: Sequence[waiting.OpenLine], by: str, at: datetime
) -> tuple[int, list[Refused]]:
    """Work orders for the pieces of open lines that none answers yet."""
    zone = plant_zone()
    open_lines = _unanswered(lines)
    known = routings.makings({line.product_id for line, _ in open_lines})
    drafts: list[Draft] = []
    refused: list[Refused] = []
    for group in _groups(open_lines):
        first = group[0][0]
        try:
            drafts += _lots(known.get(first.product_id), group, zone)
        except CannotBeMade as problem:
            ids = tuple(line.line_id for line, _ in group)
            refused.append(Refused(first.product_id, problem.code, problem.reason, ids))
    routings.make_work_orders(drafts, by=by, at=at)
    return len(drafts), refused


def _unanswered(lines: Iterable[waiting.OpenLine]) -> list[tuple[waiting.OpenLine, int]]:
    wanted = [line for line in lines if line.status in TO_BE_MADE]
    pegs = Pegging.objects.exclude(work_order__status="cancelled").filter(order_line__isnull=False)
    if len(wanted) <= FEW:
        pegs = pegs.filter(order_line__in=[line.line_id for line in wanted])
    pegged = dict(pegs.values_list("order_line_id").annotate(Sum("quantity")))
    rest = [(line, line.quantity - pegged.get(line.line_id, 0)) for line in wanted]
    return [(line, missing) for line, missing in rest if missing > 0]


Group = list[tuple[waiting.OpenLine, int]]


def _groups(lines: Iterable[tuple[waiting.OpenLine, int]]) -> list[Group]:
    """Lines of one configuration that are due in the same week, the earliest first."""
    groups: dict[tuple[date, int], Group] = {}
    for line, missing in sorted(lines, key=lambda pair: (pair[0].due, pair[0].line_id)):
        week = line.due - timedelta(days=line.due.weekday())
        groups.setdefault((week, line.configuration_id), []).append((line, missing))
    return [groups[key] for key in sorted(groups)]


def _lots(making: Making | None, group: Group, zone: ZoneInfo) -> list[Draft]:
    """The pieces of a group in work orders no larger than the batch that its steps allow."""
    values = group[0][0].values
    limit = routings.largest_batch(making, values)
    lots: list[Group] = [[]]
    room = limit
    for line, missing in group:
        while missing:
            taken = missing if room is None else min(missing, room)
            lots[-1].append((line, taken))
            missing -= taken
            room = None if room is None else room - taken
            if room == 0:
                lots.append([])
                room = limit
    return [_draft(making, lot, zone) for lot in lots if lot]


def _draft(making: Making | None, lot: Group, zone: ZoneInfo) -> Draft:
    first = lot[0][0]
    quantity = sum(taken for _, taken in lot)
    return Draft(
        first.configuration_id,
        quantity,
        finish_by(min(line.due for line, _ in lot), zone),
        routings.freeze(making, first.values, quantity),
        tuple(Peg(taken, line_id=line.line_id) for line, taken in lot),
        max(line.weight for line, _ in lot),
    )


# Forecast


@dataclass(frozen=True)
class Foreseen:
    """A lot of a product's most likely configuration, expected to be asked for in a week."""

    product_id: int
    configuration_id: int
    week: date
    quantity: int
    making: Making | None
    values: Mapping[str, object]
    lead_days: int

    def due(self, zone: ZoneInfo) -> datetime:
        """As long after the week in which it will be asked for as customers usually allow."""
        day = self.week + timedelta(days=7 + self.lead_days)
        return datetime.combine(day, time(), tzinfo=zone)


def _for_forecast(as_of: datetime, product_ids: Sequence[int] | None, by: str) -> Netted:
    """Make the forecast's work orders what is left of the forecast; never released."""
    zone = plant_zone()
    wanted, refused = _foreseen(as_of, product_ids, zone)
    standing = _standing(product_ids)
    resized = 0
    new: list[Foreseen] = []
    for key, one in wanted.items():
        order = standing.pop(key, None)
        if order is None:
            new.append(one)
        elif (order.quantity, order.due) != (one.quantity, one.due(zone)):
            _restate(order, one.quantity, one.due(zone))
            resized += 1
    routings.cancel(
        [order.pk for order in standing.values()], by=by, at=as_of, why="the forecast changed"
    )
    _purge()
    routings.make_work_orders([_foreseen_draft(one, zone) for one in new], by=by, at=as_of)
    return Netted(0, len(new), resized, len(standing), tuple(refused))


def _foreseen_draft(one: Foreseen, zone: ZoneInfo) -> Draft:
    peg = Peg(one.quantity, week=one.week)
    frozen = routings.freeze(one.making, one.values, one.quantity)
    return Draft(one.configuration_id, one.quantity, one.due(zone), frozen, (peg,), firm=False)


def _standing(product_ids: Sequence[int] | None) -> dict[LotKey, WorkOrder]:
    pegs = Pegging.objects.filter(
        forecast_week__isnull=False, work_order__status=WorkOrder.Status.PLANNED
    ).select_related("work_order")
    if product_ids is not None:
        pegs = pegs.filter(work_order__configuration__product__in=product_ids)
    found: dict[LotKey, WorkOrder] = {}
    lots: Counter[tuple[int, date]] = Counter()
    for peg in pegs.order_by("work_order"):
        if peg.forecast_week:
            key = (peg.work_order.configuration_id, peg.forecast_week)
            found[*key, lots[key]] = peg.work_order
            lots[key] += 1
    return found


def _restate(order: WorkOrder, quantity: int, due: datetime) -> None:
    with transaction.atomic():
        if order.quantity != quantity:
            routings.resize(order, quantity)
            Pegging.objects.filter(work_order=order).update(quantity=quantity)
        WorkOrder.objects.filter(pk=order.pk).update(due=due)


def _purge() -> None:
    """Forget cancelled work orders of old forecasts once no published plan shows them."""
    gone = WorkOrder.objects.filter(
        status=WorkOrder.Status.CANCELLED, pegging__forecast_week__isnull=False
    ).exclude(jobs__entries__plan__status="published")
    ids = list(gone.values_list("pk", flat=True).distinct())
    for start in range(0, len(ids), routings.BATCH):
        WorkOrder.objects.filter(pk__in=ids[start : start + routings.BATCH]).delete()


def _foreseen(
    as_of: datetime, product_ids: Sequence[int] | None, zone: ZoneInfo
) -> tuple[dict[LotKey, Foreseen], list[Refused]]:
    pieces = _left_of_forecast(as_of, product_ids, zone)
    ids = sorted({product_id for product_id, _ in pieces})
    known = routings.makings(ids)
    refused: list[Refused] = []
    found: dict[LotKey, Foreseen] = {}
    likely = _likely(ids, as_of, refused)
    leads = _usual_leads(ids, as_of)
    for (product_id, week), quantity in pieces.items():
        if product_id not in likely:
            continue
        configuration_id, values = likely[product_id]
        making = known.get(product_id)
        try:
            limit = routings.largest_batch(making, values)
        except CannotBeMade as problem:
            refused.append(Refused(product_id, problem.code, problem.reason))
            del likely[product_id]
            continue
        for lot, size in enumerate(_lot_sizes(quantity, limit)):
            lead = leads.get(product_id, USUAL_LEAD_DAYS)
            one = Foreseen(product_id, configuration_id, week, size, making, values, lead)
            found[configuration_id, week, lot] = one
    return found, refused


def _lot_sizes(quantity: int, limit: int | None) -> list[int]:
    """Full batches, then the rest.

    >>> _lot_sizes(23, 10), _lot_sizes(20, 10), _lot_sizes(7, None)
    ([10, 10, 3], [10, 10], [7])
    """
    if limit is None or quantity <= limit:
        return [quantity]
    full, rest = divmod(quantity, limit)
    return [limit] * full + ([rest] if rest else [])


def _left_of_forecast(
    as_of: datetime, product_ids: Sequence[int] | None, zone: ZoneInfo
) -> dict[tuple[int, date], int]:
    """Whole pieces of each product and week that the forecast expects beyond the orders so far."""
    ids = None if product_ids is None else list(product_ids)
    forecast = outlook.weekly(as_of, ids)
    first = monday_of(as_of, zone)
    last = first + timedelta(weeks=FORECAST_WEEKS - 1)
    forecast = forecast[(forecast["week"] >= first) & (forecast["week"] <= last)]
    left = outlook.remaining(forecast, _ordered(as_of, first, ids, zone))
    rows = left.sort_values(["product_id", "week"])[["product_id", "week", "left"]]
    return whole_pieces((int(p), w, float(q)) for p, w, q in rows.itertuples(index=False))


def whole_pieces(rows: Iterable[tuple[int, date, float]]) -> dict[tuple[int, date], int]:
    """Fractions carried from week to week, so that small demands neither vanish nor grow.

    >>> weeks = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    >>> [q for q in whole_pieces((1, week, 0.4) for week in weeks).values()]
    [1]
    """
    sums: dict[int, float] = {}
    given: dict[int, int] = {}
    found: dict[tuple[int, date], int] = {}
    for product_id, week, quantity in rows:
        sums[product_id] = sums.get(product_id, 0.0) + max(quantity, 0.0)
        pieces = int(sums[product_id] + 0.5) - given.get(product_id, 0)
        if pieces > 0:
            found[product_id, week] = pieces
            given[product_id] = given.get(product_id, 0) + pieces
    return found


def _ordered(
    as_of: datetime, first: date, product_ids: list[int] | None, zone: ZoneInfo
) -> dict[tuple[int, date], float]:
    """Pieces ordered since `first`, by product and week of ordering."""
    since = datetime.combine(first, time(), tzinfo=zone)
    columns = ("product_id", "quantity", "placed_at")
    lines = demand.lines(as_of, since, product_ids, columns)
    ordered: dict[tuple[int, date], float] = {}
    for product_id, quantity, placed_at in lines.itertuples(index=False):
        key = (int(product_id), monday_of(placed_at, zone))
        ordered[key] = ordered.get(key, 0.0) + float(quantity)
    return ordered


def _usual_leads(product_ids: list[int], as_of: datetime) -> dict[int, int]:
    """Median days between order and wanted date, by product, over the last quarter."""
    columns = ("product_id", "placed_at", "requested_date")
    lines = demand.lines(as_of, as_of - timedelta(days=91), product_ids, columns)
    dated = lines[lines["requested_date"].notna()]
    placed = dated["placed_at"].dt.tz_localize(None).dt.normalize()
    days = (dated["requested_date"] - placed).dt.days.clip(lower=0)
    return {int(pk): int(lead) for pk, lead in days.groupby(dated["product_id"]).median().items()}


# The most likely configuration


def _likely(
    product_ids: Sequence[int], as_of: datetime, refused: list[Refused]
) -> dict[int, tuple[int, dict[str, object]]]:
    """Each product's most likely configuration: (id, values)."""
    sheets = catalogue.sheets(list(product_ids))
    shares = outlook.option_shares_of(list(product_ids), as_of)
    likely: dict[int, dict[str, object]] = {}
    for product_id in product_ids:
        try:
            likely[product_id] = likely_values(sheets[product_id], shares.get(product_id, {}))
        except (KeyError, catalogue.ImpossibleConfiguration):
            reason = _("No combination of its options could be chosen for the forecast.")
            refused.append(Refused(product_id, "no_configuration", reason))
    stored = catalogue.store_each(likely, as_of)
    return {product_id: (stored[product_id], values) for product_id, values in likely.items()}


def likely_values(
    sheet: catalogue.ProductSheet, shares: Mapping[str, Mapping[str, float]]
) -> dict[str, object]:
    """The most likely feasible value of each required option, in the order of the sheet.

    Numbers take their default or least; texts and dates, which nobody can foresee, a stand-in.
    Raises `ImpossibleConfiguration`.
    """
    values: dict[str, object] = {}
    for group in sheet.groups:
        if group.kind in ("select", "bool"):
            open_values = catalogue.feasible(sheet, values).get(group.code, [])
            share = shares.get(group.code, {})
            if open_values:
                values[group.code] = max(open_values, key=lambda value: share.get(value, 0.0))
        elif group.required and group.kind == "number":
            values[group.code] = group.default or str(group.minimum or 0)
        elif group.required and group.kind in ("text", "date"):
            values[group.code] = group.default or STAND_IN[group.kind]
    return dict(catalogue.check(sheet, values))
