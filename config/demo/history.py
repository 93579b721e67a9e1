"""Eighteen months of customers, orders and behaviour, drawn from the truth.

Everything follows from the truth's anchor and seed: the same two give the same history. A person's
looks, searches and trials lie before the order that they lead to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from config.demo.people import Buyer, invent, pick
from config.demo.products import ITEMS, SKUS
from config.demo.truth import (
    COMPANY_SHARE,
    CONVERSION,
    KEPT,
    PIECES,
    Truth,
    companion_shares,
    launch_day,
    lead_shares,
)
from config.demo.wishes import choose
from orders.catalogue import ProductSheet, price
from orders.configuration import Values

CONSENT = 0.8
RETURNING = {"person": 0.42, "company": 0.72}
SENT_BACK = 0.022
SLIPPED = 0.07
QUERIES = {
    "LAMP-AURORA": ("table lamp", "bedside lamp", "台灯"),
    "LAMP-HALO": ("pendant lamp", "dining lamp", "吊灯"),
    "LAMP-LUNA": ("night light", "moon lamp", "小夜灯"),
    "SHELF-FJORD": ("wall shelf", "oak shelf", "壁架"),
    "DESK-RISER": ("monitor riser", "desk stand", "显示器架"),
    "HOOK-RAIL": ("coat rack", "hooks", "挂钩"),
    "ORG-GRID": ("desk organiser", "pen holder", "收纳"),
    "PLANT-TERRA": ("planter", "flower pot", "花盆"),
    "GIFT-BOARD": ("engraved board", "serving board", "餐板"),
    "GIFT-FRAME": ("photo frame", "wedding gift", "相框"),
}
FOUND_NOTHING = ("standing desk", "bookcase", "mirror", "floor lamp", "candle holder", "书柜")
REASONS_BACK = ("Colour looks different", "Too large", "Not as expected", "Damaged on the way")
REASONS_LATE = ("A printer stood still", "Material came late", "A piece had to be made again")


@dataclass(frozen=True)
class Outage:
    """A stretch of days on which a product could not be sold."""

    sku: str
    start: date
    end: date
    reason: str


@dataclass(frozen=True)
class Told:
    """One answer to "when?"."""

    p50: date
    p90: date
    committed: date
    cause: str
    at: datetime


@dataclass(frozen=True)
class Sold:
    """One order line and what became of it until the anchor."""

    sku: str
    values: Values
    quantity: int
    unit_price: Decimal
    status: str


@dataclass(frozen=True)
class Sale:
    """One order. All its lines travel in one parcel."""

    buyer: int
    placed_at: datetime
    lines: tuple[Sold, ...]
    status: str
    requested: date | None
    told: tuple[Told, ...]
    shipped_at: datetime | None
    delivered_at: datetime | None
    paid_at: datetime | None
    returned_at: datetime | None = None
    returned_why: str = ""


@dataclass(frozen=True)
class Signal:
    """One thing that a visitor did."""

    kind: str
    visitor: int
    sku: str | None
    at: datetime
    dwell: int = 0
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """Everybody who ever looked is a visitor; those who ordered are in `buyers`."""

    truth: Truth
    until: datetime
    visitors: Sequence[Buyer]
    consents: Mapping[int, datetime]
    sales: Sequence[Sale]
    signals: Sequence[Signal]
    outages: Sequence[Outage]

    @property
    def buyers(self) -> list[int]:
        return sorted({sale.buyer for sale in self.sales})


def outages(truth: Truth) -> tuple[Outage, ...]:
    """The organiser was sold out for three and a half weeks; a short history has none."""
    start = truth.opening + timedelta(weeks=truth.weeks * 5 // 8)
    if truth.weeks < 20:
        return ()
    return (Outage("ORG-GRID", start, start + timedelta(days=24), "Filament was sold out"),)


def draw(truth: Truth, sheets: Mapping[str, ProductSheet]) -> History:
    """The history of a shop with this truth, until midnight (UTC) of the anchor day."""
    return _Teller(truth, sheets).tell()


class _Teller:
    """Tells the story in the order in which people begin to be interested."""

    def __init__(self, truth: Truth, sheets: Mapping[str, ProductSheet]) -> None:
        self.truth, self.sheets = truth, sheets
        self.until = datetime.combine(truth.anchor, time(), UTC)
        self.opening = datetime.combine(truth.opening, time(), UTC)
        self.rng = np.random.default_rng([truth.seed, 7])
        self.outages = outages(truth)
        self.launches = [launch_day(item, truth.anchor) for item in ITEMS]
        self.companions = companion_shares()
        self.visitors: list[Buyer] = []
        self.pools: dict[tuple[str, str], list[int]] = {}
        self.consents: dict[int, datetime] = {}
        self.refused: set[int] = set()
        self.sales: list[Sale] = []
        self.signals: list[Signal] = []

    def tell(self) -> History:
        for number, begin, order in self._interests():
            self._follow(number, begin, order)
        self._search_in_vain()
        return History(
            self.truth,
            self.until,
            self.visitors,
            self.consents,
            sorted(self.sales, key=lambda sale: (sale.placed_at, sale.buyer)),
            sorted(self.signals, key=lambda one: (one.at, one.visitor, one.kind)),
            self.outages,
        )

    def _interests(self) -> list[tuple[int, datetime, datetime | None]]:
        """(product, first look, order or None) of everybody, by first look."""
        past = (self.truth.anchor - self.truth.first).days
        counts = self.rng.poisson(self.truth.interest[:past])
        days, numbers = np.nonzero(counts)
        repeats = counts[days, numbers]
        days, numbers = np.repeat(days, repeats), np.repeat(numbers, repeats)
        orders = self.rng.random(len(days)) < CONVERSION
        leads = self.rng.choice(len(lead_shares()), size=len(days), p=lead_shares())
        hours = 6 + 16 * self.rng.random((2, len(days)))
        begins = [
            self._moment(day, hour) for day, hour in zip(days.tolist(), hours[0], strict=True)
        ]
        ends = [
            self._moment(day + lead, hour) if ordered else None
            for day, lead, hour, ordered in zip(days.tolist(), leads, hours[1], orders, strict=True)
        ]
        told = zip((int(number) for number in numbers), begins, ends, strict=True)
        return sorted(told, key=lambda one: (one[1], one[0]))

    def _moment(self, day: int, hour: float) -> datetime:
        midnight = datetime.combine(self.truth.first, time(), UTC)
        return midnight + timedelta(days=int(day), seconds=int(hour * 3600))

    def _follow(self, number: int, begin: datetime, order: datetime | None) -> None:
        family = ITEMS[number].family
        kind = "company" if self.rng.random() < COMPANY_SHARE[family] else "person"
        who = self._visitor(number, kind, begin)
        sellable = order is not None and self._on_sale(number, order.date())
        values = self._values(number, begin, who) if self._tries(order) else {}
        self._look(number, who, begin, order, values)
        if order is None or order < self.opening:
            return
        if sellable and order < self.until:
            self._buy(number, who, order, values)
        elif self._sold_out(number, order.date()):
            self._signal("view", who, number, order - timedelta(minutes=3), dwell=45)
            self._signal("abandon", who, number, order, details=values)

    def _tries(self, order: datetime | None) -> bool:
        return order is not None or self.rng.random() < 0.4

    def _visitor(self, number: int, kind: str, at: datetime) -> int:
        """Somebody of the same taste who was here before, or somebody new."""
        tastes = ITEMS[number].tastes
        shares = np.array(list(tastes.values()), dtype=float)
        chance = self.rng.random() * shares.sum()
        taste = list(tastes)[int(np.searchsorted(shares.cumsum(), chance))]
        pool = self.pools.setdefault((kind, taste), [])
        if pool and self.rng.random() < RETURNING[kind]:
            return pool[int(self.rng.random() * len(pool))]
        self.visitors.append(invent(self.rng, len(self.visitors) + 1, kind))
        who = len(self.visitors) - 1
        pool.append(who)
        if self.rng.random() < CONSENT:
            self.consents[who] = at - timedelta(minutes=12)
        return who

    def _values(self, number: int, at: datetime, who: int) -> Values:
        years = max(0.0, (at - self.opening).days / 365.25)
        sheet, language = self.sheets[SKUS[number]], self.visitors[who].language
        return choose(self.rng, number, sheet, years, at.date(), language)

    # What people do

    def _look(
        self, number: int, who: int, begin: datetime, order: datetime | None, values: Values
    ) -> None:
        rng, keen = self.rng, order is not None
        end = order or begin + timedelta(days=6)
        if rng.random() < 0.3:
            words = pick(rng, QUERIES[SKUS[number]])
            found = {"query": words, "results": 1 + int(rng.integers(3))}
            self._signal("search", who, number, begin - timedelta(minutes=2), details=found)
        for look in range(1 + int(rng.poisson(1.3 if keen else 0.25))):
            at = begin + (end - begin) * rng.random() if look else begin
            dwell = int(np.clip(rng.lognormal(4.1 if keen else 3.5, 0.8), 3, 1800))
            self._signal("view", who, number, at, dwell=dwell)
        if not values:
            return
        tried = begin + ((end - begin) * rng.random() if keen else timedelta(minutes=6))
        self._signal("configure", who, number, tried, details=values)
        if rng.random() < (0.15 if keen else 0.75):
            self._signal("abandon", who, number, tried + timedelta(minutes=5), details=values)
        elif not keen and rng.random() < 0.2:
            self._signal("basket", who, number, tried + timedelta(minutes=4), details=values)

    def _signal(
        self,
        kind: str,
        who: int,
        number: int | None,
        at: datetime,
        dwell: int = 0,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Only of people who agreed, of products that are out, and until the anchor."""
        launch = self.launches[number] if number is not None else None
        early = at < self.opening or (launch is not None and at.date() < launch)
        if who not in self.consents or early or at >= self.until:
            return
        kept = dict(details or {})
        if number is not None and kind != "search":
            kept = _without_texts(number, kept)
        sku = None if number is None else SKUS[number]
        self.signals.append(Signal(kind, who, sku, at, dwell, kept))

    def _search_in_vain(self) -> None:
        """Words that no product answers."""
        agreed = sorted(self.consents)
        for _ in range(int(self.rng.poisson(3 * self.truth.weeks * self.truth.scale))):
            if not agreed:
                return
            who = agreed[int(self.rng.random() * len(agreed))]
            at = self.consents[who] + timedelta(minutes=10 + 50 * float(self.rng.random()))
            details = {"query": pick(self.rng, FOUND_NOTHING), "results": 0}
            self._signal("search", who, None, at, details=details)

    # What people buy

    def _buy(self, number: int, who: int, at: datetime, values: Values) -> None:
        rng = self.rng
        wanted = [(number, values)]
        for other in np.flatnonzero(self.companions[number]).tolist():
            taken = rng.random() < self.companions[number, other]
            if taken and self._on_sale(other, at.date()):
                wanted.append((other, self._values(other, at, who)))
        kept = rng.random() < KEPT
        for other, _chosen in wanted[1:]:
            early = at - timedelta(minutes=25)
            self._signal("view", who, other, early, dwell=20 + int(rng.integers(90)))
        basket_at = at - timedelta(minutes=3 + 20 * float(rng.random()))
        for product, chosen in wanted:
            self._signal("basket", who, product, basket_at, details=chosen)
            self._signal("order", who, product, at)
        self.sales.append(self._sale(who, at, wanted, kept=kept))

    def _sale(
        self, who: int, at: datetime, wanted: Sequence[tuple[int, Values]], *, kept: bool
    ) -> Sale:
        rng = self.rng
        told, ready = self._promise(at)
        delivered = ready + timedelta(days=1 + int(rng.integers(3)), hours=2)
        back = delivered + timedelta(days=3 + int(rng.integers(18)))
        returned = rng.random() < SENT_BACK and back < self.until and kept
        status, line_status = self._where(ready, delivered, kept=kept)
        requested = at.date() + timedelta(days=12 + int(rng.integers(20)))
        paid = at + timedelta(days=1 + float(rng.gamma(2, 4)))
        return Sale(
            buyer=who,
            placed_at=at,
            lines=tuple(
                self._line(
                    who, number, values, "returned" if returned and not order else line_status
                )
                for order, (number, values) in enumerate(wanted)
            ),
            status=status,
            requested=requested if rng.random() < 0.35 else None,
            told=told if kept else told[:1],
            shipped_at=ready if kept and ready < self.until else None,
            delivered_at=delivered if kept and delivered < self.until else None,
            paid_at=paid if kept and paid < self.until else None,
            returned_at=back if returned else None,
            returned_why=pick(rng, REASONS_BACK) if returned else "",
        )

    def _where(self, ready: datetime, delivered: datetime, *, kept: bool) -> tuple[str, str]:
        """States of order and lines at the anchor."""
        if not kept:
            return "cancelled", "cancelled"
        if delivered < self.until:
            return "closed", "delivered"
        return "confirmed", "shipped" if ready < self.until else "promised"

    def _promise(self, at: datetime) -> tuple[tuple[Told, ...], datetime]:
        """What was told when, and when the parcel left."""
        rng, day = self.rng, at.date()
        promised = _working_day(day + timedelta(days=18))
        first = Told(
            _working_day(day + timedelta(days=12)),
            _working_day(day + timedelta(days=16)),
            promised,
            "Time on the machines and in packing",
            at,
        )
        lead = 9 + int(rng.poisson(2.2))
        if rng.random() >= SLIPPED:
            return (first,), _leaves(_working_day(day + timedelta(days=lead)), rng)
        slip = 3 + int(rng.integers(5))
        known = at + timedelta(days=7, hours=1)
        later = _working_day(promised + timedelta(days=slip))
        leaves = _leaves(_working_day(later - timedelta(days=3 + int(rng.integers(3)))), rng)
        if known >= self.until:
            return (first,), leaves
        second = Told(later - timedelta(days=2), later, later, pick(rng, REASONS_LATE), known)
        return (first, second), leaves

    def _line(self, who: int, number: int, values: Values, status: str) -> Sold:
        kind = self.visitors[who].kind
        chance, pieces = self.rng.random(), PIECES[kind][-1][0]
        for count, share in PIECES[kind]:
            chance -= share
            if chance < 0:
                pieces = count
                break
        unit = price(self.sheets[SKUS[number]], values).unit
        return Sold(SKUS[number], values, pieces, unit, status)

    def _on_sale(self, number: int, day: date) -> bool:
        launch = self.launches[number]
        return (launch is None or day >= launch) and not self._sold_out(number, day)

    def _sold_out(self, number: int, day: date) -> bool:
        return any(
            outage.sku == SKUS[number] and outage.start <= day <= outage.end
            for outage in self.outages
        )


def _without_texts(number: int, details: Mapping[str, object]) -> dict[str, object]:
    texts = {one.code for one in ITEMS[number].questions if one.kind == "text"}
    return {code: value for code, value in details.items() if code not in texts}


def _working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def _leaves(day: date, rng: np.random.Generator) -> datetime:
    return datetime.combine(day, time(13 + int(rng.integers(3)), int(rng.integers(60))), UTC)
