"""What would this customer see, and why: the shop's own lists, shown to staff."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from journal.access import staff_only
from orders import catalogue, demand, visiting
from recommendations import serving
from recommendations.views.fragments import Card, cards


class SearchForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Name or e-mail"), max_length=80, required=False, strip=True
    )


class PlaceForm(forms.Form):
    """Where the customer is: on this product's page, or with it in the basket."""

    customer = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    product = forms.TypedChoiceField(
        label=gettext_lazy("Product looked at"),
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.Select(attrs={"translate": "no"}),  # names of products
    )

    def __init__(self, *args: Any, names: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = list(names.items())  # type: ignore[attr-defined]


class Place(NamedTuple):
    """A place of the shop that shows suggestions."""

    title: str
    cards: Sequence[Card]


@require_safe
@staff_only("recommendations.view_ranking")
def preview(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("orders.view_customer"):
        raise PermissionDenied
    now = timezone.now()
    search = SearchForm(request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    context = {
        "search": search,
        "asked": text,
        "found": visiting.customers(text),
        "live": serving.live_blend() is not None,
        **_chosen(request, now),
    }
    return render(request, "recommendations/preview.html", context)


def _chosen(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Everything about the customer whom the address names; nothing where it names nobody."""
    names = catalogue.names(catalogue.on_sale(now.date()))
    place = PlaceForm(request.GET, names=names)
    place.is_valid()
    number = place.cleaned_data.get("customer")
    customer = visiting.customer(number) if number else None
    if customer is None or not names:
        return {"customer": customer, "sold": bool(names)}
    personal = visiting.personal_of(customer.pk, now)
    product = place.cleaned_data.get("product") or _last_ordered(customer.pk, names, now)
    shown = PlaceForm({"customer": customer.pk, "product": product}, names=names)
    return {
        "customer": customer,
        "sold": True,
        "agreed": personal[0] is not None,
        "place": shown,
        "places": _places(product, names[product], serving.Visitor(*personal), now),
    }


def _places(product_id: int, name: str, visitor: serving.Visitor, now: datetime) -> list[Place]:
    """The same functions as the shop's pages call."""
    lists: list[tuple[str, Callable[[], list[serving.Suggested]]]] = [
        (_("On the page of %(product)s"), lambda: serving.for_product(product_id, visitor, now)),
        (
            _("In the basket, with %(product)s in it"),
            lambda: serving.for_basket([product_id], visitor, now),
        ),
    ]
    return [Place(title % {"product": name}, cards(found(), now)) for title, found in lists]


def _last_ordered(customer_id: int, names: dict[int, str], now: datetime) -> int:
    ordered = [pk for pk, _at in demand.ordered_by(customer_id, now) if pk in names]
    return ordered[0] if ordered else next(iter(names))
