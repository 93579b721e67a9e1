"""The staff editor: one thing on one page, checked and shown before it is saved."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.editing import form, things, wording
from config.editing.things import THINGS, Thing
from config.sheets import SHOP
from config.views import answering
from config.views.setup import MAY_SET_UP
from journal.access import staff_name, staff_only
from journal.models import Revision
from journal.sheets import NotApplied, undo

MOST_NAMES = 200
MOST_BATCHES = 50
MOST_ROWS = 2_000


@dataclass(frozen=True)
class Listed:
    """One kind of thing on the first page."""

    thing: Thing
    names: list[tuple[str, str]]
    more: int


@require_GET
@staff_only(MAY_SET_UP)
def index(request: HttpRequest) -> HttpResponse:
    """What can be edited, found by a part of its code or name."""
    wanted = request.GET.get("q", "").strip()
    listed = []
    for thing in THINGS.values():
        every = things.names_of(thing)
        names = [pair for pair in every if wanted.casefold() in " ".join(pair).casefold()]
        listed.append(Listed(thing, names[:MOST_NAMES], max(0, len(names) - MOST_NAMES)))
    sheets = [sheet for sheet in SHOP.sheets if request.user.has_perm(sheet.view)]
    return render(request, "editing/index.html", {"listed": listed, "q": wanted, "sheets": sheets})


@require_GET
@staff_only(MAY_SET_UP)
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The page of a thing that is not there yet, by the code that it shall have."""
    name = request.GET.get("name", "").strip()
    return redirect("edit", kind, name) if name else redirect("edit-index")


@require_http_methods(["GET", "POST"])
@staff_only(MAY_SET_UP)
def edit(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    thing = _thing(kind)
    rows = things.stored_rows(thing, name)
    said = answering.typed(request)
    page: dict[str, Any] = {
        "thing": thing,
        "name": name,
        "parts": form.parts(thing, name, rows, said, _changeable(request, thing)),
        "stamp": form.stamp(rows),
        "known": any(rows.values()),
    }
    return answering.answer(request, "editing/edit.html", page, said)


def _thing(kind: str) -> Thing:
    if kind not in THINGS:
        raise Http404
    return THINGS[kind]


def _changeable(request: HttpRequest, thing: Thing) -> list[str]:
    sheets = [SHOP.sheet(code) for code in thing.sheets]
    return [sheet.code for sheet in sheets if request.user.has_perm(sheet.change)]


# History


@dataclass(frozen=True)
class Told:
    """One row of a batch in words."""

    sheet: str
    row: str
    what: str


@dataclass(frozen=True)
class Batch:
    batch: str
    at: datetime
    by: str
    rows: list[Told]
    undoes: bool
    undone: bool


@require_GET
@staff_only(MAY_SET_UP)
def history(request: HttpRequest) -> HttpResponse:
    """What was changed by editor, wizard and tables, newest first."""
    wanted = request.GET.get("q", "").strip()
    found = Revision.objects.order_by("-at", "pk")
    if wanted:
        found = found.filter(key__icontains=json.dumps(wanted, ensure_ascii=False)[1:-1])
    undone = set(Revision.objects.exclude(undoes="").values_list("undoes", flat=True))
    batches: dict[str, Batch] = {}
    for revision in found[:MOST_ROWS]:
        name, told = revision.batch, bool(revision.undoes)
        made = Batch(name, revision.at, revision.by, [], told, name in undone)
        batches.setdefault(name, made).rows.append(_told(revision))
    shown = list(batches.values())[:MOST_BATCHES]
    return render(request, "editing/history.html", {"batches": shown, "q": wanted})


def _told(revision: Revision) -> Told:
    before, after = revision.before, revision.after
    if before is None or after is None:
        what = _("added") if before is None else _("removed")
    else:
        names = [name for name in after if before.get(name, "") != after[name]]
        what = wording.in_words((name, before.get(name, ""), after[name]) for name in names)
    label = str(SHOP.sheet(revision.sheet).label) if SHOP.knows(revision.sheet) else revision.sheet
    return Told(label, " / ".join(filter(None, json.loads(revision.key))), what)


@require_POST
@staff_only(MAY_SET_UP)
def take_back(request: HttpRequest) -> HttpResponse:
    """Undo one saved change, by its batch."""
    batch = request.POST.get("batch", "")
    touched = Revision.objects.filter(batch=batch).values_list("sheet", flat=True).distinct()
    if not all(request.user.has_perm(SHOP.sheet(code).change) for code in touched):
        messages.error(request, _("You may not change all of these tables"))
        return redirect("edit-history")
    try:
        undo(SHOP, batch, by=staff_name(request), at=timezone.now())
    except NotApplied as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The change was undone: everything is as it was before it."))
    return redirect("edit-history")
