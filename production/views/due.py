"""The board of due dates: what is late, what is due today and this week, and what it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from journal.access import staff_only
from production.due_dates import Due, DueBoard, due_board

SHOWN = 50  # lines of one group

NAMES: dict[str, str | Promise] = {
    "late": _("Late"),
    "today": _("Due today"),
    "this-week": _("Due this week"),
    "next-week": _("Due next week"),
    "later": _("Due later"),
}


@dataclass(frozen=True)
class Group:
    code: str
    name: str | Promise
    dues: Sequence[Due]
    count: int


@require_GET
@staff_only("production.view_job")
def due_dates(request: HttpRequest) -> HttpResponse:
    board = due_board(timezone.now())
    context = {"board": board, "groups": groups_of(board)}
    return render(request, "production/due.html", context)


def groups_of(board: DueBoard, most: int = SHOWN) -> list[Group]:
    """The groups of a board with what is due first, at most so many lines of each."""
    return [Group(code, NAMES[code], dues[:most], len(dues)) for code, dues in board.groups.items()]
