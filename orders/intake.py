"""Fill a basket and turn it into an order.

A basket is an order in draft that belongs to a browser session (`basket_key`). Prices are always
worked out here from the product's own data; no door can hand one in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import formats
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from journal.moving import Stale, move, record
from orders import lifecycle
from orders.catalogue import (
    ImpossibleConfiguration,
    ProductSheet,
    check,
    price,
    sheets,
    store,
)
from orders.factory import Promise, Wanted, factory
from orders.models import Address, Customer, Order, OrderLine
from orders.payments import payments

MOST_PIECES = 500  # of one line; more is a quotation
MOST_LINES = 100
HOLD_FOR = timedelta(hours=1)  # capacity waits so long for an order that is not confirmed yet
FARTHEST_WISH = timedelta(days=366)


class Refused(Exception):
    """The customer's wish cannot be met; the message tells the customer why."""


class NotOnSale(Refused):
    """The product does not exist, or is not sold today."""


class BadQuantity(Refused):
    """Fewer than one piece, more than `MOST_PIECES`, or no number at all."""


class BasketFull(Refused):
    """The basket has `MOST_LINES` lines, or holds goods in another currency."""


class BadWish(Refused):
    """The wished day is over, or more than `FARTHEST_WISH` away."""


class NoSuchLine(Refused):
    """This session's basket has no such line."""


class EmptyBasket(Refused):
    """There is nothing to order."""


@dataclass(frozen=True)
class Problem:
    """Why one line of the basket cannot be ordered as it stands."""

    line_id: int
    text: str


class BasketChanged(Refused):
    """The basket must be looked at again before it is ordered; nothing was lost."""

    def __init__(self, problems: Sequence[Problem], text: str = "") -> None:
        super().__init__(
            text or _("Something in your basket has changed. Please look at it again.")
        )
        self.problems = list(problems)


class DateSlipped(BasketChanged):
    """The promise is later than the one that the customer was shown."""

    def __init__(self, committed: date) -> None:
        day = formats.date_format(committed, "DATE_FORMAT")
        text = _(
            "We can no longer keep the date that you were shown: it would be with you by %(day)s. "
            "Order again to accept the new date; nothing is lost."
        )
        super().__init__([], text % {"day": day})
        self.committed = committed


@dataclass(frozen=True)
class CustomerDetails:
    name: str
    email: str
    phone: str = ""
    company: bool = False
    language: str = "en"


@dataclass(frozen=True)
class AddressDetails:
    recipient: str
    street: str
    postcode: str
    city: str
    country: str


def find(basket_key: str) -> Order | None:
    """This session's basket, if it has one."""
    return Order.objects.filter(basket_key=basket_key, status=Order.Status.DRAFT).first()


def add(
    basket_key: str,
    product_id: int,
    raw: Mapping[str, object],
    quantity: object,
    now: datetime,
    *,
    language: str = "en",
) -> OrderLine:
    """Put a configured product into the basket; the same choice again adds to its line.

    Raises `NotOnSale`, `BadQuantity`, `BasketFull` or `ImpossibleConfiguration`.
    """
    return _put(basket_key, None, product_id, raw, quantity, now, language)


def replace(
    basket_key: str,
    line_id: int,
    product_id: int,
    raw: Mapping[str, object],
    quantity: object,
    now: datetime,
    *,
    language: str = "en",
) -> OrderLine:
    """Choose a line of the basket anew, at its place; it joins a line of the same choice.

    A line that is gone meanwhile is added again. Raises what `add` raises, and then the line
    stays as it was.
    """
    return _put(basket_key, line_id, product_id, raw, quantity, now, language)


def change(basket_key: str, line_id: int, quantity: object) -> OrderLine:
    """Set the number of pieces of a line; raises `BadQuantity` or `NoSuchLine`."""
    pieces = read_quantity(quantity)
    if not _lines(basket_key).filter(pk=line_id).update(quantity=pieces):
        raise NoSuchLine(_("Your basket does not have this line any more."))
    return OrderLine.objects.get(pk=line_id)


def remove(basket_key: str, line_id: int) -> None:
    """Take a line out; a line that is not there is gone already."""
    _lines(basket_key).filter(pk=line_id).delete()


def read_quantity(raw: object) -> int:
    """A whole number of pieces from 1 to `MOST_PIECES`, or `BadQuantity`."""
    text = str(raw).strip()
    if isinstance(raw, bool) or not (text.isascii() and text.lstrip("+-").isdigit()):
        raise BadQuantity(_("Enter a whole number of pieces."))
    if len(text) > 9 or not 1 <= int(text) <= MOST_PIECES:
        raise BadQuantity(
            _("Order between 1 and %(most)d pieces. Ask us for more.") % {"most": MOST_PIECES}
        )
    return int(text)


