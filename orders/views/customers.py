"""One customer as staff see it: who it is, what it allowed, what it has ordered and spent."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Max, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from journal.access import staff_only
from orders import collecting
from orders.models import Consent, Customer, Order, OrderLine, Return
from orders.views.lists import LANGUAGES, listed_orders

NEWEST = 20


@dataclass(frozen=True)
class Spent:
    """What was ordered in one currency, cancelled lines left out."""

    currency: str
    amount: Decimal
    pieces: int


@require_GET
@staff_only("orders.view_customer")
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Customer.objects.prefetch_related("addresses"), pk=pk)
    placed = Order.objects.placed().of(found.pk)
    sums = placed.aggregate(many=Count("pk"), first=Min("placed_at"), last=Max("placed_at"))
    context = {
        "customer": found,
        "language": LANGUAGES.get(found.language, found.language),
        "sums": sums,
        "spent": _spent(found.pk),
        "returned": Return.objects.filter(customer=found).aggregate(sum=Sum("quantity"))["sum"],
        "orders": _newest(found.pk) if request.user.has_perm("orders.view_order") else [],
        "newest": NEWEST,
        "consents": _consents(found.pk),
    }
    return render(request, "orders/staff/customer.html", context)


def _spent(customer_id: int) -> list[Spent]:
    sums = (
        OrderLine.objects.wanted()
        .filter(order__customer=customer_id)
        .order_by("order__currency")
        .values_list("order__currency")
        .annotate(sum=Sum(F("quantity") * F("unit_price")), pieces=Sum("quantity"))
    )
    return [Spent(currency, amount, pieces) for currency, amount, pieces in sums]


def _newest(customer_id: int) -> list[Order]:
    newest = Order.objects.placed().of(customer_id).order_by("-placed_at", "-pk")
    ids = list(newest.values_list("pk", flat=True)[:NEWEST])
    return list(listed_orders(ids, timezone.now()).order_by("-placed_at", "-pk"))


def _consents(customer_id: int) -> list[Consent]:
    """What was allowed under the customer's own pseudonym, newest first."""
    subject = collecting.subject_of_customer(customer_id)
    return list(Consent.objects.filter(subject=subject).order_by("-given_at", "-pk")[:NEWEST])
