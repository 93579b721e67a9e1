"""Outlet: the legal steps of orders and their lines (DESIGN §4), and the verbs that take them.

Everything else raises `IllegalStep`. Verbs over many lines may be repeated: a line that is
already there, or further on, is left alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from journal.loading import load
from journal.moving import IllegalStep, Stale, lifecycle, move, move_many, record, timeline
from orders.models import Order, OrderLine, PromiseRevision, Return, Shipment

ORDER = lifecycle(
    "order",
    {
        "": "draft",
        "draft": "placed cancelled",
        "placed": "confirmed on_hold cancelled",
        "confirmed": "on_hold closed cancelled",
        "on_hold": "placed confirmed cancelled",
        "closed": "",
        "cancelled": "",
    },
)

ORDER_LINE = lifecycle(
    "order_line",
    {
        "": "pending",
        "pending": "promised cancelled",
        "promised": "planned cancelled",
        "planned": "in_production cancelled",
        "in_production": "produced cancelled",
        "produced": "in_production ready cancelled",
        "ready": "shipped cancelled",
        "shipped": "delivered",
        "delivered": "returned",
        "returned": "",
        "cancelled": "",
    },
)

# A slip is a step of its own, so that telling the customer can hang on it.
PROMISE = lifecycle("promise", {"": "slipped", "slipped": ""})

WAY = ("pending", "promised", "planned", "in_production", "produced", "ready")
ENDS = frozenset({"delivered", "returned", "cancelled"})
NOT_STARTED = frozenset({"pending", "promised", "planned", "cancelled"})
_CHUNK = 500


class AlreadyStarted(Exception):
    """The order cannot be cancelled: something of it is being made or has been sent."""


class NotReady(Exception):
    """These lines cannot be shipped: not ready, of another order, or the order is on hold."""

    def __init__(self, line_ids: Iterable[int]) -> None:
        self.line_ids = sorted(line_ids)
        super().__init__(f"lines {self.line_ids} are not ready to ship")


@dataclass(frozen=True)
class LinePromise:
    """A new answer to "when?" for one line."""

    line_id: int
    p50: date
    p90: date
    committed: date
    cause: str


def promise(
    line_id: int, p50: date, p90: date, committed: date, cause: str, *, by: str, at: datetime
) -> bool:
    """Tell one line's date; see `promise_many`. True when the customer's date is new."""
    return bool(promise_many([LinePromise(line_id, p50, p90, committed, cause)], by=by, at=at))


def promise_many(promises: Iterable[LinePromise], *, by: str, at: datetime) -> list[int]:
    """Commit lines to dates; returns the lines whose date is new.

    A pending line becomes promised. A revision is kept whenever the committed date changes.
    Lines that were shipped or cancelled keep what they were told.
    """
    wanted = {item.line_id: item for item in promises}
    # lines of one date go together: one statement then tells hundreds
    by_date = sorted(wanted, key=lambda line_id: (wanted[line_id].committed, line_id))
    changed: list[int] = []
    for start in range(0, len(by_date), _CHUNK):
        with transaction.atomic():
            changed += _promise_chunk(wanted, by_date[start : start + _CHUNK], by, at)
    return sorted(changed)


def _promise_chunk(
    wanted: dict[int, LinePromise], line_ids: Sequence[int], by: str, at: datetime
) -> list[int]:
    rows = OrderLine.objects.select_for_update().filter(pk__in=line_ids, status__in=WAY)
    lines = list(rows.order_by("pk").values_list("pk", "committed_date", "status"))
    before = {pk: told for pk, told, _ in lines if told != wanted[pk].committed}
    dates: dict[date, list[int]] = {}
    for pk in before:
        dates.setdefault(wanted[pk].committed, []).append(pk)
    for committed, ids in dates.items():
        OrderLine.objects.filter(pk__in=ids).update(committed_date=committed)
    later = {pk for pk, told in before.items() if told and told < wanted[pk].committed}
    _load_revisions([wanted[pk] for pk in before if pk not in later], at)
    _note_slips([wanted[pk] for pk in sorted(later)], by, at)
    _advance([pk for pk, _, status in lines if status == "pending"], "promised", by, at)
    return list(before)


def _load_revisions(told: Sequence[LinePromise], at: datetime) -> None:
    columns: dict[str, list[Any]] = {
        "line_id": [one.line_id for one in told],
        "p50": [one.p50 for one in told],
        "p90": [one.p90 for one in told],
        "committed_date": [one.committed for one in told],
        "cause": [one.cause[:200] for one in told],
    }
    load(PromiseRevision, columns, at=at)


def _note_slips(told: Sequence[LinePromise], by: str, at: datetime) -> None:
    """Revise to a later date, and write the slips down that a customer must hear of; what came from
    elsewhere is told elsewhere."""
    revisions = PromiseRevision.objects.bulk_create(
        [_revision(one, at) for one in told], batch_size=_CHUNK
    )
    lines = OrderLine.objects.filter(pk__in=[one.line_id for one in told])
    ours = set(lines.filter(order__in=Order.objects.taken_here()).values_list("pk", flat=True))
    slipped = [(one.pk, "") for one in revisions if one.line_id in ours]
    record(PROMISE, slipped, "slipped", by=by, at=at)


def _revision(item: LinePromise, at: datetime) -> PromiseRevision:
    return PromiseRevision(
        line_id=item.line_id,
        p50=item.p50,
        p90=item.p90,
        committed_date=item.committed,
        cause=item.cause[:200],
        at=at,
    )


def planned(line_ids: Collection[int], *, by: str, at: datetime) -> list[int]:
    """These lines stand in a published plan; returns those that moved."""
    return _reach(line_ids, "planned", by, at)


def started(line_ids: Collection[int], *, by: str, at: datetime) -> list[int]:
    """Work on these lines began; returns those that moved."""
    return _reach(line_ids, "in_production", by, at)


def produced(line_ids: Collection[int], *, by: str, at: datetime) -> list[int]:
    """All pieces of these lines are made; returns those that moved."""
    return _reach(line_ids, "produced", by, at)


def ready(line_ids: Collection[int], *, by: str, at: datetime) -> list[int]:
    """These lines are inspected and packed; returns those that moved."""
    return _reach(line_ids, "ready", by, at)


def remade(line_ids: Collection[int], *, by: str, at: datetime, why: str) -> list[int]:
    """Produced lines go back into production; returns those that moved."""
    moved: list[int] = []
    for chunk in _chunks(line_ids):
        lines = OrderLine.objects.filter(pk__in=chunk)
        moved += move_many(ORDER_LINE, lines, "produced", "in_production", by=by, at=at, why=why)
    return moved


def _reach(line_ids: Collection[int], to: str, by: str, at: datetime) -> list[int]:
    """Take lines that are behind `to` there, through every step between.

    A line that nobody has promised yet cannot be planned: `IllegalStep`, and nothing moves in
    the 500 lines it came with.
    """
    moved: set[int] = set()
    for chunk in _chunks(line_ids):
        with transaction.atomic():
            _refuse_unpromised(chunk, to)
            for step in WAY[2 : WAY.index(to) + 1]:
                moved.update(_advance(chunk, step, by, at))
    return sorted(moved)


def _refuse_unpromised(line_ids: Sequence[int], to: str) -> None:
    pending = OrderLine.objects.filter(pk__in=line_ids, status="pending").order_by("pk").first()
    if pending:
        raise IllegalStep(ORDER_LINE.kind, pending.pk, pending.status, to)


def _advance(line_ids: Sequence[int], to: str, by: str, at: datetime) -> list[int]:
    old = WAY[WAY.index(to) - 1]
    lines = OrderLine.objects.filter(pk__in=line_ids)
    return move_many(ORDER_LINE, lines, old, to, by=by, at=at)


def _chunks(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(set(ids))
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def confirm(order_id: int, *, by: str, at: datetime) -> None:
    """The order is paid for or trusted: it may be made."""
    order = Order.objects.get(pk=order_id)
    if order.status != "confirmed":
        move(ORDER, order, "confirmed", by=by, at=at)


def hold(order_id: int, why: str, *, by: str, at: datetime) -> None:
    order = Order.objects.get(pk=order_id)
    if order.status != "on_hold":
        move(ORDER, order, "on_hold", by=by, at=at, why=why)


def resume(order_id: int, why: str = "", *, by: str, at: datetime) -> None:
    """Back to where the order was before it was put on hold."""
    order = Order.objects.get(pk=order_id)
    if order.status != "on_hold":
        raise IllegalStep(ORDER.kind, order_id, order.status, "confirmed")
    held = timeline(ORDER, order_id).filter(to_status="on_hold").last()
    move(ORDER, order, held.from_status if held else "placed", by=by, at=at, why=why)
    close_if_done(order_id, by=by, at=at)


def cancel(order_id: int, why: str, *, by: str, at: datetime) -> None:
    """Call the whole order off; raises `AlreadyStarted` once anything of it is being made."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        if order.status == "cancelled":
            return
        lines = order.lines.select_for_update()
        if any(status not in NOT_STARTED for status in lines.values_list("status", flat=True)):
            raise AlreadyStarted(str(order))
        move(ORDER, order, "cancelled", by=by, at=at, why=why)
        for status in ("pending", "promised", "planned"):
            move_many(ORDER_LINE, order.lines.all(), status, "cancelled", by=by, at=at, why=why)