def check_wish(wish: date, today: date) -> None:
    """Raises `BadWish` where nobody could mean that day."""
    if wish < today:
        raise BadWish(_("This day is over. Please choose a later one."))
    if wish > today + FARTHEST_WISH:
        raise BadWish(_("This day is more than a year away. Please choose an earlier one."))


def review(basket: Order, now: datetime) -> list[Problem]:
    """What no longer holds in the basket: sold no more, options withdrawn, prices moved.

    New prices are written into the basket, so that the next look and the next try agree.
    """
    lines = list(basket.lines.select_related("configuration"))
    known = sheets({line.configuration.product_id for line in lines})
    return [
        Problem(line.pk, text)
        for line in lines
        if (text := _complaint(line, known[line.configuration.product_id], now))
    ]


def wanted(basket: Order) -> list[Wanted]:
    """The basket as a question to the factory."""
    return [
        Wanted(line.configuration.product_id, line.configuration.values, line.quantity)
        for line in basket.lines.select_related("configuration").order_by("pk")
    ]


def place(
    basket_key: str,
    customer: CustomerDetails,
    address: AddressDetails,
    submission_key: str,
    now: datetime,
    *,
    customer_id: int | None = None,
    note: str = "",
    requested_date: date | None = None,
    shown: date | None = None,
) -> str:
    """Order what is in the basket; returns the order's number.

    `shown` is the date that the customer read before ordering, and accepts.
    1 a form sent twice gets the first order, 2 wish and basket are looked over, 3 the factory
    promises a date, 4 order, reserved places and their date, invoice and confirmation are written
    at once.
    Raises `EmptyBasket`, `BadWish`, `BasketChanged` (with the lines), `DateSlipped` (later than
    `shown`) or `factory.CannotPromise`; the basket is kept.
    """
    if earlier := _earlier(submission_key):
        return earlier
    if requested_date is not None:
        check_wish(requested_date, localdate(now))
    basket = find(basket_key)
    if basket is None or not basket.lines.exists():
        raise EmptyBasket(_("Your basket is empty."))
    if problems := review(basket, now):
        raise BasketChanged(problems)
    seen = _contents(basket)
    promise = factory().promise(wanted(basket), now)  # the long part, before anything is locked
    accepted = shown or promise.committed
    with transaction.atomic():
        # A second submit waits here for the first and then finds its order.
        Order.objects.select_for_update().get(pk=basket.pk)
        if earlier := _earlier(submission_key):
            return earlier
        if _contents(basket) != seen:
            raise BasketChanged([])
        buyer = _customer(customer, customer_id, now)
        _take_place(basket, buyer, address, submission_key, note, requested_date, now)
        _settle(basket, requested_date, accepted, buyer, now)
    return str(basket.number)


def _put(
    basket_key: str,
    old_id: int | None,
    product_id: int,
    raw: Mapping[str, object],
    quantity: object,
    now: datetime,
    language: str,
) -> OrderLine:
    pieces = read_quantity(quantity)
    sheet = _sold_sheet(product_id, now)
    values = check(sheet, raw)
    configuration = store(product_id, values, now)
    with transaction.atomic():
        basket = _open_basket(basket_key, sheet.currency, language, now)
        old = basket.lines.filter(pk=old_id).first() if old_id else None
        others = basket.lines.exclude(pk=old.pk) if old else basket.lines.all()
        same = others.filter(configuration=configuration).first()
        line = same or old or _new_line(basket)
        line.configuration = configuration
        line.quantity = read_quantity(pieces + (same.quantity if same else 0))
        line.unit_price = price(sheet, values).unit
        line.save()
        if same and old:
            old.delete()
    return line


def _sold_sheet(product_id: int, now: datetime) -> ProductSheet:
    sheet = sheets([product_id]).get(product_id)
    if sheet is None or not sheet.on_sale(now.date()):
        raise NotOnSale(_("This product is not sold at the moment."))
    return sheet


def _open_basket(basket_key: str, currency: str, language: str, now: datetime) -> Order:
    basket, made = Order.objects.select_for_update().get_or_create(
        basket_key=basket_key,
        status=Order.Status.DRAFT,
        defaults={"currency": currency, "language": language, "created_at": now},
    )
    if made:
        record(lifecycle.ORDER, [(basket.pk, "")], "draft", by="system", at=now)
    elif basket.currency != currency and basket.lines.exists():
        raise BasketFull(_("Please order goods in another currency separately."))
    elif basket.currency != currency or basket.language != language:
        basket.currency, basket.language = currency, language
        basket.save(update_fields=["currency", "language"])
    return basket


