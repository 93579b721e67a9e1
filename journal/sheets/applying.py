"""Write a plan, whole or not at all, and keep what every row was before."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from journal.alone import Busy, alone
from journal.models import Revision
from journal.sheets.checking import Plan, Planned
from journal.sheets.described import FEW, Changes, Key, Row, Workbook

LOCK = "sheets"


class NotApplied(Exception):
    """Nothing was written; the message says why and what to do."""


class Moved(NotApplied):
    """The shop is no longer as it was when the plan was made."""


def apply(workbook: Workbook, plan: Plan, *, at: datetime, by: str, undoes: str = "") -> str:
    """Write what the plan says; returns the batch under which it is kept, "" for nothing.

    Raises `NotApplied` where the plan has problems, the shop moved meanwhile (`Moved`), somebody
    else is importing, or a row that should go is in use; then nothing is written.
    """
    if plan.problems:
        raise NotApplied(_("Some rows are bad. Correct them first; nothing was written."))
    if not plan.changes:
        return ""
    batch = uuid4().hex
    try:
        with alone(LOCK), transaction.atomic():
            _refuse_moved(plan)
            _write(workbook, plan, batch, at, by)
            Revision.objects.bulk_create(_revisions(plan, batch, at, by, undoes), batch_size=500)
    except Busy:
        raise NotApplied(
            _("Somebody else is importing right now. Nothing was written; try again in a minute.")
        ) from None
    except (ProtectedError, RestrictedError) as error:
        raise NotApplied(_in_use(error)) from error
    except IntegrityError as error:
        raise NotApplied(
            _("Two rows would be the same to the shop (%(error)s). Nothing was written.")
            % {"error": error}
        ) from error
    return batch


def _refuse_moved(plan: Plan) -> None:
    """Nobody may have changed a row since it was shown as it is."""
    for planned in plan.sheets:
        if not planned.changes:
            continue
        current = _as_it_is(planned)
        for change in planned.changes:
            now = current.get(change.key)
            if planned.sheet.texts(now) != planned.sheet.texts(change.before):
                text = _(
                    "The shop changed meanwhile: %(sheet)s, row “%(row)s”. Nothing was written; "
                    "check the file again."
                )
                row = " / ".join(change.key)
                raise Moved(text % {"sheet": change.sheet.code, "row": row})


def _as_it_is(planned: Planned) -> dict[Key, Row]:
    keys = [change.key for change in planned.changes]
    return planned.sheet.some(keys) if len(keys) <= FEW else planned.sheet.load()


def _write(workbook: Workbook, plan: Plan, batch: str, at: datetime, by: str) -> None:
    found = {planned.sheet.code: planned for planned in plan.sheets}
    ordered = [found[sheet.code] for sheet in workbook.sheets if sheet.code in found]
    for planned in ordered:
        if planned.created or planned.changed:
            planned.sheet.write(_changes(planned, batch, at, by))
    for planned in reversed(ordered):
        if planned.removed:
            planned.sheet.erase(planned.removed, _changes(planned, batch, at, by))


def _changes(planned: Planned, batch: str, at: datetime, by: str) -> Changes:
    return Changes(planned.created, planned.changed, at, by, batch)


def _revisions(plan: Plan, batch: str, at: datetime, by: str, undoes: str) -> Iterable[Revision]:
    return [
        Revision(
            sheet=change.sheet.code,
            key=stored_key(change.key),
            before=before,
            after=after,
            at=at,
            by=by,
            batch=batch,
            undoes=undoes,
        )
        for change in plan.changes
        for before, after in [change.told]
    ]


def stored_key(key: Key) -> str:
    return json.dumps(list(key), ensure_ascii=False)


def _in_use(error: ProtectedError | RestrictedError) -> str:
    held = getattr(error, "protected_objects", ()) or getattr(error, "restricted_objects", ())
    kinds = sorted({str(one._meta.verbose_name_plural) for one in held})
    return _("A row that should go is in use by %(kinds)s. Nothing was written.") % {
        "kinds": ", ".join(kinds)
    }
