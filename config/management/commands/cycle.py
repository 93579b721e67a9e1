"""`manage.py cycle`: the main job, as of now, as of a day, or replayed week by week."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from time import perf_counter
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from config import cycle
from orders import demand


class Command(BaseCommand):
    help = "Collect, forecast, net, plan, publish the queues and measure the gap."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            type=date.fromisoformat,
            help="the end of this day (YYYY-MM-DD) is now, and nothing later is seen",
        )
        parser.add_argument(
            "--from",
            dest="start",
            type=date.fromisoformat,
            help="replay a cycle a week from this day to --as-of",
        )
        parser.add_argument(
            "--products",
            type=int,
            help="only the best-selling N of the year before (a replay takes 200)",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--all",
            action="store_true",
            dest="everything",
            help="do everything anew, also where nothing or little has changed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["start"] and not options["as_of"]:
            raise CommandError("--from needs --as-of: the last day of the replay.")
        moments = list(_moments(options["start"], options["as_of"]))
        if not moments:
            raise CommandError("--from is after --as-of: there is nothing to replay.")
        most = options["products"] or (200 if options["start"] else None)
        products = best_selling(moments[0], most) if most else None
        for moment in moments:
            self._one(moment, products, options)

    def _one(self, moment: datetime, products: list[int] | None, options: dict[str, Any]) -> None:
        began = perf_counter()
        self.stdout.write(f"As of {moment.astimezone(_zone()):%Y-%m-%d %H:%M}")
        quiet = True if options["verbosity"] == 0 else None  # None: where there is a terminal
        with tqdm(total=100, leave=False, bar_format="{l_bar}{bar}", disable=quiet) as bar:
            try:
                cycle.run(
                    moment,
                    by="command",
                    products=products,
                    seed=options["seed"],
                    everything=options["everything"],
                    say=partial(self._say, bar),
                    progress=partial(_advance, bar),
                )
            except (cycle.CycleUnderWay, cycle.CycleFailed) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"  in all       {perf_counter() - began:6.1f} s")

    def _say(self, bar: "tqdm[NoReturn]", step: str, did: str, seconds: float) -> None:
        bar.clear()
        self.stdout.write(f"  {step:<12} {seconds:6.1f} s  {did}")


def _advance(bar: "tqdm[NoReturn]", share: float, what: str) -> None:
    bar.set_description_str(what, refresh=False)
    bar.update(100 * share - bar.n)


def _moments(start: date | None, as_of: date | None) -> Iterator[datetime]:
    """The end of each replayed day in the plant's time; now where no day is given."""
    if as_of is None:
        yield timezone.now()
        return
    day = start or as_of
    while day <= as_of:
        yield datetime.combine(day + timedelta(days=1), time(), _zone())
        day += timedelta(days=7)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.PLANT_TIME_ZONE)


def best_selling(as_of: datetime, most: int) -> list[int]:
    """The products most units were ordered of in the year before."""
    lines = demand.lines(as_of, since=as_of - timedelta(days=365))
    sold = lines.groupby("product_id")["quantity"].sum().sort_values(ascending=False)
    return [int(product) for product in sold.index[:most]]
