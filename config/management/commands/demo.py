"""`manage.py demo`: the demo shop, once; a restart finds it there and changes nothing."""

from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.utils import timezone
from tqdm import tqdm

from config import cycle
from config.demo import logins, seeding
from config.models import CycleRun


class Command(BaseCommand):
    help = "Fill an empty shop with the demo, make its logins and run the first cycles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--date",
            type=date.fromisoformat,
            help="the day that history ends before (YYYY-MM-DD); today where none is given",
        )
        parser.add_argument("--seed", type=int, default=0, help="another number, another history")

    def handle(self, *args: Any, **options: Any) -> None:
        zone = ZoneInfo(settings.PLANT_TIME_ZONE)
        now = timezone.now()
        anchor = options["date"] or now.astimezone(zone).date()
        self._seed(anchor, options)
        if logins.file().exists():  # written last: everything before it is done
            return
        last = datetime.combine(anchor, time(6), zone) if options["date"] else now
        self._cycles([*_weeks_before(anchor, zone), last])
        self.stdout.write(logins.issue(now))

    def _seed(self, anchor: date, options: dict[str, Any]) -> None:
        quiet = True if options["verbosity"] == 0 else None  # None: only on a terminal
        with tqdm(unit=" rows", unit_scale=True, disable=quiet, leave=False) as bar:

            def watch(total: int) -> Any:
                bar.reset(total)
                return bar.update

            try:
                made = seeding.seed(anchor, options["seed"], watch=watch)
            except seeding.NotEmpty as reason:
                raise CommandError(str(reason)) from reason
            except (OSError, DatabaseError) as error:
                raise CommandError(
                    f"The demo shop could not be made: {error}. Mend the cause and run the same "
                    "command again; what was written so far is replaced."
                ) from error
        if made is None:
            self.stdout.write("The demo shop is here already; nothing was changed.")
            return
        self.stdout.write(
            f"Lumen & Oak on {anchor}: {made.products} products, {made.customers:,} customers, "
            f"{made.orders:,} orders with {made.lines:,} lines, {made.events:,} events."
        )

    def _cycles(self, moments: list[datetime]) -> None:
        """One cycle a week, so that the last ones have an earlier forecast to be compared with."""
        done = CycleRun.objects.filter(status=CycleRun.Status.DONE).count()
        for moment in moments[done:]:
            self.stdout.write(f"The cycle as of {moment:%Y-%m-%d %H:%M}:")
            try:
                cycle.run(
                    moment,
                    by="demo",
                    say=lambda step, did, seconds: self.stdout.write(
                        f"  {step:<12} {seconds:6.1f} s  {did}"
                    ),
                )
            except (cycle.CycleUnderWay, cycle.CycleFailed) as error:
                raise CommandError(str(error)) from error


def _weeks_before(anchor: date, zone: ZoneInfo) -> list[datetime]:
    """The start of the two weeks before the anchor's."""
    monday = anchor - timedelta(days=anchor.weekday())
    return [datetime.combine(monday - timedelta(weeks=back), time(), zone) for back in (2, 1)]