def ship(
    order_id: int,
    line_ids: Collection[int],
    carrier: str,
    tracking_code: str,
    *,
    by: str,
    at: datetime,
) -> Shipment:
    """Send ready lines as one parcel; the same parcel again is the first one.

    Raises `NotReady` with the lines that hold it up; nothing is sent then.
    """
    wanted = set(line_ids)
    if not wanted:
        raise NotReady([])
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        if earlier := _same_parcel(order, wanted, tracking_code):
            return earlier
        lines = order.lines.filter(pk__in=wanted)
        fit = set(lines.filter(status="ready").values_list("pk", flat=True))
        if order.status != "confirmed" or fit != wanted:
            raise NotReady((wanted - fit) or wanted)
        moved = move_many(ORDER_LINE, lines, "ready", "shipped", by=by, at=at, shipped_at=at)
        if len(moved) != len(wanted):
            raise Stale(ORDER_LINE.kind, min(wanted), "ready")
        shipment = Shipment.objects.create(
            order=order, carrier=carrier, tracking_code=tracking_code, shipped_at=at
        )
        shipment.lines.set(wanted)
        return shipment


def _same_parcel(order: Order, line_ids: set[int], tracking_code: str) -> Shipment | None:
    parcels = order.shipments.filter(tracking_code=tracking_code).prefetch_related("lines")
    return next(
        (parcel for parcel in parcels if {line.pk for line in parcel.lines.all()} == line_ids), None
    )


