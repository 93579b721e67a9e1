"""An import from file to plan: orders writes what was ordered, production how it is made."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pandas as pd

from config.importing.choosing import Chosen
from config.importing.listing import Lists
from journal.alone import Busy, alone
from orders import catalogue, importing
from production import routings
from production.routing_templates import TEMPLATES


class ImportUnderWay(Exception):
    """Another import is writing; nothing was changed."""


class Cancelled(Exception):
    """Somebody stopped the import between two transactions; whole invoices are kept."""


@dataclass(frozen=True)
class Watch:
    """Who watches an import: told the step it is at, the number of lines to write and how many
    more are written, and asked between two transactions whether to stop."""

    step: Callable[[str], None] = lambda step: None
    start: Callable[[int], None] = lambda lines: None
    progress: Callable[[int], None] = lambda lines: None
    cancelled: Callable[[], bool] = lambda: False

    def begin(self, step: str) -> None:
        self._go_on()
        self.step(step)

    def written(self, lines: int) -> None:
        self.progress(lines)
        self._go_on()

    def _go_on(self) -> None:
        if self.cancelled():
            raise Cancelled


@dataclass(frozen=True)
class Import:
    """What an import did: rows added, and the file's lines by reason.

    `orders`, `sales` and `returns` are what the file holds, `open_lines` the sales that are still
    to be made; `known_orders` of its orders were here before. After a dry run nothing was added.
    """

    mapping: str
    source: importing.Source
    lines: int
    orders: int
    sales: int
    returns: int
    open_lines: int
    apart: dict[str, int]
    refused: dict[str, int]
    flagged: dict[str, int]
    known_orders: int = 0
    added: importing.ImportReport = field(default_factory=importing.ImportReport)
    routings: int = 0


@contextmanager
def only_one() -> Iterator[None]:
    """Hold what an import needs for itself, in the terminal and in a worker alike."""
    try:
        with alone("import"):
            yield
    except Busy as busy:
        raise ImportUnderWay(
            "Another import is running. Wait until it is done; the portal shows how far it is."
        ) from busy


def examine(chosen: Chosen, lists: Lists, watch: Watch, *, open_since: date | None) -> Import:
    """A dry run: read, sort and count, list what is not taken, and write nothing to the database.

    Raises `orders.importing.UnreadableFile` or `BadMapping`, and `Cancelled`.
    """
    log = _sorted(chosen, lists, watch, open_since)
    watch.begin("comparing")
    known = importing.known_orders(log, chosen.mapping)
    return replace(_counted(chosen, log, open_since), known_orders=known)


def import_orders(
    chosen: Chosen, lists: Lists, watch: Watch, *, open_since: date | None, now: datetime
) -> Import:
    """Import an order log; the caller holds `only_one`.

    Raises `orders.importing.UnreadableFile` or `BadMapping` before anything is written, and
    `Cancelled`, after which whole invoices are kept.
    """
    log = _sorted(chosen, lists, watch, open_since)
    watch.begin("writing")
    watch.start(len(log.sales) + len(log.returns))
    added = importing.write_log(
        log, chosen.mapping, open_since=open_since, now=now, progress=watch.written
    )
    watch.begin("routings")
    return replace(_counted(chosen, log, open_since), added=added, routings=_build_routings())


def _sorted(
    chosen: Chosen, lists: Lists, watch: Watch, open_since: date | None
) -> importing.SortedLog:
    _require_routings(chosen.mapping)
    watch.begin("reading")
    table = importing.read_log(chosen.source.path, chosen.mapping, source=chosen.source)
    watch.begin("sorting")
    log = importing.sort_lines(
        table,
        chosen.mapping,
        here=importing.Known(chosen.mapping, _begin(chosen, open_since)),
    )
    watch.begin("listing")
    lists.write(log)
    return log


def _begin(chosen: Chosen, open_since: date | None) -> datetime | None:
    return chosen.mapping.begin(open_since) if open_since else None


def _require_routings(mapping: importing.Mapping) -> None:
    """A routing that nobody knows would be found only once everything is written."""
    named = {family.routing for family in mapping.families} - {""}
    if unknown := sorted(named - TEMPLATES.keys()):
        known = ", ".join(TEMPLATES)
        raise importing.BadMapping(
            f"{mapping.name}: there is no routing “{', '.join(unknown)}”; choose one of {known}."
        )


def _counted(chosen: Chosen, log: importing.SortedLog, open_since: date | None) -> Import:
    placed = log.sales.groupby("invoice")["at"].transform("first")
    begin = _begin(chosen, open_since)
    is_open = placed >= begin if begin else pd.Series(dtype=bool)
    return Import(
        mapping=chosen.mapping.name,
        source=chosen.source,
        lines=log.lines,
        orders=log.sales["invoice"].nunique(),
        sales=len(log.sales),
        returns=len(log.returns),
        open_lines=int(is_open.sum()),
        apart=dict(Counter(log.apart["kind"])),
        refused=dict(Counter(log.refused["reason"])),
        flagged=dict(Counter(log.flagged["flag"])),
    )


def _build_routings() -> int:
    """Give every product of a family that names a routing template the routing of it."""
    by_template = catalogue.by_routing_template().items()
    return sum(routings.build_from_template(ids, template) for template, ids in by_template)
