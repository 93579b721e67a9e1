"""What staff take away of an import: its counts, and every line that was not taken."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.importing import runs, wording
from config.importing.listing import FLAGGED, REFUSED
from config.models import ImportRun
from config.views.import_words import READ, Shown, counted
from journal.access import staff_only
from journal.lists.exporting import BYTE_ORDER_MARK, Streamed, is_risky
from orders import importing

AT_A_TIME = 1000


@require_safe
@staff_only(READ)
def lines(request: HttpRequest, run_id: int, what: str) -> HttpResponseBase:
    """All lines of a list, with the reasons in the reader's language."""
    row = get_object_or_404(ImportRun, pk=run_id)
    if not runs.lists_of(row).path(what).exists():
        raise Http404
    return _as_file(_told(row, what, translation.get_language() or "en"), row, what)


@require_safe
@staff_only(READ)
def report(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """What became of the file, in counts."""
    row = get_object_or_404(ImportRun, pk=run_id)
    rows = [[f"'{cell}" if is_risky(cell) else cell for cell in cells] for cells in _report(row)]
    return _as_file(iter([_lines(rows)]), row, "report")


def _as_file(pieces: Iterator[str], row: ImportRun, what: str) -> Streamed:
    marked = (text for piece in ([BYTE_ORDER_MARK], pieces) for text in piece)
    answer = Streamed(marked, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{row.pk}-{what}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _told(row: ImportRun, what: str, language: str) -> Iterator[str]:
    """A list, some lines at a time: sending it may take longer than the request's language."""
    found = runs.lists_of(row).rows(what)
    cells = _cells(what, next(runs.lists_of(row).rows(what), {}))
    with translation.override(language):
        yield _lines([[_("Line"), _("Reason"), *map(wording.column, cells)]])
    while portion := list(islice(found, AT_A_TIME)):
        with translation.override(language):
            piece = _lines([_told_line(line, what, cells) for line in portion])
        yield piece


def _cells(what: str, line: Mapping[str, str]) -> list[str]:
    """Which cells a list shows; the currency only where its file said one."""
    flagged = ("invoice", "item", "description", "quantity", "price", "currency")
    shown = importing.COLUMNS if what == REFUSED else flagged
    return [name for name in shown if name in line or name != "currency"]


def _told_line(line: dict[str, str], what: str, cells: list[str]) -> list[str]:
    why = wording.flag(line["flag"]) if what == FLAGGED else wording.not_taken(line)
    return [line["line"], why, *(line[name] for name in cells)]


def _report(row: ImportRun) -> list[list[object]]:
    counts, added = row.counts, row.counts.get("added", {})
    return [
        [_("File"), row.name],
        [_("State"), Shown(row).label],
        [_("Lines read"), counts.get("lines", "")],
        [_("Orders in the file"), counts.get("orders", "")],
        [_("Sales"), counts.get("sales", "")],
        [_("Returns"), counts.get("returns", "")],
        *([words, added.get(name, "")] for name, words in _added_words().items()),
        *([f"{one.group}: {one.words}", one.count] for one in counted(row)),
    ]


def _added_words() -> dict[str, str]:
    return {
        "orders": _("Orders added"),
        "lines": _("Lines added"),
        "returns": _("Returns added"),
        "products": _("Products added"),
        "customers": _("Customers added"),
    }


def _lines(rows: list[list[Any]]) -> str:
    paper = io.StringIO()
    csv.writer(paper).writerows(rows)
    return paper.getvalue()
