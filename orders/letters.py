"""What customers read in their mail: plain text, in the language that is active."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from orders import tracking
from orders.models import Order, Shipment
from orders.tracking import FollowedLine


@dataclass(frozen=True)
class Letter:
    subject: str
    body: str


def confirmed(order: Order) -> Letter:
    """What was ordered, when it comes, what it costs."""
    followed = tracking.follow(order.pk)
    news = [_("thank you for your order %(number)s.") % {"number": followed.number}, ""]
    for line in followed.lines:
        news.append(f"{line.quantity} × {line.name}: {line.amount} {followed.currency}")
        news += [f"    {question}: {answer}" for question, answer in line.options]
        news += [f"    {text}" for text in _dates(line)]
    total = {"total": followed.total, "currency": followed.currency}
    news += ["", _("Total: %(total)s %(currency)s") % total]
    return _letter(_("Your order %(number)s"), order, news)


def sent(order: Order, shipment: Shipment) -> Letter:
    """A parcel is on its way: what is in it, and with whom."""
    followed = tracking.follow(order.pk)
    inside = set(shipment.lines.values_list("pk", flat=True))
    news = [_("this is on its way to you:"), ""]
    news += _listed(line for line in followed.lines if line.line_id in inside)
    if shipment.carrier or shipment.tracking_code:
        news.append("")
    if shipment.carrier:
        news.append(_("Carrier: %(carrier)s") % {"carrier": shipment.carrier})
    if shipment.tracking_code:
        news.append(_("Tracking code: %(code)s") % {"code": shipment.tracking_code})
    return _letter(_("Your order %(number)s is on its way"), order, news)


def cancelled(order: Order) -> Letter:
    news = [_("your order %(number)s was cancelled.") % {"number": order.number}, ""]
    news += _listed(tracking.follow(order.pk).lines)
    return _letter(_("Your order %(number)s was cancelled"), order, news)


def slipped(order: Order, line_ids: Iterable[int]) -> Letter:
    """The dates of these lines moved: the new ones, the old ones, and why."""
    moved, followed = set(line_ids), tracking.follow(order.pk)
    news = [_("we are sorry: a date that we promised you has moved.")]
    for line in followed.lines:
        if line.line_id in moved:
            news += ["", f"{line.quantity} × {line.name}", *(f"    {t}" for t in _move(line))]
    return _letter(_("Your order %(number)s comes later"), order, news)


def _letter(subject: str, order: Order, news: Iterable[str]) -> Letter:
    """Greeting, news, and the signed link."""
    name = order.customer.name if order.customer else ""
    link = _("Follow your order here: %(link)s") % {"link": tracking.address(order.pk)}
    lines = [_("Hello %(name)s,") % {"name": name}, "", *news, "", link]
    return Letter(subject % {"number": order.number}, "\n".join(lines))


def _listed(lines: Iterable[FollowedLine]) -> list[str]:
    return [f"{line.quantity} × {line.name}" for line in lines]


def _dates(line: FollowedLine) -> list[str]:
    if line.committed is None:
        return []
    said = [_("With you by %(day)s") % {"day": _day(line.committed)}]
    if line.requested and line.asked_too_early:
        asked = _("You asked for %(day)s; this is the earliest that we can promise.")
        said.append(asked % {"day": _day(line.requested)})
    return said


def _move(line: FollowedLine) -> list[str]:
    if len(line.told) < 2:
        return _dates(line)
    before, now = line.told[-2:]
    days = {"new": _day(now.committed), "old": _day(before.committed)}
    return [_("With you by %(new)s instead of %(old)s.") % days, now.cause]


def _day(day: date) -> str:
    return formats.date_format(day, "DATE_FORMAT")
