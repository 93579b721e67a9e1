"""`manage.py import_orders FILE`: another system's order log becomes history and open orders."""

import resource
import time
from argparse import ArgumentParser
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils import timezone
from tqdm import tqdm

from config.importing import Import, import_orders
from orders.importing import REASONS, BadMapping, UnreadableFile


class Command(BaseCommand):
    help = "Import an order log (CSV, also .gz). Importing twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="a TOML mapping; found by the header")
        parser.add_argument(
            "--open-since",
            type=date.fromisoformat,
            help="orders placed on or after this date (YYYY-MM-DD) are still to be made",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        quiet = True if options["verbosity"] == 0 else None  # None: where there is a terminal
        with tqdm(unit=" lines", unit_scale=True, disable=quiet) as bar:
            try:
                done = import_orders(
                    options["file"],
                    mapping=options["mapping"],
                    open_since=options["open_since"],
                    now=timezone.now(),
                    start=bar.reset,
                    progress=partial(_advance, bar),
                )
            except (UnreadableFile, BadMapping) as error:
                raise CommandError(f"{error} Nothing was imported.") from error
            except (OSError, DatabaseError) as error:
                raise CommandError(
                    f"The import stopped: {error}. Whole invoices written so far are kept; "
                    "mend the cause and run the same command again, it goes on from there."
                ) from error
        self._say(done, time.monotonic() - began)

    def _say(self, done: Import, seconds: float) -> None:
        added = done.added
        self.stdout.write(f"{done.lines:,} lines read with the mapping “{done.mapping}”.")
        self.stdout.write(
            f"Added: {added.orders:,} orders, {added.lines:,} lines ({added.open_lines:,} open), "
            f"{added.returns:,} returns, {added.products:,} products, "
            f"{added.customers:,} customers, {done.routings:,} routings."
        )
        if not added.changed:
            self.stdout.write("Nothing is new: everything was here already.")
        for kind, count in sorted(done.apart.items()):
            self.stdout.write(f"  set apart  {count:>7,}  {kind}")
        for reason, count in sorted(done.refused.items()):
            self.stdout.write(f"  refused    {count:>7,}  {reason}: {REASONS[reason]}")
        self.stdout.write(f"Every line that was not taken, with its reason: {done.refusals}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(f"{seconds:.0f} s, {peak:.0f} MB at most.")


def _advance(bar: "tqdm[NoReturn]", lines: int) -> None:
    bar.update(lines)
