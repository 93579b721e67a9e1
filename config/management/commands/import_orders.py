"""`manage.py import_orders FILE`: another system's order log becomes history and open orders."""

import resource
import time
from argparse import ArgumentParser
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils import timezone
from tqdm import tqdm

from config.importing.carrying import (
    Import,
    ImportUnderWay,
    Watch,
    examine,
    import_orders,
    only_one,
)
from config.importing.choosing import Chosen, GuessNeeded, choose
from config.importing.listing import FLAGGED, REFUSED, Lists
from orders.importing import FLAGS, REASONS, BadMapping, Guess, UnreadableFile


class Command(BaseCommand):
    help = "Import an order log (CSV, also .gz, XLSX, Parquet). Importing twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="a TOML mapping; found by the header")
        parser.add_argument(
            "--open-since",
            type=date.fromisoformat,
            help="orders placed on or after this date (YYYY-MM-DD) are still to be made",
        )
        parser.add_argument("--sheet", default="", help="the sheet of a workbook")
        parser.add_argument("--encoding", default="", help="the encoding of a text file")
        parser.add_argument("--dry-run", action="store_true", help="read and count, write nothing")
        parser.add_argument(
            "--accept-guess", action="store_true", help="import with the guessed mapping"
        )
        parser.add_argument(
            "--write-mapping", type=Path, help="write the guessed mapping to this new file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        lists = Lists(settings.DATA_DIR / "imports", f"{options['file'].name.split('.')[0]}-")
        try:
            chosen = self._choose(options)
            done = self._import(chosen, lists, options)
        except (UnreadableFile, BadMapping, ImportUnderWay) as error:
            raise CommandError(f"{error} Nothing was imported.") from error
        self._say(done, lists, time.monotonic() - began, dry_run=options["dry_run"])

    def _choose(self, options: dict[str, Any]) -> Chosen:
        try:
            chosen = choose(
                options["file"],
                mapping=options["mapping"],
                sheet=options["sheet"],
                encoding=options["encoding"],
            )
        except GuessNeeded as needed:
            self._show(needed.guess, options["write_mapping"])
            if options["accept_guess"]:
                return needed.chosen
            raise CommandError(
                "No mapping fits the file. Check the guess above, then import with --accept-guess, "
                "or keep it with --write-mapping FILE, mend it and name it with --mapping. "
                "Nothing was imported."
            ) from needed
        if options["write_mapping"]:
            raise CommandError(
                f"The mapping “{chosen.mapping.name}” fits the file; only a guess is written. "
                "Nothing was imported."
            )
        return chosen

    def _show(self, guess: Guess, target: Path | None) -> None:
        self.stdout.write(guess.toml)
        if target is None:
            return
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(guess.toml)
        except OSError as error:
            raise CommandError(
                f"{target} cannot be written: {error.strerror}. Nothing was imported."
            ) from error
        self.stdout.write(f"The guess was written to {target}.")

    def _import(self, chosen: Chosen, lists: Lists, options: dict[str, Any]) -> Import:
        if options["dry_run"]:
            return examine(chosen, lists, Watch(), open_since=options["open_since"])
        quiet = True if options["verbosity"] == 0 else None  # None: where there is a terminal
        with only_one(), tqdm(unit=" lines", unit_scale=True, disable=quiet) as bar:
            try:
                return import_orders(
                    chosen,
                    lists,
                    Watch(start=bar.reset, progress=partial(_advance, bar)),
                    open_since=options["open_since"],
                    now=timezone.now(),
                )
            except (OSError, DatabaseError) as error:
                raise CommandError(
                    f"The import stopped: {error}. Whole invoices written so far are kept; "
                    "mend the cause and run the same command again, it goes on from there."
                ) from error

    def _say(self, done: Import, lists: Lists, seconds: float, *, dry_run: bool) -> None:
        self.stdout.write(f"{done.source.said}.")
        for note in done.source.notes:
            self.stdout.write(f"  note       {note}")
        self.stdout.write(f"{done.lines:,} lines read with the mapping “{done.mapping}”.")
        if dry_run:
            self._say_found(done)
        else:
            self._say_added(done)
        self._say_counts(done, lists)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(f"{seconds:.0f} s, {peak:.0f} MB at most.")

    def _say_found(self, done: Import) -> None:
        self.stdout.write(
            f"The file holds {done.orders:,} orders with {done.sales:,} lines, and "
            f"{done.returns:,} returns. A dry run: nothing was imported."
        )
        if done.known_orders:
            self.stdout.write(f"{done.known_orders:,} of the orders are here already.")

    def _say_added(self, done: Import) -> None:
        added = done.added
        self.stdout.write(
            f"Added: {added.orders:,} orders, {added.lines:,} lines ({added.open_lines:,} open), "
            f"{added.returns:,} returns, {added.products:,} products, {added.variants:,} variants, "
            f"{added.customers:,} customers, {done.routings:,} routings."
        )
        if not added.changed:
            self.stdout.write("Nothing is new: everything was here already.")

    def _say_counts(self, done: Import, lists: Lists) -> None:
        for kind, count in sorted(done.apart.items()):
            self.stdout.write(f"  set apart  {count:>7,}  {kind}")
        for reason, count in sorted(done.refused.items()):
            self.stdout.write(f"  refused    {count:>7,}  {reason}: {REASONS[reason]}")
        for flag, count in sorted(done.flagged.items()):
            self.stdout.write(f"  look at    {count:>7,}  {flag}: {FLAGS[flag]}")
        self.stdout.write(f"Every line that was not taken, with its reason: {lists.path(REFUSED)}")
        if done.flagged:
            self.stdout.write(f"Lines that were taken but want a look: {lists.path(FLAGGED)}")


def _advance(bar: "tqdm[NoReturn]", lines: int) -> None:
    bar.update(lines)
