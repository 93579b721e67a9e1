"""Bring a shop back from a backup, all of it or nothing."""

import glob
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader

from config import embedded_redis, keys, preparing, processes
from config.celery import app
from config.safekeeping import Refused, Watch, archive, swapping
from config.safekeeping.archive import Manifest
from config.safekeeping.contents import TELLING, Database
from config.safekeeping.saving import DATABASES, LOGINS
from config.safekeeping.swapping import Part

SPARE = 100 << 20  # bytes that must stay free on the disk
STAGING = ".restoring-"


class NotMigrated(Exception):
    """The backup is in place, and its database could not be brought up to date."""


@dataclass(frozen=True)
class Restored:
    manifest: Manifest
    kept: list[str]  # where the old data is
    other_secret: bool  # links and sign-ins of before are not known any more
    migrated: int


def restore(path: Path, *, force: bool, now: datetime, watch: Watch) -> Restored:
    """Put the backup in the place of this shop; raises `Refused`, `BadArchive` or OSError.

    1. Look: format, vendor, version, keys, room, nobody at work, nothing to lose.
    2. Unpack beside, and check every digest.
    3. Swap, with the old data set aside; bring an older database up to date.
    """
    manifest = read(path)
    database = known_database(manifest)
    with closed_shop(database):
        swapping.mend(database)
        had_data = not is_empty()
        if had_data and not force:
            raise Refused(
                f"There is a shop in {settings.DATA_DIR} already. --force puts the backup in its "
                "place and keeps what is there now beside it."
            )
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        kept = _replace(path, manifest, database, stamp, watch, keep=had_data)
        migrated = _bring_up_to_date(kept)
    return Restored(manifest, kept, not _same("SECRET_KEY", manifest), migrated)


def read(path: Path) -> Manifest:
    """The manifest of a backup that fits this version, these keys and this disk."""
    try:
        manifest = archive.read_manifest(path)
    except archive.NewerFormat as error:
        raise Refused(
            f"A newer Tailorline made this backup. {error} Update Tailorline, then restore."
        ) from error
    known_database(manifest)
    _check_migrations(manifest)
    _check_keys(manifest)
    _check_room(manifest)
    return manifest


def known_database(manifest: Manifest) -> Database:
    if manifest.vendor not in DATABASES:
        raise archive.BadArchive(f"The manifest names an unknown database: {manifest.vendor}.")
    if manifest.vendor != connection.vendor:
        theirs, ours = DATABASES[manifest.vendor].NAME, DATABASES[connection.vendor].NAME
        raise Refused(
            f"The backup holds a {theirs} database, and this shop uses {ours}. Set DATABASE_URL "
            f"to a {theirs} database, then restore."
        )
    return DATABASES[manifest.vendor]


