"""Suggestions as fragments of the shop's pages. Where there are none, nothing is shown."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders import catalogue, visiting
from orders.catalogue import ProductSheet
from recommendations import serving

MOST_PRODUCTS = 100


class Card(NamedTuple):
    sheet: ProductSheet
    price_from: Decimal
    why: str


@require_safe
def for_product(request: HttpRequest, product_id: int) -> HttpResponse:
    now = timezone.now()
    visitor = serving.Visitor(*visiting.personal(request, now))
    found = serving.for_product(product_id, visitor, now)
    return _fragment(request, _("Goes well with it"), found, now)


@require_safe
def for_basket(request: HttpRequest) -> HttpResponse:
    """Fits the products named in the query: `?product=4&product=7`."""
    now = timezone.now()
    named = [
        int(pk)
        for pk in request.GET.getlist("product")[:MOST_PRODUCTS]
        if pk.isdecimal() and len(pk) < 12
    ]
    visitor = serving.Visitor(*visiting.personal(request, now))
    found = serving.for_basket(named, visitor, now)
    return _fragment(request, _("Goes well with your basket"), found, now)


def _fragment(
    request: HttpRequest, title: str, found: Sequence[serving.Suggested], now: datetime
) -> HttpResponse:
    context = {"title": title, "cards": cards(found, now)}
    return render(request, "recommendations/_suggestions.html", context)


def cards(found: Sequence[serving.Suggested], now: datetime) -> list[Card]:
    """What customers see of each suggestion, in the same order."""
    sheets = catalogue.sheets([one.product_id for one in found]) if found else {}
    return [
        Card(sheet, catalogue.price_from(sheet, now.date()), one.why)
        for one in found
        if (sheet := sheets.get(one.product_id))
    ]
