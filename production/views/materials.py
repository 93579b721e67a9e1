"""Materials: what is there, what the open work needs, what to buy."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from journal.access import staff_only
from production import purchasing

A_PAGE = 50


@require_GET
@staff_only("production.view_material")
def materials(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    found = purchasing.needs(now)
    context = {
        "page": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "weeks": purchasing.weeks_from(purchasing.today_of(now)),
        "short": sum(1 for need in found if need.short_on),
        "to_buy": sum(1 for need in found if need.purchase),
    }
    return render(request, "production/materials.html", context)
