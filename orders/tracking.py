"""An order as its customer sees it: a signed link, plain words, every date that was told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core import signing
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from journal.models import Transition
from orders.catalogue import ProductSheet, describe, sheets
from orders.models import Order, OrderLine, Shipment

SALT = "orders.tracking"

WORDS: dict[str, str | Promise] = {
    "pending": _("We are working out when it can be ready."),
    "promised": _("We have promised you a date."),
    "planned": _("It has its place in our plan."),
    "in_production": _("We are making it."),
    "produced": _("It is made; we are checking and packing it."),
    "ready": _("It is packed and waits for the carrier."),
    "shipped": _("It is on its way to you."),
    "delivered": _("It has arrived."),
    "returned": _("You sent it back."),
    "cancelled": _("It was cancelled."),
}
ORDER_WORDS: dict[str, str | Promise] = {
    "placed": _("We have received your order."),
    "confirmed": _("Your order is confirmed."),
    "on_hold": _("Your order is on hold."),
    "closed": _("Your order is complete."),
    "cancelled": _("Your order was cancelled."),
}


class UnknownLink(Exception):
    """The link was changed, or belongs to no order."""


@dataclass(frozen=True)
class Told:
    """A date that the customer was told, when, and why."""

    committed: date
    cause: str
    at: datetime


@dataclass(frozen=True)
class FollowedLine:
    line_id: int
    product_id: int
    name: str
    options: list[tuple[str, str]]
    quantity: int
    amount: Decimal
    status: str
    words: str | Promise
    requested: date | None
    committed: date | None
    told: list[Told]
    """First answer first; more than one: the date was moved."""

    @property
    def asked_too_early(self) -> bool:
        """The customer wished for a day before the one that we promise."""
        return bool(self.requested and self.committed and self.requested < self.committed)

    @property
    def slips(self) -> list[Told]:
        """The answers that came later than the one before."""
        pairs = zip(self.told, self.told[1:], strict=False)
        return [new for old, new in pairs if new.committed > old.committed]


@dataclass(frozen=True)
class Parcel:
    carrier: str
    tracking_code: str
    shipped_at: datetime
    delivered_at: datetime | None
    line_ids: list[int]


@dataclass(frozen=True)
class Step:
    """One entry of the history; `product` is empty for the order itself."""

    at: datetime
    product: str
    status: str
    words: str | Promise


@dataclass(frozen=True)
class FollowedOrder:
    order_id: int
    number: str
    status: str
    words: str | Promise
    placed_at: datetime
    currency: str
    total: Decimal
    address: str
    lines: list[FollowedLine]
    parcels: list[Parcel]
    history: list[Step]


def token(order_id: int) -> str:
    """What a link must carry to show this order; it does not run out."""
    return signing.dumps(order_id, salt=SALT)


def order_of(link_token: str) -> int:
    """The order that a link shows; raises `UnknownLink`."""
    try:
        return int(signing.loads(link_token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        raise UnknownLink(link_token) from None


def address(order_id: int) -> str:
    """The full address of the order's page, for mails."""
    origins = settings.CSRF_TRUSTED_ORIGINS or [f"http://{settings.BIND}:{settings.PORT}"]
    return f"{origins[0].rstrip('/')}{reverse('track', args=[token(order_id)])}"


def follow(order_id: int) -> FollowedOrder:
    """All that the customer may know; a constant number of queries.

    Raises `UnknownLink` for a basket and for an order that is not there.
    """
    order = (
        Order.objects.placed()
        .select_related("delivery_address", "customer")
        .prefetch_related(
            Prefetch("lines", OrderLine.objects.select_related("configuration")),
            "lines__promises",
            Prefetch("shipments", Shipment.objects.order_by("shipped_at", "pk")),
            "shipments__lines",
        )
        .filter(pk=order_id)
        .first()
    )
    if order is None or order.placed_at is None:
        raise UnknownLink(str(order_id))
    lines = list(order.lines.all())
    known = sheets({line.configuration.product_id for line in lines})
    may_wish = order.source != Order.Source.IMPORT  # the import only supposes a day
    followed = [_line(line, known[line.configuration.product_id], may_wish) for line in lines]
    return FollowedOrder(
        order_id=order.pk,
        number=order.number or "",
        status=order.status,
        words=ORDER_WORDS[order.status],
        placed_at=order.placed_at,
        currency=order.currency,
        total=sum(
            (line.amount for line in followed if line.status != "cancelled"), Decimal("0.00")
        ),
        address=str(order.delivery_address or ""),
        lines=followed,
        parcels=[_parcel(shipment) for shipment in order.shipments.all()],
        history=_history(order.pk, followed),
    )


def in_words(cause: str) -> str:
    """Why a date moved, in the reader's language; the planner writes it in the shop's own."""
    return gettext(cause) if cause else ""


def _line(line: OrderLine, sheet: ProductSheet, may_wish: bool) -> FollowedLine:
    return FollowedLine(
        line_id=line.pk,
        product_id=sheet.product_id,
        name=sheet.name,
        options=describe(sheet, line.configuration.values),
        quantity=line.quantity,
        amount=line.amount,
        status=line.status,
        words=WORDS[line.status],
        requested=line.requested_date if may_wish else None,
        committed=line.committed_date,
        told=[
            Told(told.committed_date, in_words(told.cause), told.at) for told in line.promises.all()
        ],
    )


def _parcel(shipment: Shipment) -> Parcel:
    return Parcel(
        carrier=shipment.carrier,
        tracking_code=shipment.tracking_code,
        shipped_at=shipment.shipped_at,
        delivered_at=shipment.delivered_at,
        line_ids=[line.pk for line in shipment.lines.all()],
    )


def _history(order_id: int, lines: Iterable[FollowedLine]) -> list[Step]:
    names = {line.line_id: line.name for line in lines}
    steps = Transition.objects.filter(
        Q(kind="order", object_id=order_id) | Q(kind="order_line", object_id__in=names)
    )
    return [
        Step(at, names[pk] if kind == "order_line" else "", status, words)
        for kind, pk, status, at in steps.order_by("at", "pk").values_list(
            "kind", "object_id", "to_status", "at"
        )
        if (words := (WORDS if kind == "order_line" else ORDER_WORDS).get(status))
    ]
