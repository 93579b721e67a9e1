"""Put what was unpacked in the place of what is there, all of it or nothing.

Every step is a rename in one folder. A note on disk says which are under way, so that the next
start can undo them when this process was killed in between.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.safekeeping.archive import sync_folder
from config.safekeeping.contents import Database

NOTE = "restoring.json"


@dataclass(frozen=True)
class Part:
    """One file or folder: its place, what was unpacked for it, and where the old one goes."""

    current: Path
    fresh: Path
    aside: Path
    brought: bool = False  # the backup has it; else the old one only goes aside

    def move(self) -> None:
        if self.current.exists():
            self.current.rename(self.aside)
        if self.brought:
            self.fresh.rename(self.current)

    def undo(self) -> None:
        """Back to before `move`, however far that came."""
        if self.brought and not self.fresh.exists() and self.current.exists():
            self.current.rename(self.fresh)
        if self.aside.exists():
            self.aside.rename(self.current)


def note_path() -> Path:
    return Path(settings.DATA_DIR) / NOTE


def swap(parts: Sequence[Part], database: Database, dump: Path, stamp: str) -> None:
    """Move every part and load the database; an exception leaves everything as it was."""
    _note(parts, stamp)
    try:
        for part in parts:
            part.move()
        database.load(dump, stamp)
    except BaseException:
        _undo(parts)
        raise
    _end(parts)


def mend(database: Database) -> bool:
    """Undo what a killed restore left half done, or end it where its database is loaded."""
    if not note_path().exists():
        return False
    noted = json.loads(note_path().read_text())
    parts = [_read(facts) for facts in noted["parts"]]
    if database.is_loaded(noted["stamp"]):
        _end(parts)
    else:
        _undo(parts)
    return True


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _note(parts: Sequence[Part], stamp: str) -> None:
    facts = [
        {
            "current": str(part.current),
            "fresh": str(part.fresh),
            "aside": str(part.aside),
            "brought": part.brought,
        }
        for part in parts
    ]
    draft = note_path().with_name(f".{NOTE}")
    with draft.open("w") as file:
        json.dump({"stamp": stamp, "parts": facts}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(note_path())
    sync_folder(note_path().parent)


def _read(facts: dict[str, str]) -> Part:
    current, fresh, aside = (Path(facts[name]) for name in ("current", "fresh", "aside"))
    return Part(current, fresh, aside, brought=bool(facts["brought"]))


def _undo(parts: Sequence[Part]) -> None:
    for part in reversed(parts):
        part.undo()
    _end(parts)


def _end(parts: Sequence[Part]) -> None:
    """From here on nothing is half done."""
    for folder in {part.current.parent for part in parts}:
        sync_folder(folder)
    note_path().unlink()
    for part in parts:
        remove(part.fresh)
