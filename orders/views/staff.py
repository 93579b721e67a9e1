"""One order as staff see it: read it, send it, hold it, call it off."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from journal.access import staff_name, staff_only
from journal.models import Transition
from journal.moving import IllegalStep, Stale
from journal.telling import Happening, told_by
from orders import lifecycle
from orders.catalogue import ProductSheet, describe, sheets
from orders.models import Order, OrderLine, PromiseRevision, Shipment

Step = Callable[[int, str, str, datetime], object]

# what staff may do to a whole order: order, why, by, at
STEPS: dict[str, Step] = {
    "confirm": lambda pk, why, by, at: lifecycle.confirm(pk, by=by, at=at),
    "hold": lambda pk, why, by, at: lifecycle.hold(pk, why, by=by, at=at),
    "resume": lambda pk, why, by, at: lifecycle.resume(pk, why, by=by, at=at),
    "cancel": lambda pk, why, by, at: lifecycle.cancel(pk, why, by=by, at=at),
}
DONE: dict[str, str | Promise] = {
    "confirm": gettext_lazy("The order is confirmed and goes into the next plan."),
    "hold": gettext_lazy("The order is on hold. Nothing of it is shipped until you resume it."),
    "resume": gettext_lazy("The order goes on."),
    "cancel": gettext_lazy("The order is cancelled."),
}


@dataclass(frozen=True)
class ShownLine:
    line: OrderLine
    name: str
    options: list[tuple[str, str]]
    promises: list[PromiseRevision]
    late: bool


class ShipForm(forms.Form):
    lines = forms.MultipleChoiceField(
        label=gettext_lazy("What is in the parcel"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one position.")},
    )
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=60)
    tracking_code = forms.CharField(
        label=gettext_lazy("Tracking code"), max_length=80, required=False
    )

    def __init__(self, lines: Iterable[ShownLine], data: Any = None) -> None:
        ready = [(str(one.line.pk), _parcel_text(one)) for one in lines if _is_ready(one)]
        super().__init__(data, initial={"lines": [pk for pk, _text in ready]})
        self.fields["lines"].choices = ready  # type: ignore[attr-defined]  # a MultipleChoiceField


def _is_ready(shown: ShownLine) -> bool:
    return shown.line.status == OrderLine.Status.READY


def _parcel_text(shown: ShownLine) -> SafeString:
    return format_html('<span translate="no">{} × {}</span>', shown.line.quantity, shown.name)


class WhyForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why"), max_length=200)


@require_GET
@staff_only("orders.view_order")
def order(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk))


@require_POST
@staff_only("orders.add_shipment")
def ship(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    form = ShipForm(_lines(found), request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    line_ids = [int(line_id) for line_id in form.cleaned_data["lines"]]
    parcel = (form.cleaned_data["carrier"], form.cleaned_data["tracking_code"])
    try:
        lifecycle.ship(pk, line_ids, *parcel, by=staff_name(request), at=timezone.now())
    except (lifecycle.NotReady, Stale):
        form.add_error(None, _("Some of it is no longer ready to be sent. Nothing was sent."))
        return _page(request, found, form)
    sent = ngettext(
        "%(count)d position is on its way.",
        "%(count)d positions are on their way.",
        len(line_ids),
    )
    messages.success(request, sent % {"count": len(line_ids)})
    return redirect("orders:staff-order", pk)


@require_POST
@staff_only("orders.change_shipment")
def deliver(request: HttpRequest, pk: int) -> HttpResponse:
    shipment = get_object_or_404(Shipment, pk=pk)
    lifecycle.deliver(pk, by=staff_name(request), at=timezone.now())
    messages.success(request, _("The parcel is marked as delivered."))
    return redirect("orders:staff-order", shipment.order_id)


@require_POST
@staff_only("orders.change_order")
def take_step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    found = get_object_or_404(Order.objects.placed(), pk=pk)
    why = request.POST.get("why", "").strip()[:200]
    if verb in {"hold", "cancel"} and not why:
        messages.error(request, _("Say why, so that the others can read it. Nothing was changed."))
        return redirect("orders:staff-order", found.pk)
    try:
        STEPS[verb](found.pk, why, staff_name(request), timezone.now())
    except lifecycle.AlreadyStarted:
        messages.error(request, _("Work on it has begun, so it cannot be cancelled any more."))
    except (IllegalStep, Stale):
        messages.error(request, _("The order has changed meanwhile. Look again; nothing was done."))
    else:
        messages.success(request, str(DONE[verb]))
    return redirect("orders:staff-order", found.pk)


def _found(pk: int) -> Order:
    lines = OrderLine.objects.select_related("configuration").prefetch_related("promises")
    shipments = Shipment.objects.order_by("shipped_at", "pk").prefetch_related("lines")
    whole: QuerySet[Order] = (
        Order.objects.placed()
        .select_related("customer", "delivery_address")
        .prefetch_related(Prefetch("lines", lines), Prefetch("shipments", shipments))
    )
    return get_object_or_404(whole, pk=pk)


def _page(request: HttpRequest, found: Order, form: ShipForm | None = None) -> HttpResponse:
    lines = _lines(found)
    statuses = {one.line.status for one in lines}
    context = {
        "order": found,
        "lines": lines,
        "total": sum(one.line.amount for one in lines if one.line.status != "cancelled"),
        "late": any(one.late for one in lines),
        "parcels": _parcels(found, lines),
        "timeline": _timeline(found, lines),
        "can_ship": form is not None
        or (found.status == Order.Status.CONFIRMED and any(map(_is_ready, lines))),
        "can_cancel": statuses <= lifecycle.NOT_STARTED
        and lifecycle.ORDER.allows(found.status, "cancelled"),
        "can_hold": lifecycle.ORDER.allows(found.status, "on_hold"),
        "ship_form": form or ShipForm(lines),
        "why_form": WhyForm(),
    }
    status = 422 if form and form.errors else 200
    return render(request, "orders/staff/order.html", context, status=status)


def _lines(found: Order) -> list[ShownLine]:
    lines = list(found.lines.all())
    known = sheets({line.configuration.product_id for line in lines})
    today = timezone.localdate()
    running = found.status == Order.Status.CONFIRMED
    return [_shown(line, known[line.configuration.product_id], running, today) for line in lines]


def _shown(line: OrderLine, sheet: ProductSheet, running: bool, today: Any) -> ShownLine:
    is_open = running and line.status in OrderLine.OPEN_STATUSES
    return ShownLine(
        line=line,
        name=sheet.name,
        options=describe(sheet, line.configuration.values),
        promises=list(line.promises.all()),
        late=is_open and line.committed_date is not None and line.committed_date < today,
    )


def _parcels(found: Order, lines: Iterable[ShownLine]) -> list[tuple[Shipment, list[str]]]:
    texts = {one.line.pk: _parcel_text(one) for one in lines}
    return [
        (parcel, [texts[line.pk] for line in parcel.lines.all() if line.pk in texts])
        for parcel in found.shipments.all()
    ]


def _timeline(found: Order, lines: Iterable[ShownLine]) -> list[Happening]:
    """What happened to the order and its lines; lines that moved together are one entry."""
    names = {one.line.pk: one.name for one in lines}
    steps = Transition.objects.filter(
        Q(kind="order", object_id=found.pk) | Q(kind="order_line", object_id__in=names)
    ).order_by("at", "pk")
    together: dict[tuple[str, str, datetime], list[Transition]] = {}
    for step in steps:
        together.setdefault((step.kind, step.to_status, step.at), []).append(step)
    return [_happening(same, names) for same in together.values()]


def _happening(same: list[Transition], names: Mapping[int, str]) -> Happening:
    first = same[0]
    moved = [names[one.object_id] for one in same] if first.kind == "order_line" else []
    why = " · ".join(filter(None, [", ".join(moved), first.why]))
    return Happening(first.to_status, first.at, told_by(first.by), why)
