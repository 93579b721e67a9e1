"""What a worker does with an import: check the file, or carry it into the shop."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from config.importing import runs
from config.importing.carrying import (
    Cancelled,
    Import,
    ImportUnderWay,
    examine,
    import_orders,
    only_one,
)
from config.importing.choosing import Chosen, GuessNeeded, choose, choose_with
from config.importing.heart import Heart
from config.importing.lifecycle import IMPORT_RUN
from config.models import ImportRun
from journal.leasing import LEASE, Clock
from journal.moving import Stale, move
from journal.tables import Undecided
from orders import importing

logger = logging.getLogger("tailorline.imports")

ASK_AGAIN = timedelta(seconds=15)  # while another import is running

Fields = dict[str, Any]
Note = dict[str, Any]
Job = Callable[[ImportRun, Heart], Fields]


def check(run_id: int, *, clock: Clock) -> None:
    """Read the file, count and list its lines; write nothing of it."""
    if run := _claimed(run_id, "uploaded", "checking", clock()):
        _work(run, clock, _check, "checked")


def carry(run_id: int, *, clock: Clock) -> None:
    """Import a checked file. While another import is running, this one goes on waiting."""
    try:
        with only_one():
            if run := _claimed(run_id, "queued", "running", clock()):
                _work(run, clock, _carry, "done")
    except ImportUnderWay:
        waiting = ImportRun.objects.filter(pk=run_id, status=ImportRun.Status.QUEUED)
        waiting.update(lease_until=clock() + ASK_AGAIN)


def _claimed(run_id: int, waiting: str, status: str, now: datetime) -> ImportRun | None:
    """The run, now in the hands of this worker; None where it is not to be had."""
    run = ImportRun.objects.filter(pk=run_id, status=waiting).first()
    if run is None:
        return None
    try:
        move(
            IMPORT_RUN,
            run,
            status,
            by="system",
            at=now,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
            step="",
            lines_done=0,
            lines_total=0,
        )
    except (Stale, IntegrityError):  # another has it, or another import's worker has just died
        return None
    return run


def _work(run: ImportRun, clock: Clock, job: Job, end: str) -> None:
    heart = Heart(run, clock)
    try:
        with heart.lease.kept_alive():
            found = job(run, heart)
        _finish(heart, end, clock(), found)
    except (Cancelled, Stale):
        logger.info("%s is no longer this worker's", run)
        _note_kept(run)
    except (importing.UnreadableFile, importing.BadMapping) as error:
        _give_up(heart, {"code": "unreadable", "facts": _said(error)}, clock())
    except Exception as error:  # whatever went wrong, the run must say so
        logger.exception("%s failed", run)
        _give_up(heart, {"code": "broke_off", "facts": {"text": str(error)}}, clock())


def _finish(heart: Heart, end: str, now: datetime, found: Fields) -> None:
    with transaction.atomic():
        if not heart.held.select_for_update().first():
            raise Cancelled
        move(IMPORT_RUN, heart.run, end, by="system", at=now, finished_at=now, step="", **found)


def _give_up(heart: Heart, note: Note, now: datetime) -> None:
    """Fail a run, unless another worker has it by now: that one may well succeed."""
    with transaction.atomic():
        if heart.held.select_for_update().first():
            runs.fail(heart.run, note, now=now)
    _note_kept(heart.run)


def _note_kept(run: ImportRun) -> None:
    """Say what an import that ended early has left in the shop."""
    with transaction.atomic():
        ended = ImportRun.objects.filter(pk=run.pk, status__in=("cancelled", "failed"))
        if (row := ended.select_for_update().first()) and row.before:
            ended.update(counts={**row.counts, "added": _added_since(row)})


# The two jobs


def _check(run: ImportRun, heart: Heart) -> Fields:
    heart.say(step="opening", counts={})
    try:
        chosen, origin = _chosen(run)
    except importing.NoGuess as asks:
        heart.say(reading=_reading(asks.source, run))
        note = {"code": "columns_missing", "facts": {"columns": asks.missing}}
        guessed = ImportRun.Origin.GUESSED
        return {"mapping": asks.entries, "origin": guessed, "notes": [note]}
    heart.say(reading=_reading(chosen.source, run), mapping=chosen.entries, origin=origin)
    try:
        found = examine(chosen, runs.lists_of(run), heart.watch(), open_since=None)
    except importing.BadMapping as error:
        return {"notes": [_question(error)]}
    return {"counts": _counts(found), "notes": list(_reading_notes(chosen.source))}


def _carry(run: ImportRun, heart: Heart) -> Fields:
    if not run.before:
        run.before = asdict(importing.imported_rows())
        heart.say(before=run.before)
    chosen = choose_with(
        runs.file_of(run), run.mapping, run.name, sheet=run.sheet, encoding=run.encoding
    )
    found = import_orders(
        chosen,
        runs.lists_of(run),
        heart.watch(),
        open_since=run.open_since,
        now=heart.clock(),
    )
    return {"counts": {**_counts(found), "added": _added_since(run)}}


def _chosen(run: ImportRun) -> tuple[Chosen, str]:
    path = runs.file_of(run)
    if run.origin in (ImportRun.Origin.UPLOADED, ImportRun.Origin.ADJUSTED):
        said = {"sheet": run.sheet, "encoding": run.encoding}
        return choose_with(path, run.mapping, run.name, **said), run.origin
    try:
        chosen = choose(path, mapping=None, sheet=run.sheet, encoding=run.encoding)
    except GuessNeeded as needed:
        return needed.chosen, ImportRun.Origin.GUESSED
    return chosen, ImportRun.Origin.SHIPPED


def _reading(source: importing.Source, run: ImportRun) -> Fields:
    """How the file was read, as the row keeps it."""
    examples = importing.examples_of(source, importing.read_sample(source))
    sheets = []
    if source.sheet:
        sheets = [found.sheet for found in importing.find_sources(source.path)]
    return {
        "kind": source.kind,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "sheets": list(dict.fromkeys(sheets)),
        "header_row": source.header_row,
        "columns": [[name, cells] for name, cells in examples.items()],
    }


def _reading_notes(source: importing.Source) -> Iterator[Note]:
    """What the reading of a file leaves to a person's eye."""
    if source.example:
        facts = {"encoding": source.encoding, "example": source.example}
        yield {"code": "encoding_guessed", "facts": facts}
    if not source.ends:
        yield {"code": "no_line_end", "facts": {}}
    if source.nul:
        yield {"code": "nul_bytes", "facts": {}}


def _question(error: importing.BadMapping) -> Note:
    """What a person must decide: the cells mean two things, or an entry of the mapping is wrong."""
    cause = error.__cause__
    if isinstance(cause, Undecided):
        return {"code": f"undecided_{cause.missing}", "facts": _said(cause)}
    return {"code": "bad_mapping", "facts": _said(error)}


def _said(error: Exception) -> Fields:
    """What an error said, to be told later in another language where it can be."""
    if isinstance(error, importing.UnreadableFile):
        return {"said": error.said}
    return {"said": {"text": str(error), "facts": {}}}


def _counts(found: Import) -> Fields:
    kept = ("lines", "orders", "sales", "returns", "open_lines", "known_orders", "routings")
    by_reason = ("apart", "refused", "flagged")
    return {name: getattr(found, name) for name in (*kept, *by_reason)}


def _added_since(run: ImportRun) -> dict[str, int]:
    """Rows that came since the import first began, over all of its attempts."""
    now: dict[str, int] = asdict(importing.imported_rows())
    return {name: count - run.before.get(name, 0) for name, count in now.items()}
