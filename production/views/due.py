"""The board of due dates: what is late, what is due today and this week, and what it waits for."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from journal.access import staff_only
from production.due_dates import DueBoard, Group, due_board

NAMES: dict[str, str | Promise] = {
    "late": _("Late"),
    "today": _("Due today"),
    "this-week": _("Due this week"),
    "next-week": _("Due next week"),
    "later": _("Due later"),
}


@dataclass(frozen=True)
class NamedGroup(Group):
    code: str
    name: str | Promise


@require_GET
@staff_only("production.view_job")
def due_dates(request: HttpRequest) -> HttpResponse:
    board = due_board(timezone.now())
    context = {"board": board, "groups": named_groups(board)}
    return render(request, "production/due.html", context)


def named_groups(board: DueBoard) -> list[NamedGroup]:
    """The groups of a board as a page calls them."""
    return [
        NamedGroup(group.count, group.dues, code, NAMES[code])
        for code, group in board.groups.items()
    ]
