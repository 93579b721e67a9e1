"""What people and the sweep may do with an import: bring a file, check, start, stop, forget it.

An import is a row with a lease, as training runs are (docs/decisions/0003): a worker claims it,
its heartbeat extends the lease, and the sweep hands what was not heard of to another worker, three
attempts at most. What is written is whole invoices, so whoever takes it up goes on from there.
"""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from config.importing.lifecycle import IMPORT_RUN
from config.importing.listing import Lists
from config.models import ImportRun
from journal.moving import Stale, move, record

QUEUE_LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3
KEPT_FOR = timedelta(days=30)
LONGEST_UPLOAD = timedelta(days=1)
LONGEST_NAME = 60  # characters; a file system takes 255 bytes

# what the sweep makes of a run whose worker was not heard of
BACK = {"checking": "uploaded", "running": "queued"}


class UploadGone(Exception):
    """The file was deleted after its time; it must be uploaded again."""


class Unanswered(Exception):
    """The check ended with a question; a person must answer it first."""


@dataclass(frozen=True)
class Upload:
    """A file as it comes in, some bytes at a time."""

    name: str
    chunks: Iterable[bytes]


def folder(run: ImportRun) -> Path:
    return _imports() / str(run.pk)


def file_of(run: ImportRun) -> Path:
    return folder(run) / "upload" / run.name


def lists_of(run: ImportRun) -> Lists:
    return Lists(folder(run))


def receive(
    upload: Upload, *, ticket: UUID, mapping: Mapping[str, Any] | None, by: str, now: datetime
) -> ImportRun:
    """Keep a file and have it checked. The same ticket again is the same run."""
    if known := ImportRun.objects.filter(ticket=ticket).first():
        return known
    run = ImportRun(
        ticket=ticket,
        name=upload.name[-LONGEST_NAME:],
        mapping=dict(mapping or {}),
        origin=ImportRun.Origin.UPLOADED if mapping else ImportRun.Origin.NONE,
        requested_by=by,
        requested_at=now,
        lease_until=now + QUEUE_LEASE,
    )
    _incoming().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=_incoming(), ignore_cleanup_errors=True) as passing:
        arriving = Path(passing) / "run"
        run.size, run.digest = _store(upload.chunks, arriving / "upload" / run.name)
        try:
            _write_down(run, arriving, by, now)
        except IntegrityError:  # the same form came twice at once
            return ImportRun.objects.get(ticket=ticket)
    return run


def _store(chunks: Iterable[bytes], target: Path) -> tuple[int, str]:
    """Write a file as it comes; its size and its digest."""
    target.parent.mkdir(parents=True)
    size, digest = 0, hashlib.sha256()
    with target.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _write_down(run: ImportRun, arriving: Path, by: str, now: datetime) -> None:
    with transaction.atomic():
        run.save(force_insert=True)
        record(IMPORT_RUN, [(run.pk, "")], "uploaded", by=by, at=now)
        # of a transaction that was rolled back: its number is given again
        shutil.rmtree(folder(run), ignore_errors=True)
        arriving.rename(folder(run))


def check_again(
    run: ImportRun,
    *,
    by: str,
    now: datetime,
    mapping: Mapping[str, Any] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> None:
    """Check once more, with another mapping, or read in another way and guessed anew.

    Raises `UploadGone`, and `IllegalStep` or `Stale` where a worker has it.
    """
    _require_upload(run)
    said: dict[str, Any] = {}
    if mapping is not None:
        said = {"mapping": dict(mapping), "origin": ImportRun.Origin.ADJUSTED}
    if sheet is not None or encoding is not None:
        said = {"sheet": sheet or "", "encoding": encoding or "", "origin": ImportRun.Origin.NONE}
    _hand_out(run, "uploaded", by=by, now=now, **said)


def start(run: ImportRun, *, open_since: date | None, by: str, now: datetime) -> None:
    """Have a checked file imported. Raises `UploadGone`, `Unanswered`, and `IllegalStep` or `Stale`
    where it is not (or no longer) checked: pressing twice imports once."""
    _require_upload(run)
    if not run.counts:
        raise Unanswered
    _hand_out(run, "queued", by=by, now=now, open_since=open_since)


def _require_upload(run: ImportRun) -> None:
    if not run.kept:
        raise UploadGone


def _hand_out(run: ImportRun, to: str, *, by: str, now: datetime, **said: Any) -> None:
    move(
        IMPORT_RUN,
        run,
        to,
        by=by,
        at=now,
        attempts=0,
        lease_until=now + QUEUE_LEASE,
        finished_at=None,
        notes=[],
        **said,
    )


def cancel(run: ImportRun, *, by: str, now: datetime) -> None:
    """Stop before the next transaction; whole invoices that were written are kept."""
    move(IMPORT_RUN, run, "cancelled", by=by, at=now, finished_at=now, notes=[])


def fail(run: ImportRun, note: Mapping[str, Any], *, now: datetime) -> None:
    move(
        IMPORT_RUN,
        run,
        "failed",
        by="system",
        at=now,
        why=str(note["code"]),
        notes=[dict(note)],
        finished_at=now,
    )


def sweep(now: datetime) -> list[ImportRun]:
    """Take runs back from workers that were not heard of, which hands them out again; returns
    those that still wait because their message was lost."""
    waiting = []
    for run in ImportRun.objects.abandoned(now):
        try:
            if run.status in BACK:
                _take_back(run, now)
                continue
        except Stale:
            continue
        ImportRun.objects.filter(pk=run.pk).update(lease_until=now + QUEUE_LEASE)
        waiting.append(run)
    return waiting


def _take_back(run: ImportRun, now: datetime) -> None:
    if run.attempts >= MOST_ATTEMPTS:
        fail(run, {"code": "worker_died", "facts": {}}, now=now)
        return
    why = "its worker was not heard of"
    lease = now + QUEUE_LEASE
    move(IMPORT_RUN, run, BACK[run.status], by="system", at=now, why=why, lease_until=lease)


def forget_uploads(now: datetime) -> int:
    """Delete files that have lain here long enough; counts and lists of lines stay."""
    forgotten = 0
    for run in ImportRun.objects.outdated(now - KEPT_FOR):
        if ImportRun.objects.filter(pk=run.pk, status=run.status).update(kept=False):
            shutil.rmtree(folder(run) / "upload", ignore_errors=True)
            forgotten += 1
    _clear_incoming(now - LONGEST_UPLOAD)
    return forgotten


def _clear_incoming(before: datetime) -> None:
    """What was cut off while it came in."""
    for left in _incoming().glob("*"):
        if left.stat().st_mtime < before.timestamp():
            shutil.rmtree(left, ignore_errors=True)


def _imports() -> Path:
    return Path(settings.DATA_DIR) / "imports"


def _incoming() -> Path:
    return _imports() / "incoming"
