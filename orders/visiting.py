"""Outlet: who is behind a request: a customer, the owner of a basket, a pseudonymous visitor.

The session keeps two random keys, made when they are first needed. They survive the new session
key of a sign-in, so that the basket does.
"""

import secrets
from datetime import datetime

from django.db.models import Q
from django.http import HttpRequest

from orders import collecting
from orders.models import Customer

BASKET = "basket_key"
VISITOR = "visitor_key"


def customer_of(request: HttpRequest) -> Customer | None:
    """The customer who is signed in; staff without a customer's account are none."""
    if not request.user.is_authenticated:
        return None
    if not hasattr(request, "_customer"):
        request._customer = Customer.objects.filter(user=request.user).first()  # type: ignore[attr-defined]
    return request._customer  # type: ignore[attr-defined,no-any-return]


def basket_key(request: HttpRequest) -> str:
    """The key of this session's basket; empty while it has none."""
    return str(request.session.get(BASKET, ""))


def open_basket_key(request: HttpRequest) -> str:
    """The key of this session's basket, made where it has none."""
    return _made(request, BASKET)


def visitor_of(request: HttpRequest, *, known: bool = False) -> collecting.Visitor:
    """Whose looks these are; with `known` the session gets a key where it has none."""
    key = _made(request, VISITOR) if known else str(request.session.get(VISITOR, ""))
    customer = customer_of(request)
    return collecting.visitor(
        key,
        customer.pk if customer else None,
        request.headers.get("User-Agent", ""),
        staff=request.user.is_staff,
    )


def visitors_of(request: HttpRequest) -> list[collecting.Visitor]:
    """The visitor under every pseudonym that this session has used."""
    current = visitor_of(request)
    key = request.session.get(VISITOR, "")
    if not key or customer_of(request) is None:
        return [current]
    return [current, collecting.Visitor(collecting.subject_of_session(key), current.counts)]


def personal(request: HttpRequest, now: datetime) -> tuple[int | None, str]:
    """Customer and pseudonym that suggestions may use; (None, "") without that consent."""
    visitor = visitor_of(request)
    if collecting.PERSONALISE not in collecting.allowed(visitor.subject, now):
        return None, ""
    customer = customer_of(request)
    return (customer.pk if customer else None), visitor.subject


def personal_of(customer_id: int, now: datetime) -> tuple[int | None, str]:
    """What `personal` answers when this customer is signed in."""
    subject = collecting.subject_of_customer(customer_id)
    if collecting.PERSONALISE not in collecting.allowed(subject, now):
        return None, ""
    return customer_id, subject


def customers(text: str = "", most: int = 10) -> list[Customer]:
    """Customers whose name or e-mail holds `text`, the newest first."""
    known = Customer.objects.filter(anonymised_at=None)
    if text:
        known = known.filter(Q(name__icontains=text) | Q(email__icontains=text))
    return list(known.order_by("-created_at", "-pk")[:most])


def customer(customer_id: int) -> Customer | None:
    return Customer.objects.filter(pk=customer_id, anonymised_at=None).first()


def _made(request: HttpRequest, name: str) -> str:
    if name not in request.session:
        request.session[name] = secrets.token_urlsafe(24)
    return str(request.session[name])
