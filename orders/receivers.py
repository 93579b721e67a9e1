"""What this app does when something happened: customers are told, once, in their language."""

from collections.abc import Callable
from datetime import datetime

from django.utils import translation

from journal import deliveries, dispatch
from journal.models import Transition
from orders import letters
from orders.letters import Letter
from orders.models import Order, PromiseRevision, Shipment


@dispatch.receives("order", "confirmed", name="orders.mail_confirmation")
def mail_confirmation(transition: Transition) -> None:
    pk = transition.object_id
    _mail(pk, f"order-confirmed:{pk}", letters.confirmed, transition.at)


@dispatch.receives("order", "cancelled", name="orders.mail_cancellation")
def mail_cancellation(transition: Transition) -> None:
    """Not for a basket that was dropped: nobody ordered it."""
    if transition.from_status == "draft":
        return
    pk = transition.object_id
    _mail(pk, f"order-cancelled:{pk}", letters.cancelled, transition.at)


@dispatch.receives("order_line", "shipped", name="orders.mail_parcel")
def mail_parcel(transition: Transition) -> None:
    """Every line of a parcel says that it left; the parcel is told of once."""
    parcel = Shipment.objects.filter(lines=transition.object_id).order_by("-pk").first()
    if parcel is not None:
        _mail(
            parcel.order_id,
            f"order-sent:{parcel.pk}",
            lambda order: letters.sent(order, parcel),
            transition.at,
        )


@dispatch.receives("promise", "slipped", name="orders.mail_slip")
def mail_slip(transition: Transition) -> None:
    """What slipped together is told together: a new plan moves many lines of one order."""
    told = PromiseRevision.objects.select_related("line").get(pk=transition.object_id)
    order_id = told.line.order_id
    together = PromiseRevision.objects.filter(line__order=order_id, at=told.at)
    lines = dict(together.order_by("pk").values_list("pk", "line_id"))
    _mail(
        order_id,
        f"order-slipped:{order_id}:{max(lines)}",
        lambda order: letters.slipped(order, lines.values()),
        transition.at,
    )


def _mail(order_id: int, key: str, write: Callable[[Order], Letter], at: datetime) -> None:
    """Promise a letter to the customer; none where there is no address or we do not tell."""
    orders = Order.objects.taken_here().select_related("customer")
    order = orders.filter(pk=order_id).first()
    if order is None or not order.customer or not order.customer.email:
        return
    with translation.override(order.language):
        letter = write(order)
    deliveries.promise(
        dedup_key=key,
        recipient=order.customer.email,
        subject=letter.subject,
        body=letter.body,
        now=at,
    )
