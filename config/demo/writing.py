"""Write a drawn history with bulk inserts in short transactions."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import models, transaction

from config.demo.history import History, Sale, Signal
from orders.catalogue import mark_unavailable
from orders.collecting import MEASURE, PERSONALISE, subject_of_customer, without_texts
from orders.configuration import ProductSheet, Values, digest
from orders.models import (
    Address,
    BehaviourEvent,
    Configuration,
    Consent,
    Customer,
    Invoice,
    Order,
    OrderLine,
    PromiseRevision,
    Return,
    Shipment,
)

ROWS = 1000  # of one short write transaction
CARRIER = "DHL"

Progress = Callable[[int], None]
Pairs = Sequence[tuple[Order, Sale]]


def write(history: History, sheets: Mapping[str, ProductSheet], progress: Progress) -> None:
    """Store customers, orders and behaviour; `progress` is told how many of `size(history)` are."""
    customers = _customers(history)
    progress(len(customers))
    addresses = {
        address.customer_id: address
        for address in _insert(
            Address(
                customer=customer,
                recipient=customer.name,
                street=history.visitors[buyer].street,
                postcode=history.visitors[buyer].postcode,
                city=history.visitors[buyer].city,
                country=history.visitors[buyer].country,
            )
            for buyer, customer in customers.items()
        )
    }
    configurations = _configurations(history, sheets)
    for start in range(0, len(history.sales), ROWS // 4):
        part = history.sales[start : start + ROWS // 4]
        _orders(part, start, customers, addresses, configurations)
        progress(len(part))
    _behaviour(history, sheets, customers, progress)
    for outage in history.outages:
        product = sheets[outage.sku].product_id
        mark_unavailable(product, outage.start, outage.end, outage.reason)


def size(history: History) -> int:
    return len(history.buyers) + len(history.sales) + len(history.signals)


def _insert(rows: Iterable[models.Model]) -> list[Any]:
    """Rows with their keys, `ROWS` in a transaction."""
    iterator, done = iter(rows), list[Any]()
    while batch := list(islice(iterator, ROWS)):
        with transaction.atomic():
            done += type(batch[0])._default_manager.bulk_create(batch)
    return done


def _customers(history: History) -> dict[int, Customer]:
    first: dict[int, datetime] = {}
    for sale in history.sales:
        first.setdefault(sale.buyer, sale.placed_at)
    buyers = history.buyers
    rows = _insert(
        Customer(
            kind=history.visitors[buyer].kind,
            name=history.visitors[buyer].name,
            email=history.visitors[buyer].email,
            country=history.visitors[buyer].country,
            language=history.visitors[buyer].language,
            external_ref=f"demo-{history.visitors[buyer].number}",
            created_at=first[buyer],
        )
        for buyer in buyers
    )
    return dict(zip(buyers, rows, strict=True))


def _configurations(
    history: History, sheets: Mapping[str, ProductSheet]
) -> dict[tuple[str, str], Configuration]:
    """Every ordered choice once, by sku and digest."""
    seen: dict[tuple[str, str], tuple[Values, datetime]] = {}
    for sale in history.sales:
        for line in sale.lines:
            key = (line.sku, digest(line.values))
            seen.setdefault(key, (line.values, sale.placed_at))
    rows = _insert(
        Configuration(product_id=sheets[sku].product_id, values=values, digest=mark, created_at=at)
        for (sku, mark), (values, at) in seen.items()
    )
    return dict(zip(seen, rows, strict=True))


@transaction.atomic
def _orders(
    sales: Iterable[Sale],
    before: int,
    customers: Mapping[int, Customer],
    addresses: Mapping[int, Address],
    configurations: Mapping[tuple[str, str], Configuration],
) -> None:
    """Some orders with everything that hangs on them, whole."""
    sales = list(sales)
    orders = Order.objects.bulk_create(
        Order(
            number=f"{sale.placed_at:%Y}-{number:06d}",
            external_ref=f"demo-{number}",
            source=Order.Source.SHOP,
            status=sale.status,
            customer=customers[sale.buyer],
            language=customers[sale.buyer].language,
            delivery_address=addresses[customers[sale.buyer].pk],
            created_at=sale.placed_at,
            placed_at=sale.placed_at,
        )
        for number, sale in enumerate(sales, before + 1)
    )
    pairs = list(zip(orders, sales, strict=True))
    lines = OrderLine.objects.bulk_create(
        line for order, sale in pairs for line in _lines(order, sale, configurations)
    )
    of_order: dict[int, list[OrderLine]] = {}
    for line in lines:
        of_order.setdefault(line.order_id, []).append(line)
    _promises(pairs, of_order)
    Invoice.objects.bulk_create(_invoice(order, sale) for order, sale in pairs)
    _shipments(pairs, of_order)
    _returns(pairs, of_order)


def _promises(pairs: Pairs, of_order: Mapping[int, list[OrderLine]]) -> None:
    PromiseRevision.objects.bulk_create(
        PromiseRevision(
            line=line,
            p50=told.p50,
            p90=told.p90,
            committed_date=told.committed,
            cause=told.cause,
            at=told.at,
        )
        for order, sale in pairs
        for line in of_order[order.pk]
        for told in sale.told
    )


def _returns(pairs: Pairs, of_order: Mapping[int, list[OrderLine]]) -> None:
    Return.objects.bulk_create(
        Return(
            line=line,
            external_ref=f"demo-{line.pk}",
            product_id=line.configuration.product_id,
            customer_id=order.customer_id,
            quantity=line.quantity,
            at=sale.returned_at or sale.placed_at,
            reason=sale.returned_why,
        )
        for order, sale in pairs
        for line in of_order[order.pk]
        if line.status == OrderLine.Status.RETURNED
    )


def _lines(
    order: Order, sale: Sale, configurations: Mapping[tuple[str, str], Configuration]
) -> Iterator[OrderLine]:
    for position, sold in enumerate(sale.lines, 1):
        yield OrderLine(
            order=order,
            position=position,
            external_ref=f"{order.external_ref}-{position}",
            configuration=configurations[sold.sku, digest(sold.values)],
            quantity=sold.quantity,
            unit_price=sold.unit_price,
            status=sold.status,
            requested_date=sale.requested,
            committed_date=sale.told[-1].committed,
            shipped_at=sale.shipped_at,
            delivered_at=sale.delivered_at,
        )


def _invoice(order: Order, sale: Sale) -> Invoice:
    amount = sum((line.quantity * line.unit_price for line in sale.lines), Decimal(0))
    return Invoice(
        order=order,
        number=f"R{order.number}",
        amount=amount,
        currency=order.currency,
        issued_at=sale.placed_at,
        paid_at=sale.paid_at,
    )


def _shipments(pairs: Pairs, of_order: Mapping[int, list[OrderLine]]) -> None:
    shipments = Shipment.objects.bulk_create(
        Shipment(
            order=order,
            carrier=CARRIER,
            tracking_code=f"JD{order.pk:012d}",
            shipped_at=sale.shipped_at,
            delivered_at=sale.delivered_at,
        )
        for order, sale in pairs
        if sale.shipped_at
    )
    through = Shipment.lines.through
    through.objects.bulk_create(
        through(shipment=shipment, orderline=line)
        for shipment in shipments
        for line in of_order[shipment.order_id]
    )


def _behaviour(
    history: History,
    sheets: Mapping[str, ProductSheet],
    customers: Mapping[int, Customer],
    progress: Progress,
) -> None:
    subjects = {who: _subject(history, who, customers) for who in history.consents}
    seen = {signal.visitor for signal in history.signals}
    _insert(
        Consent(subject=subjects[who], purpose=purpose, given_at=given_at)
        for who, given_at in history.consents.items()
        if who in seen
        for purpose in (MEASURE, PERSONALISE)
    )
    for start in range(0, len(history.signals), ROWS):
        part = history.signals[start : start + ROWS]
        _insert(
            _event(number, signal, subjects[signal.visitor], sheets)
            for number, signal in enumerate(part, start + 1)
        )
        progress(len(part))


def _subject(history: History, who: int, customers: Mapping[int, Customer]) -> str:
    """The pseudonym that the shop itself would use; a visitor without orders has a made-up one."""
    if who in customers:
        return subject_of_customer(customers[who].pk)
    return hashlib.sha256(f"demo {history.truth.seed} {who}".encode()).hexdigest()


def _event(
    number: int, signal: Signal, subject: str, sheets: Mapping[str, ProductSheet]
) -> BehaviourEvent:
    sheet = sheets[signal.sku] if signal.sku else None
    details = dict(signal.details)
    return BehaviourEvent(
        kind=signal.kind,
        subject=subject,
        product_id=sheet.product_id if sheet else None,
        details=without_texts(sheet, details) if sheet else details,
        dwell_seconds=signal.dwell,
        at=signal.at,
        day=signal.at.astimezone(UTC).date(),
        dedup_key=f"demo-{number}",
        consent=MEASURE,
    )
