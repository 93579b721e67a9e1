"""What would help: asked of the whole plan or of one order line, followed, and told."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from journal.access import staff_name, staff_only
from production import remedies
from production.models import Pegging, WorkOrder
from production.remedies import WHOLE_PLAN
from production.views import remedy_words


@require_POST
@staff_only("production.add_plan")
def ask_what_helps(request: HttpRequest, line_id: int | None = None) -> HttpResponse:
    if line_id is not None:
        _pegs(line_id)
    remedies.ask(line_id or WHOLE_PLAN, by=staff_name(request), at=timezone.now())
    return redirect(_address("what-helps", line_id))


@require_GET
@staff_only("production.view_plan")
def what_helps(request: HttpRequest, line_id: int | None = None) -> HttpResponse:
    """How far the newest question is (htmx asks for no more), and what the last one came to."""
    asked = remedies.newest(line_id or WHOLE_PLAN, timezone.now())
    context: dict[str, Any] = {
        "asked": asked,
        "done": round(100 * asked.share) if asked else 0,
        "here": _address("what-helps", line_id),
    }
    if getattr(request, "htmx", False):
        return render(request, "production/_helping.html", context)
    pegs = _pegs(line_id) if line_id is not None else []
    answer = remedies.answer(line_id or WHOLE_PLAN)
    context |= {
        "ask": _address("ask-what-helps", line_id),
        "line": pegs[0].order_line if pegs else None,
        "product": pegs[0].work_order.configuration.product if pegs else None,
        "answer": answer,
        "told": remedy_words.told(answer) if answer else None,
        "open": any(peg.work_order.status in WorkOrder.OPEN_STATUSES for peg in pegs),
    }
    return render(request, "production/what_helps.html", context)


def _pegs(line_id: int) -> list[Pegging]:
    """What is made for a line. Raises Http404 where nothing is."""
    pegs = Pegging.objects.filter(order_line_id=line_id)
    found = pegs.select_related("order_line__order", "work_order__configuration__product")
    made = list(found.defer("work_order__frozen").order_by("pk"))
    if not made:
        raise Http404
    return made


def _address(name: str, line_id: int | None) -> str:
    return reverse(f"production:{name}", args=[] if line_id is None else [line_id])
