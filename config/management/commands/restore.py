"""`manage.py restore FILE`: a shop from its backup, all of it or nothing."""

from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from config.management.commands.backup import Bars, in_words
from config.safekeeping import Refused, restoring
from config.safekeeping.archive import BadArchive

UNCHANGED = "Nothing was changed."


class Command(BaseCommand):
    help = "Put a backup in the place of an empty or, with --force, any shop that does not run."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--force",
            action="store_true",
            help="also where a shop is; its data is kept beside, under another name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ExitStack() as bars:
                restored = restoring.restore(
                    options["file"],
                    force=options["force"],
                    now=timezone.now(),
                    watch=Bars(bars, quiet=options["verbosity"] == 0),
                )
        except (Refused, BadArchive) as reason:
            raise CommandError(f"{reason} {UNCHANGED}") from reason
        except restoring.NotMigrated as reason:
            raise CommandError(str(reason)) from reason
        except (OSError, DatabaseError) as error:
            raise CommandError(f"{in_words(error)} {UNCHANGED}") from error
        self._say(restored)

    def _say(self, restored: restoring.Restored) -> None:
        manifest = restored.manifest
        self.stdout.write(f"Restored the shop as of {manifest.created_at}:")
        for table, count in manifest.rows.items():
            self.stdout.write(f"  {count:>9,}  {table}")
        if restored.migrated:
            self.stdout.write(f"Database brought up to date ({restored.migrated} steps).")
        if restored.other_secret:
            self.stdout.write(
                "SECRET_KEY is another one than before: everybody signs in again, and links in "
                "mails sent before no longer open."
            )
        for place in restored.kept:
            self.stdout.write(f"What was here before: {place}")
