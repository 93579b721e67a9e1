"""What this app does when something happened."""

from django.utils import formats, translation
from django.utils.translation import gettext as _

from journal import deliveries, dispatch
from journal.models import Transition
from orders import tracking
from orders.models import Customer, Order


@dispatch.receives("order", "confirmed", name="orders.mail_confirmation")
def mail_confirmation(transition: Transition) -> None:
    """Tell the customer, once, in the language the order was made in."""
    order = Order.objects.select_related("customer").get(pk=transition.object_id)
    if order.source == Order.Source.IMPORT or not order.customer or not order.customer.email:
        return
    with translation.override(order.language):
        deliveries.promise(
            dedup_key=f"order-confirmed:{order.pk}",
            recipient=order.customer.email,
            subject=_("Your order %(number)s") % {"number": order.number},
            body=_confirmation(order, order.customer),
            now=transition.at,
        )


def _confirmation(order: Order, customer: Customer) -> str:
    followed = tracking.follow(order.pk)
    lines = [_("Hello %(name)s,") % {"name": customer.name}, ""]
    lines += [_("thank you for your order %(number)s.") % {"number": followed.number}, ""]
    for line in followed.lines:
        lines.append(f"{line.quantity} × {line.name}: {line.amount} {followed.currency}")
        lines += [f"    {question}: {answer}" for question, answer in line.options]
        if line.committed:
            day = formats.date_format(line.committed, "DATE_FORMAT")
            lines.append("    " + _("Ready by %(day)s") % {"day": day})
    total = {"total": followed.total, "currency": followed.currency}
    lines += ["", _("Total: %(total)s %(currency)s") % total, ""]
    lines.append(_("Follow your order here: %(link)s") % {"link": tracking.address(order.pk)})
    return "\n".join(lines)
