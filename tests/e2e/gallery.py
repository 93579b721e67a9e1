"""Every component on a page of each surface. The gates run over it; page builders copy from it.

Addresses of the tests only: `ROOT_URLCONF = "tests.e2e.gallery"`.
"""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf.urls.i18n import i18n_patterns
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.i18n import set_language

from config import urls

NOON = datetime(2026, 3, 2, 11, 5, tzinfo=UTC)
MONDAYS = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(18)]
SOLD = [41, 38, 45, 52, 49, 60, 58, 63, None, 71, 66, 74]
MADE = [40, 40, 42, 50, 50, 55, 55, 60, 60, 66, 70, 70]
AHEAD = [76, 79, 83, 82, 88, 91]


class LampForm(forms.Form):
    name = forms.CharField(label=_("Your name"), help_text=_("As it stands on the parcel."))
    mail = forms.EmailField(label=_("E-mail"))
    colour = forms.ChoiceField(
        label=_("Colour"), choices=[("r", _("Red")), ("b", _("Blue"))], widget=forms.RadioSelect
    )
    size = forms.ChoiceField(label=_("Size"), choices=[("s", _("Small")), ("l", _("Large"))])
    engraving = forms.CharField(label=_("Engraving"), required=False, widget=forms.Textarea)
    gift = forms.BooleanField(label=_("Wrap it as a present"), required=False)


class FindForm(forms.Form):
    number = forms.CharField(label=_("Order"), required=False)
    late = forms.BooleanField(label=_("Only late ones"), required=False)


def step(status: str, days: int, by: str, why: str = "") -> SimpleNamespace:
    return SimpleNamespace(to_status=status, at=NOON + timedelta(days=days), by=by, why=why)


def spread(width: int) -> list[int]:
    return [value + width * week for week, value in enumerate(AHEAD, 2)]


def contents(request: HttpRequest) -> dict[str, Any]:
    return {
        "form": LampForm({"name": "Alice", "mail": "not a mail", "colour": "r"}),
        "find": FindForm(request.GET or None),
        "noon": NOON,
        "page": Paginator(range(120), 50).get_page(request.GET.get("page", 2)),
        "statuses": ["queued", "running", "done", "on_hold", "late", "cancelled", "shipped"],
        "rows": [(f"A-{1000 + n}", "Alice", n * 19.5, NOON, n % 3 == 0) for n in range(8)],
        "transitions": [
            step("placed", 0, "Alice"),
            step("confirmed", 1, "Bob"),
            step("shipped", 6, "Bob", "A-1001"),
        ],
        "facts": [(_("Pieces"), 12), (_("Weight"), None)],
        "stages": [_("Basket"), _("Address"), _("Done")],
        "history": list(zip(MONDAYS, SOLD, strict=False)),
        "forecast": list(zip(MONDAYS[12:], AHEAD, strict=True)),
        "bands": [
            ("80 %", spread(-4), spread(5)),
            ("50 %", spread(-2), spread(2)),
        ],
        "labels": MONDAYS[:12],
        "series": [(_("Wanted"), SOLD), (_("Made"), MADE)],
        "bars": [(_("Volume"), 12.0), (_("Mix"), 7.5), (_("Choice"), -3.0)],
    }


def staff(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/gallery_staff.html", contents(request))


def customer(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/gallery_customer.html", contents(request))


def floor(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/gallery_floor.html", contents(request))


def clock(request: HttpRequest) -> HttpResponse:
    return render(request, "tests/gallery_clock.html", {"noon": NOON})


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the lamp fell down")


urlpatterns = [
    # names that the shell links to, so that its navigation can be seen
    path("staff/gallery/", staff, name="dashboard"),
    path("staff/gallery/search/", staff, name="search"),
    path("staff/gallery/settings/", staff, name="settings"),
    path("staff/gallery/audit/", staff, name="audit"),
    path("staff/gallery/", staff, name="gallery-staff"),
    path("staff/gallery/clock/", clock, name="gallery-clock"),
    path("staff/gallery/broken/", broken, name="gallery-broken"),
    path("floor/gallery/", floor, name="gallery-floor"),
    path("language/", set_language, name="set_language"),
    *i18n_patterns(
        path("gallery/", customer, name="gallery-customer"), prefix_default_language=False
    ),
    *urls.urlpatterns,
]