def _new_line(basket: Order) -> OrderLine:
    if basket.lines.count() >= MOST_LINES:
        raise BasketFull(_("Your basket is full. Please order it first."))
    last = basket.lines.aggregate(last=Max("position"))["last"] or 0
    return OrderLine(order=basket, position=last + 1)


def _lines(basket_key: str) -> "QuerySet[OrderLine]":
    return OrderLine.objects.filter(order__basket_key=basket_key, order__status=Order.Status.DRAFT)


def _complaint(line: OrderLine, sheet: ProductSheet, now: datetime) -> str:
    if not sheet.on_sale(now.date()):
        return _("“%(product)s” is no longer sold.") % {"product": sheet.name}
    try:
        values = check(sheet, line.configuration.values)
    except ImpossibleConfiguration as impossible:
        return _("“%(product)s” cannot be made like this any more: %(reasons)s") % {
            "product": sheet.name,
            "reasons": " ".join(text for texts in impossible.errors.values() for text in texts),
        }
    if values != line.configuration.values:
        return _("“%(product)s” has changed. Please choose it again.") % {"product": sheet.name}
    return _new_price(line, sheet, price(sheet, values).unit)


def _new_price(line: OrderLine, sheet: ProductSheet, unit: Decimal) -> str:
    if unit == line.unit_price:
        return ""
    OrderLine.objects.filter(pk=line.pk, order__status=Order.Status.DRAFT).update(unit_price=unit)
    return _("The price of “%(product)s” is now %(new)s %(currency)s instead of %(old)s.") % {
        "product": sheet.name,
        "new": unit,
        "old": line.unit_price,
        "currency": sheet.currency,
    }


def _earlier(submission_key: str) -> str | None:
    return (
        Order.objects.placed()
        .filter(submission_key=submission_key)
        .values_list("number", flat=True)
        .first()
    )


def _contents(basket: Order) -> list[tuple[int, int, int, Decimal]]:
    rows = basket.lines.order_by("pk")
    return list(rows.values_list("pk", "configuration_id", "quantity", "unit_price"))


def _customer(details: CustomerDetails, customer_id: int | None, now: datetime) -> Customer:
    """The customer who signed in, else a guest: known by name and mail, never with a login."""
    if customer_id is not None:
        return Customer.objects.get(pk=customer_id)
    guests = Customer.objects.filter(user=None, external_ref=None, anonymised_at=None)
    kind = Customer.Kind.COMPANY if details.company else Customer.Kind.PERSON
    return guests.filter(
        email__iexact=details.email, name=details.name, kind=kind
    ).first() or Customer.objects.create(
        name=details.name,
        email=details.email,
        phone=details.phone,
        kind=kind,
        language=details.language,
        created_at=now,
    )


def _take_place(
    basket: Order,
    buyer: Customer,
    address: AddressDetails,
    submission_key: str,
    note: str,
    requested_date: date | None,
    now: datetime,
) -> None:
    place_to, _made = Address.objects.get_or_create(
        customer=buyer,
        recipient=address.recipient,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        country=address.country,
    )
    try:
        move(
            lifecycle.ORDER,
            basket,
            "placed",
            by=f"customer:{buyer.pk}",
            at=now,
            number=f"{now:%Y}-{basket.pk:06d}",
            placed_at=now,
            customer=buyer,
            delivery_address=place_to,
            submission_key=submission_key,
            basket_key=None,
            customer_note=note[:500],
        )
    except Stale:
        raise EmptyBasket(_("This basket was ordered already.")) from None
    basket.lines.update(requested_date=requested_date)


def _settle(
    order: Order, wish: date | None, accepted: date, buyer: Customer, now: datetime
) -> None:
    """Reserve, promise the date of the places reserved, bill, confirm. Raises `DateSlipped`."""
    by = f"customer:{buyer.pk}"
    line_ids = list(order.lines.values_list("pk", flat=True))
    record(lifecycle.ORDER_LINE, [(pk, "") for pk in line_ids], "pending", by=by, at=now)
    promise = _heeding(wish, factory().reserve(line_ids, now, now + HOLD_FOR))
    if promise.committed > max(accepted, wish or accepted):
        raise DateSlipped(promise.committed)
    lifecycle.promise_many(
        [
            lifecycle.LinePromise(pk, promise.p50, promise.p90, promise.committed, promise.reason)
            for pk in line_ids
        ],
        by=by,
        at=now,
    )
    if payments().settle(order, now):
        lifecycle.confirm(order.pk, by=by, at=now)
        factory().commit(order.pk, now)


def _heeding(wish: date | None, promise: Promise) -> Promise:
    """Who asks for a later day gets that day; an earlier one cannot be promised."""
    if wish is None or wish <= promise.committed:
        return promise
    return replace_fields(promise, committed=wish, reason=_("The day that you asked for."))