def is_empty() -> bool:
    """Whether nothing of worth would be lost. A database that cannot be read may hold all."""
    if any(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*")):
        return False
    try:
        tables = connection.introspection.table_names()
        return not any(
            model._meta.db_table in tables and model._default_manager.exists() for model in TELLING
        )
    except DatabaseError:
        return False


@contextmanager
def closed_shop(database: Database) -> Iterator[None]:
    """Nobody works here, and none can begin with `manage.py up`."""
    try:
        lock = processes.claim_folder(settings.DATA_DIR)
    except processes.Occupied as reason:
        raise Refused(str(reason)) from reason
    with lock:
        connections.close_all()
        if at_work := _workers() or database.users():
            raise Refused(f"The shop runs: {at_work}. Stop all its programs, then restore.")
        yield


def _workers() -> str:
    if not settings.REDIS_URL or not embedded_redis.answers(settings.REDIS_URL):
        return ""
    names = [name for answer in app.control.ping(timeout=1.0) or [] for name in answer]
    return f"{', '.join(names)} is at work" if names else ""


def _check_migrations(manifest: Manifest) -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = {f"{app_label}.{name}" for app_label, name in loader.disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise Refused(
            f"A newer Tailorline ({manifest.version}) made this backup; this is "
            f"{settings.VERSION} and does not know {', '.join(unknown[:3])}. Update Tailorline, "
            "then restore."
        )


def _check_keys(manifest: Manifest) -> None:
    """With a wrong key everything would look well until somebody opens a sealed field."""
    brings = manifest.with_keys and not keys.is_given("FIELD_KEY")
    if not brings and not _same("FIELD_KEY", manifest):
        raise Refused(
            "The FIELD_KEY here is not the one of this backup: what it seals could never be "
            "opened. Set FIELD_KEY, or put the shop's file field_key in "
            f"{settings.DATA_DIR}, then restore."
        )


def _same(name: str, manifest: Manifest) -> bool:
    brought = manifest.with_keys and not keys.is_given(name)
    key = str(getattr(settings, name))
    return brought or keys.matches(name, key, manifest.keys.get(name, ""))


def _check_room(manifest: Manifest) -> None:
    database = DATABASES[manifest.vendor]
    needed = manifest.bytes * database.ROOM + SPARE
    for folder in {Path(settings.DATA_DIR), *(path.parent for path, _ in database.files())}:
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise Refused(
                f"{needed >> 20:,} MB are needed in {folder} and {free >> 20:,} MB are free. "
                "Make room, then restore."
            )


def _replace(
    path: Path, manifest: Manifest, database: Database, stamp: str, watch: Watch, *, keep: bool
) -> list[str]:
    """Unpack, check, swap; returns where the old data is kept."""
    parts = _parts(manifest, database, stamp)
    _clean(parts)
    with tempfile.TemporaryDirectory(
        prefix=STAGING, dir=settings.DATA_DIR, ignore_cleanup_errors=True
    ) as staging:
        try:
            dump = _unpack(path, parts, Path(staging), manifest, watch)
            _verify(manifest, database, dump, stamp)
            brought = [replace(part, brought=part.fresh.exists()) for part in parts.values()]
            connections.close_all()
            swapping.swap(brought, database, dump, stamp)
        finally:
            for part in parts.values():
                swapping.remove(part.fresh)
    return _kept(brought, database, stamp, keep=keep)


def _bring_up_to_date(kept: list[str]) -> int:
    try:
        return preparing.migrate()
    except (DatabaseError, OSError) as error:
        before = f" What was here before: {', '.join(kept)}." if kept else ""
        raise NotMigrated(
            "The backup is in place, but its database could not be brought up to date "
            f"({error}). Mend the cause and run: manage.py migrate.{before}"
        ) from error


def _clean(parts: dict[str, Part]) -> None:
    """Remove what a restore that was killed had unpacked."""
    for left in Path(settings.DATA_DIR).glob(f"{STAGING}*"):
        shutil.rmtree(left)
    for part in parts.values():
        for left in part.current.parent.glob(f".{glob.escape(part.current.name)}.*Z"):
            swapping.remove(left)


def _parts(manifest: Manifest, database: Database, stamp: str) -> dict[str, Part]:
    """What is swapped, by the member or the folder of members that goes there."""
    data_dir = Path(settings.DATA_DIR)
    parts = {
        database.MEMBER + suffix: _part(path, stamp, suffix) for path, suffix in database.files()
    }
    parts["uploads"] = _part(Path(settings.MEDIA_ROOT), stamp)
    parts |= {name: _part(data_dir / name, stamp) for name in ("models", "imports")}
    if manifest.with_keys:
        made_here = [keys.kept_at(name, data_dir) for name in keys.KEYS if not keys.is_given(name)]
        parts |= {f"keys/{at.name}": _part(at, stamp) for at in (*made_here, data_dir / LOGINS)}
    return parts


def _part(path: Path, stamp: str, suffix: str = "") -> Part:
    return Part(
        current=path.with_name(f"{path.name}{suffix}"),
        fresh=path.with_name(f".{path.name}{suffix}.{stamp}"),
        aside=path.with_name(f"{path.name}.before-restore-{stamp}{suffix}"),
    )


def _unpack(
    path: Path, parts: dict[str, Part], staging: Path, manifest: Manifest, watch: Watch
) -> Path:
    """Write every member beside its place; returns where the dump of the database lies."""
    for name in archive.FOLDERS:
        parts[name].fresh.mkdir(parents=True)

    def place(member: str) -> Path:
        top, _, rest = member.partition("/")
        if member in parts:
            return parts[member].fresh
        return parts[top].fresh / rest if top in parts else staging / member

    archive.unpack(path, place, watch("Unpacking", manifest.bytes))
    return place(DATABASES[manifest.vendor].MEMBER)


def _verify(manifest: Manifest, database: Database, dump: Path, stamp: str) -> None:
    if not dump.exists():
        raise archive.BadArchive("The file has no database inside.")
    found = database.examine(dump)
    if found is not None and found.rows != manifest.rows:
        raise archive.BadArchive("The database inside has other rows than the manifest says.")
    database.prepare(dump, stamp)


def _kept(parts: list[Part], database: Database, stamp: str, *, keep: bool) -> list[str]:
    """What was there before: kept, or removed as far as that can be done."""
    aside = [part.aside for part in parts if part.aside.exists()]
    if keep:
        return [str(path) for path in aside] + [database.kept(stamp)] * bool(database.kept(stamp))
    database.forget(stamp)
    return [str(path) for path in aside if not _is_removed(path)]


def _is_removed(path: Path) -> bool:
    try:
        swapping.remove(path)
    except OSError:  # the shop is in place by now: what stays is told, and no reason to fail
        return False
    return True
