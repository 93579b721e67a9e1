"""What rows were, and the way back: an undo is an import of what was there before.

It is checked like any other, except that a cell which was empty may be empty again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from journal.models import Revision
from journal.sheets.applying import NotApplied, apply, stored_key
from journal.sheets.checking import Plan, check
from journal.sheets.described import REMOVE, Key, Workbook
from journal.sheets.reading import Line, Table


@dataclass(frozen=True)
class Batch:
    """One import that was written."""

    batch: str
    at: datetime
    by: str
    rows: int
    sheets: tuple[str, ...]


def history(sheet: str, key: Key) -> "QuerySet[Revision]":
    """Every change of one row by an import, oldest first."""
    return Revision.objects.filter(sheet=sheet, key=stored_key(key)).order_by("at", "pk")


def last_batch() -> Batch | None:
    """The newest import that is neither an undo nor undone."""
    undone = Revision.objects.exclude(undoes="").values("undoes")
    newest = Revision.objects.filter(undoes="").exclude(batch__in=undone).order_by("-at", "-pk")
    found = newest.values_list("batch", flat=True).first()
    return batch_of(found) if found else None


def batch_of(batch: str) -> Batch | None:
    rows = Revision.objects.filter(batch=batch)
    told = rows.aggregate(at=Max("at"), by=Max("by"), rows=Count("pk"))
    sheets = rows.order_by("sheet").values_list("sheet", flat=True).distinct()
    return Batch(batch, told["at"], told["by"], told["rows"], tuple(sheets)) if told["at"] else None


def undo(workbook: Workbook, batch: str, *, by: str, at: datetime) -> str:
    """Bring back what was there before an import; returns the undo's own batch.

    Raises `NotApplied` with the reason where something was changed since, or a row that the
    import made is in use; then nothing is written.
    """
    revisions = list(Revision.objects.filter(batch=batch).order_by("pk"))
    if not revisions:
        raise NotApplied(_("There is no such import. Nothing was changed."))
    if Revision.objects.filter(undoes=batch).exists():
        raise NotApplied(_("This import was undone already. Nothing was changed."))
    plan = check(workbook, _backwards(workbook, revisions))
    _refuse_changed(plan, revisions)
    if plan.problems:
        first = plan.problems[0]
        raise NotApplied(
            _("It cannot be undone: %(sheet)s, row “%(row)s”: %(reason)s Nothing was changed.")
            % {
                "sheet": first.sheet,
                "row": " / ".join(json.loads(revisions[first.line].key)),
                "reason": first.text,
            }
        )
    return apply(workbook, plan, at=at, by=by, undoes=batch)


def _backwards(workbook: Workbook, revisions: Sequence[Revision]) -> list[Table]:
    """The cells that the import changed, as they were; a row that it made is to go.

    The number of a line is the place of its revision.
    """
    lines: dict[str, list[Line]] = {}
    for place, revision in enumerate(revisions):
        line = Line(place, _cells(workbook, revision), lacking=_lacking(revision))
        lines.setdefault(revision.sheet, []).append(line)
    return [
        Table(sheet, _("Undo"), tuple(c.code for c in sheet.columns), lines[sheet.code])
        for sheet in workbook.sheets
        if sheet.code in lines
    ]


def _cells(workbook: Workbook, revision: Revision) -> dict[str, str]:
    keys = workbook.sheet(revision.sheet).keys
    key = dict(zip(keys, json.loads(revision.key), strict=True))
    if revision.before is None:
        return {**key, REMOVE: "yes"}
    return key | {name: revision.before.get(name, "") for name in _touched(revision)}


def _lacking(revision: Revision) -> frozenset[str]:
    return frozenset(name for name, text in (revision.before or {}).items() if not text)


def _touched(revision: Revision) -> list[str]:
    before, after = revision.before or {}, revision.after or {}
    return [name for name in before | after if before.get(name, "") != after.get(name, "")]


def _refuse_changed(plan: Plan, revisions: Sequence[Revision]) -> None:
    """What the import wrote must still stand: the undo of a later change is not ours."""
    now = {(c.sheet.code, stored_key(c.key)): c.sheet.texts(c.before) for c in plan.changes}
    refused = {problem.line for problem in plan.problems}
    for place, revision in enumerate(revisions):
        row = now.get((revision.sheet, revision.key))
        if place in refused:
            continue
        if row is None or any(_differs(row, revision, name) for name in _touched(revision)):
            raise NotApplied(
                _(
                    "%(sheet)s, row “%(row)s”, was changed after this import. Undo the later "
                    "change first; nothing was changed."
                )
                % {"sheet": revision.sheet, "row": " / ".join(json.loads(revision.key))}
            )


def _differs(row: dict[str, str], revision: Revision, name: str) -> bool:
    return bool(row.get(name, "") != (revision.after or {}).get(name, ""))