def deliver(shipment_id: int, *, by: str, at: datetime) -> None:
    """The parcel arrived; the order closes with its last line. Saying it again does no harm."""
    with transaction.atomic():
        shipment = Shipment.objects.select_for_update().get(pk=shipment_id)
        if shipment.delivered_at is not None:
            return
        Shipment.objects.filter(pk=shipment_id).update(delivered_at=at)
        lines = OrderLine.objects.filter(shipments=shipment_id)
        move_many(ORDER_LINE, lines, "shipped", "delivered", by=by, at=at, delivered_at=at)
        close_if_done(shipment.order_id, by=by, at=at)


def close_if_done(order_id: int, *, by: str, at: datetime) -> bool:
    """Close a confirmed order whose every line arrived, came back or was called off."""
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        statuses = set(order.lines.values_list("status", flat=True))
        if order.status != "confirmed" or not statuses or not statuses <= ENDS:
            return False
        move(ORDER, order, "closed", by=by, at=at)
        return True


def take_back(line_id: int, quantity: int, reason: str, *, by: str, at: datetime) -> Return:
    """Goods came back. The line is returned when all its pieces are."""
    with transaction.atomic():
        line = OrderLine.objects.select_for_update().get(pk=line_id)
        order, configuration = line.order, line.configuration
        back = sum(line.returns.values_list("quantity", flat=True))
        if line.status != "delivered" or not 1 <= quantity <= line.quantity - back:
            raise IllegalStep(ORDER_LINE.kind, line_id, line.status, "returned")
        if back + quantity == line.quantity:
            move(ORDER_LINE, line, "returned", by=by, at=at, why=reason)
        return Return.objects.create(
            line=line,
            product_id=configuration.product_id,
            customer_id=order.customer_id,
            quantity=quantity,
            at=at,
            reason=reason[:200],
        )
