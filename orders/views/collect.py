"""What visitors allow, and what their browser tells us under that consent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders import catalogue, collecting, visiting
from orders.models import Consent
from orders.views import configuring

ASKED = "consent_asked"
ASK_AGAIN_AFTER = timedelta(days=365)


@require_safe
def consent_banner(request: HttpRequest) -> HttpResponse:
    """The question, once; on the privacy page it is answered there."""
    subject = visiting.visitor_of(request).subject
    asked = ASKED in request.COOKIES or request.user.is_staff
    asked = asked or bool(collecting.allowed(subject, timezone.now()))
    return render(request, "orders/_consent.html", {"asked": asked})


@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """Store which purposes are allowed; what is not named is withdrawn."""
    chosen = request.POST.getlist("purpose")
    visitor = visiting.visitor_of(request, known=bool(chosen))
    if visitor.subject:
        _settle(visitor.subject, chosen, timezone.now())
    answer = redirect(_next(request))
    answer.set_cookie(
        ASKED,
        "1",
        max_age=ASK_AGAIN_AFTER,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return answer


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    allowed = collecting.allowed(visiting.visitor_of(request).subject, timezone.now())
    purposes = [
        (code, label, _explained(code), code in allowed) for code, label in Consent.Purpose.choices
    ]
    return render(request, "orders/privacy.html", {"purposes": purposes})


@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """A browser leaves a product page: how long it was looked at, and whether a choice was left.

    The form's own token protects the beacon, which can carry no header.
    """
    sheet = configuring.sheet_of(request.POST.get("product", ""))
    if sheet is None:
        return HttpResponse(status=204)
    visitor, now = visiting.visitor_of(request), timezone.now()
    collecting.viewed(visitor, sheet.product_id, now, _seconds(request.POST.get("seconds", "")))
    if request.POST.get("left") == "1":
        try:
            values = catalogue.check(sheet, configuring.answers(sheet, request.POST))
        except catalogue.ImpossibleConfiguration:
            values = {}
        if values:
            collecting.abandoned(visitor, sheet, values, now)
    return HttpResponse(status=204)


def _settle(subject: str, chosen: Iterable[str], now: datetime) -> None:
    for purpose in Consent.Purpose.values:
        if purpose in chosen:
            collecting.give_consent(subject, purpose, now)
        else:
            collecting.withdraw_consent(subject, purpose, now)


def _explained(purpose: str) -> str:
    return {
        Consent.Purpose.MEASURE.value: _(
            "We note which products are looked at, searched for and put together, without your "
            "name and without what you write on a product. It helps us to have the right material "
            "and time ready."
        ),
        Consent.Purpose.PERSONALISE.value: _(
            "We use what you looked at and ordered to choose the products that we suggest to you."
        ),
    }[purpose]


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and here else reverse("privacy")


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
