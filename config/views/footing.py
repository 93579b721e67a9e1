"""What the shop knows so far: what each engine rests on, lacks, and does meanwhile."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.footing import grounds
from journal.access import staff_only


@require_safe
@staff_only("production.view_gapmeasurement")
def footing(request: HttpRequest) -> HttpResponse:
    return render(request, "config/footing.html", {"grounds": grounds(timezone.now())})
