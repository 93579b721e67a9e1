"""`manage.py backup [FILE]`: everything of a shop in one file, while it runs."""

import errno
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from config.safekeeping import Advance, Refused, saving

OPENS_ALL = (
    "This file holds the keys: whoever has it can read everything in it and sign in as anybody. "
    "Keep it where you keep passwords."
)


class Command(BaseCommand):
    help = "Write database, uploads and models to one file; the shop may run meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="where to; DATA_DIR/backups without it"
        )
        parser.add_argument(
            "--with-keys", action="store_true", help="put the keys in: the file then opens all"
        )
        parser.add_argument(
            "--keep", type=_positive, help="keep the newest N of DATA_DIR/backups, remove the rest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] and options["file"]:
            raise CommandError("--keep looks after DATA_DIR/backups and goes without a FILE.")
        try:
            with ExitStack() as bars:
                saved = saving.save(
                    options["file"],
                    with_keys=options["with_keys"],
                    keep=options["keep"],
                    now=timezone.now(),
                    watch=Bars(bars, quiet=options["verbosity"] == 0),
                )
        except Refused as reason:
            raise CommandError(f"No backup was made. {reason}") from reason
        except saving.Untidy as reason:
            raise CommandError(str(reason)) from reason
        except (OSError, DatabaseError) as error:
            raise CommandError(f"No backup was made. {in_words(error)}") from error
        self._say(saved, with_keys=options["with_keys"])

    def _say(self, saved: saving.Saved, *, with_keys: bool) -> None:
        rows = sum(saved.rows.values())
        self.stdout.write(f"{saved.path}: {saved.size / 1e6:,.1f} MB")
        self.stdout.write(f"  {rows:,} rows in the main tables, {saved.files:,} files")
        for path in saved.pruned:
            self.stdout.write(f"  removed {path.name}")
        self.stdout.write(OPENS_ALL if with_keys else "The keys are not inside; keep them apart.")


class Bars:
    """A progress bar for each thing that begins."""

    def __init__(self, stack: ExitStack, *, quiet: bool) -> None:
        self._stack = stack
        self._disable = True if quiet else None  # None: where there is a terminal

    def __call__(self, what: str, total: int) -> Advance:
        bar = self._stack.enter_context(
            tqdm(total=total, desc=what, unit="B", unit_scale=True, disable=self._disable)
        )

        def advance(count: int) -> None:
            bar.update(count)

        return advance


def in_words(error: Exception) -> str:
    """What a disk or a database complains of, for people."""
    if not isinstance(error, OSError):
        return f"The database cannot be used: {error}."
    if error.errno == errno.ENOSPC:
        return "The disk is full."
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}."


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("at least 1: the one that is made now")
    return number
