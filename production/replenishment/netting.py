"""Time-phased netting of one item (MRP; Orlicky, 1975), with every unit pegged.

Demand is served in the order of its period from stock on hand above the safety stock, then from
scheduled receipts; what is missing becomes planned orders. Periods are whole numbers on
any running scale (days, weeks); quantities are whole numbers or `Decimal`, never float.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from production.replenishment.bom import Quantity, is_quantity


class InvalidNettingError(ValueError):
    """Input that cannot be: a float or negative quantity, a repeated key, a lot of 0."""


class DemandKind(StrEnum):
    """What stands behind a requirement. FORECAST is what remains after consumption."""

    FIRM = "firm"
    FORECAST = "forecast"
    SAFETY = "safety"  # refills the safety stock when on hand lies below it


class SupplyKind(StrEnum):
    """What serves a requirement."""

    ON_HAND = "on_hand"
    RECEIPT = "receipt"
    PLANNED = "planned"


@dataclass(frozen=True)
class Demand:
    """``quantity`` wanted in ``period``; ``key`` is unique among demands."""

    key: str
    period: int
    quantity: Quantity
    kind: DemandKind = DemandKind.FIRM


@dataclass(frozen=True)
class Receipt:
    """``quantity`` already on the way, usable from ``period`` on; ``key`` unique among receipts."""

    key: str
    period: int
    quantity: Quantity


@dataclass(frozen=True)
class LotForLot:
    """Order exactly what each period lacks."""

    def lot(self, lacking: Sequence[tuple[int, Quantity]]) -> Quantity:
        """What to order for the first of ``lacking`` (period, quantity)."""
        return lacking[0][1]


@dataclass(frozen=True)
class FixedLot:
    """Order multiples of ``size``."""

    size: Quantity

    def __post_init__(self) -> None:
        if not is_quantity(self.size) or self.size <= 0:
            raise InvalidNettingError("a fixed lot must be a whole number or Decimal above 0")

    def lot(self, lacking: Sequence[tuple[int, Quantity]]) -> Quantity:
        """The fewest whole lots that cover the first period."""
        whole = lacking[0][1] // self.size * self.size
        return whole if whole == lacking[0][1] else whole + self.size


@dataclass(frozen=True)
class PeriodLot:
    """Order what ``periods`` periods lack together, for the first of them."""

    periods: int

    def __post_init__(self) -> None:
        if isinstance(self.periods, bool) or self.periods < 1:
            raise InvalidNettingError("a period lot must cover at least one period")

    def lot(self, lacking: Sequence[tuple[int, Quantity]]) -> Quantity:
        """The sum over the periods from the first on."""
        end = lacking[0][0] + self.periods
        return sum((q for period, q in lacking if period < end), start=0)


class LotSizing(Protocol):
    """How much to order at once. Never less than the first period lacks."""

    def lot(self, lacking: Sequence[tuple[int, Quantity]]) -> Quantity:
        """``lacking``: (period, net requirement above 0) from the first open period on."""
        ...


@dataclass(frozen=True)
class Item:
    """The item's state and rules.

    on_hand : at least 0. safety_stock : kept untouched; refilled in ``now`` when on hand is below.
    lead_time : periods between start and due. now : the first period; what would have to start
    earlier starts now and is late.
    """

    on_hand: Quantity = 0
    safety_stock: Quantity = 0
    lead_time: int = 0
    now: int = 0
    sizing: LotSizing = field(default_factory=LotForLot)


@dataclass(frozen=True)
class PlannedOrder:
    """``quantity`` to start in ``start`` so as to be there in ``due``; ``needed`` is when it is
    wanted. ``due`` after ``needed`` means that it comes late."""

    key: str
    start: int
    due: int
    needed: int
    quantity: Quantity

    @property
    def late(self) -> int:
        """Periods between need and due, 0 when in time."""
        return max(self.due - self.needed, 0)


@dataclass(frozen=True)
class Peg:
    """So much of one supply serves one demand. ``demand`` None: nobody wants it yet."""

    supply_kind: SupplyKind
    supply: str
    demand: str | None
    quantity: Quantity


@dataclass(frozen=True)
class NettingResult:
    """``net`` (period, quantity): what stock and receipts cannot serve; ``orders``; ``pegs``.

    Σ pegs of a demand = its quantity; Σ pegs of a supply, surplus included, = its quantity.
    """

    net: tuple[tuple[int, Quantity], ...]
    orders: tuple[PlannedOrder, ...]
    pegs: tuple[Peg, ...]


ON_HAND = "on hand"
SAFETY = "safety stock"


@dataclass
class _Supply:
    kind: SupplyKind
    key: str
    period: int
    left: Quantity


def net(item: Item, demands: Iterable[Demand], receipts: Iterable[Receipt] = ()) -> NettingResult:
    """Net the demands of one item against stock and receipts, plan the rest, peg everything.

    1. Stock above the safety stock and receipts, earliest first, serve demands by period; firm
       before forecast within a period. A receipt serves a demand of an earlier period only where it
       is there no later than an order started now would be.
    2. What is missing, by period, becomes lots of ``item.sizing``; what a lot has too much serves
       the next periods before another lot is ordered.
    3. A lot starts ``lead_time`` before it is needed, not before ``now``.

    >>> plan = net(Item(on_hand=4, lead_time=2), [Demand("A", 5, 10)])
    >>> plan.net, plan.orders[0].start, plan.orders[0].quantity
    (((5, 6),), 3, 6)

    Raises
    ------
    InvalidNettingError
        On a float or negative quantity, or a repeated key.
    """
    wanted, coming = list(demands), list(receipts)
    _check(item, wanted, coming)
    queue = sorted(_with_safety(item, wanted), key=_urgency)
    stock = _stock(item, coming)
    pegs: list[Peg] = []
    soonest = item.now + item.lead_time
    open_demands = _unserved(queue, stock, soonest, pegs)
    orders = _orders(item, open_demands, pegs)
    surplus = [Peg(s.kind, s.key, None, s.left) for s in stock if s.left > 0]
    return NettingResult(tuple(_by_period(open_demands)), tuple(orders), (*pegs, *surplus))


def _check(item: Item, demands: Sequence[Demand], receipts: Sequence[Receipt]) -> None:
    counted = [item.on_hand, item.safety_stock, *(d.quantity for d in demands)]
    counted += [r.quantity for r in receipts]
    if not all(is_quantity(q) and q >= 0 for q in counted):
        raise InvalidNettingError("quantities must be whole numbers or Decimal, at least 0")
    if item.lead_time < 0:
        raise InvalidNettingError("the lead time must be at least 0")
    for keys in ([d.key for d in demands], [r.key for r in receipts]):
        if len(set(keys)) != len(keys) or SAFETY in keys or ON_HAND in keys:
            raise InvalidNettingError("keys must be unique and differ from the reserved names")


def _with_safety(item: Item, demands: list[Demand]) -> list[Demand]:
    short = item.safety_stock - item.on_hand
    refill = [Demand(SAFETY, item.now, short, DemandKind.SAFETY)] if short > 0 else []
    return [d for d in demands if d.quantity > 0] + refill


_RANK = {DemandKind.FIRM: 0, DemandKind.FORECAST: 1, DemandKind.SAFETY: 2}


def _urgency(demand: Demand) -> tuple[int, int, str]:
    return demand.period, _RANK[demand.kind], demand.key


def _stock(item: Item, receipts: Iterable[Receipt]) -> list[_Supply]:
    free = max(item.on_hand - item.safety_stock, 0)
    ordered = sorted(receipts, key=lambda r: (r.period, r.key))
    coming = [_Supply(SupplyKind.RECEIPT, r.key, r.period, r.quantity) for r in ordered]
    return [_Supply(SupplyKind.ON_HAND, ON_HAND, item.now, free), *coming]


def _unserved(
    demands: Iterable[Demand], supplies: Sequence[_Supply], soonest: int, pegs: list[Peg]
) -> list[Demand]:
    """Serve each demand in turn; those that lack something, with what they lack."""
    served = (_serve(demand, supplies, soonest, pegs) for demand in demands)
    return [rest for rest in served if rest.quantity > 0]


def _serve(demand: Demand, supplies: Sequence[_Supply], soonest: int, pegs: list[Peg]) -> Demand:
    missing = demand.quantity
    for supply in supplies:
        usable = supply.period <= max(demand.period, soonest)
        part = min(supply.left, missing) if usable else 0
        if part > 0:
            pegs.append(Peg(supply.kind, supply.key, demand.key, part))
            supply.left -= part
            missing -= part
    return replace(demand, quantity=missing)


def _by_period(demands: Iterable[Demand]) -> list[tuple[int, Quantity]]:
    lacking: dict[int, Quantity] = {}
    for demand in demands:
        lacking[demand.period] = lacking.get(demand.period, 0) + demand.quantity
    return sorted(lacking.items())


def _orders(item: Item, demands: Sequence[Demand], pegs: list[Peg]) -> list[PlannedOrder]:
    """Lots for the open demands, by period, pegged; what nobody wants is pegged to None."""
    orders: list[PlannedOrder] = []
    rest = list(demands)
    while rest:
        period = rest[0].period
        size = item.sizing.lot(_by_period(rest))
        orders.append(_planned(item, len(orders) + 1, period, size))
        lot = _Supply(SupplyKind.PLANNED, orders[-1].key, period, size)
        rest = _unserved(rest, [lot], period, pegs)
        pegs.extend([Peg(lot.kind, lot.key, None, lot.left)] if lot.left > 0 else [])
    return orders


def _planned(item: Item, number: int, needed: int, quantity: Quantity) -> PlannedOrder:
    start = max(needed - item.lead_time, item.now)
    return PlannedOrder(f"planned {number}", start, start + item.lead_time, needed, quantity)
