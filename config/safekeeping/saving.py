"""Make a backup while the shop runs."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from config import keys
from config.safekeeping import Refused, Watch, archive, postgres, sqlite
from config.safekeeping.archive import Manifest, Piece
from config.safekeeping.contents import Database, Dump
from journal.alone import Busy, alone

DATABASES: dict[str, Database] = {"sqlite": sqlite, "postgresql": postgres}
NAMES = "tailorline-*.tar.gz"
DRAFTS = ".backing-up-"
LOGINS = "demo-logins.txt"


@dataclass(frozen=True)
class Saved:
    path: Path
    size: int
    rows: dict[str, int]
    files: int
    pruned: list[Path]


class Untidy(Exception):
    """The backup is there and whole; it could not be noted, or older ones not be removed."""


def folder() -> Path:
    return Path(settings.DATA_DIR) / "backups"


def save(
    target: Path | None, *, with_keys: bool, keep: int | None, now: datetime, watch: Watch
) -> Saved:
    """Write a backup, to the default folder without a `target`; raises `Refused` or OSError."""
    path = target or folder() / f"tailorline-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    if path.exists():
        raise Refused(f"{path} exists already. Choose another name.")
    if target is None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with alone("backup"):
            saved = _save(path, with_keys=with_keys, now=now, watch=watch)
    except Busy as taken:
        raise Refused("Another backup is being made right now.") from taken
    try:
        note(path, now)
        return Saved(*saved, pruned=_prune(keep) if keep else [])
    except OSError as error:
        raise Untidy(f"{path} is whole, but what should follow failed: {error}.") from error


def last() -> tuple[Path, datetime] | None:
    """The newest backup that was made of this shop, wherever it was put."""
    try:
        noted = json.loads(_noted_at().read_text())
    except FileNotFoundError:
        return None
    return Path(noted["path"]), datetime.fromisoformat(noted["at"])


def note(path: Path, now: datetime) -> None:
    draft = _noted_at().with_suffix(".draft")
    draft.write_text(json.dumps({"path": str(path.absolute()), "at": now.isoformat()}))
    draft.replace(_noted_at())


def _noted_at() -> Path:
    return Path(settings.DATA_DIR) / "last-backup.json"


def _save(
    path: Path, *, with_keys: bool, now: datetime, watch: Watch
) -> tuple[Path, int, dict[str, int], int]:
    _clean()
    with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=path.parent) as staging:
        database = DATABASES[connection.vendor]
        dump = database.dump(Path(staging), watch)
        if not dump.migrations:
            raise Refused("There is no shop here: its database has no tables. Look at DATA_DIR.")
        pieces = list(_pieces(dump, database.MEMBER, Path(staging), with_keys=with_keys))
        manifest = _manifest(dump, pieces, with_keys=with_keys, now=now)
        advance = watch("Packing", manifest.bytes)
        with archive.writing(path, manifest) as writer:
            for piece in pieces:
                writer.add(piece, advance)
    return path, path.stat().st_size, dump.rows, len(pieces) - 1


def _clean() -> None:
    """Remove what a backup that was killed left in our own folder; others may share theirs."""
    for left in folder().glob(f"{DRAFTS}*"):
        shutil.rmtree(left)
    for left in folder().glob(f".{NAMES}.*"):
        left.unlink()


def _manifest(dump: Dump, pieces: list[Piece], *, with_keys: bool, now: datetime) -> Manifest:
    return Manifest(
        version=settings.VERSION,
        vendor=connection.vendor,
        created_at=now.isoformat(),
        migrations=dump.migrations,
        rows=dump.rows,
        keys={name: keys.fingerprint(name, getattr(settings, name)) for name in keys.KEYS},
        with_keys=with_keys,
        bytes=sum(piece.size for piece in pieces),
    )


def _pieces(dump: Dump, member: str, staging: Path, *, with_keys: bool) -> Iterator[Piece]:
    """The database first: a file that is written later is not missed by any of its rows."""
    yield Piece(member, dump.path, dump.path.stat().st_size)
    data_dir = Path(settings.DATA_DIR)
    for name in archive.FOLDERS:
        source = Path(settings.MEDIA_ROOT) if name == "uploads" else data_dir / name
        yield from _files(source, name)
    if with_keys:
        yield from _keys(staging)
        if (logins := data_dir / LOGINS).exists():
            yield Piece(f"keys/{LOGINS}", logins, logins.stat().st_size)


def _files(source: Path, name: str) -> Iterator[Piece]:
    """Every file but drafts, which begin with a dot and are not part of anything yet."""
    for place, folders, files in os.walk(source):
        folders.sort()
        for file in sorted(files):
            path = Path(place) / file
            if not file.startswith(".") and path.is_file():
                inside = path.relative_to(source).as_posix()
                yield Piece(f"{name}/{inside}", path, path.stat().st_size)


def _keys(staging: Path) -> Iterator[Piece]:
    for name in keys.KEYS:
        path = keys.kept_at(name, staging)
        path.write_text(getattr(settings, name))
        yield Piece(f"keys/{path.name}", path, path.stat().st_size)


def _prune(keep: int) -> list[Path]:
    """Remove all but the newest of the default folder; their names sort by time."""
    old = sorted(folder().glob(NAMES), reverse=True)[keep:]
    for path in old:
        path.unlink()
    return old
