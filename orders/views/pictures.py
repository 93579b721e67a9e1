"""Product pictures: drawings of the shop's own, coloured as the customer chooses."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from orders.catalogue import ProductSheet, opening, sheet
from orders.models import Product

LONGEST_TEXT = 40
PLAIN = "orders/pictures/plain.svg"


@require_safe
@cache_control(public=True, max_age=3600)
def picture(request: HttpRequest, sku: str) -> HttpResponse:
    """`?colour=red&material=oak&engraving=Alice` shows that choice; what is left out is as first
    offered. Only the shop's own values colour the picture."""
    product_id = Product.objects.filter(sku=sku).values_list("pk", flat=True).first()
    if product_id is None:
        raise Http404
    shown = sheet(product_id)
    picked = _picked(shown, request)
    context: dict[str, object] = {
        "picked": picked,
        "hue": _hues(shown, picked),
        "engraving": request.GET.get("engraving", "")[:LONGEST_TEXT],
    }
    try:
        return _render(request, f"orders/pictures/{shown.picture}.svg", context)
    except TemplateDoesNotExist:
        return _render(request, PLAIN, context)


def _render(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, template, context, content_type="image/svg+xml")


def _picked(shown: ProductSheet, request: HttpRequest) -> dict[str, str]:
    """One known value of each "one of" and "yes or no" group, by code."""
    first = opening(shown)
    picked = {}
    for group in shown.groups:
        if group.kind not in {"select", "bool"}:
            continue
        wanted = request.GET.get(group.code, "")
        known = wanted if wanted in group.codes else str(first.get(group.code, ""))
        if known:
            picked[group.code] = known
    return picked


def _hues(shown: ProductSheet, picked: dict[str, str]) -> dict[str, str]:
    """The colour of each picked value that has one."""
    found = {}
    for group in shown.groups:
        for value in group.values:
            colour = value.attributes.get("hex")
            if value.code == picked.get(group.code) and isinstance(colour, str):
                found[group.code] = colour
    return found
