"""An import from file to plan: orders writes what was ordered, production how it is made."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
from django.conf import settings

from orders import catalogue, importing
from production import routings

MAPPINGS = settings.BASE_DIR / "config" / "mappings"
# of a shop whose file names no other
CURRENCY = "EUR"


@dataclass(frozen=True)
class Chosen:
    """The table of a file and the mapping that it is read under."""

    source: importing.Source
    mapping: importing.Mapping


@dataclass(frozen=True)
class Import:
    """What an import did: rows added, lines by reason, and where the refused ones are listed.
    After a dry run nothing was added; `orders`, `sales` and `returns` are what the file holds."""

    mapping: str
    source: importing.Source
    lines: int
    orders: int
    sales: int
    returns: int
    added: importing.ImportReport
    apart: dict[str, int]
    refused: dict[str, int]
    refusals: Path
    flagged: dict[str, int]
    flags: Path
    routings: int


class GuessNeeded(Exception):
    """No mapping fits the file. A person reads the guess and then imports with `chosen`, or not."""

    def __init__(self, chosen: Chosen, guess: importing.Guess) -> None:
        super().__init__("No mapping fits the file.")
        self.chosen = chosen
        self.guess = guess


def choose(path: Path, *, mapping: Path | None, sheet: str = "", encoding: str = "") -> Chosen:
    """The named mapping, else the first shipped one that fits.

    Raises `GuessNeeded` where there is only a guess, `importing.UnreadableFile` or `BadMapping`
    where the file cannot be read or nothing can be guessed.
    """
    if mapping:
        rules = importing.read_mapping(mapping)
        source = importing.find_source(path, rules, sheet=sheet, encoding=encoding)
        return Chosen(source, rules)
    sources = importing.find_sources(path, sheet=sheet, encoding=encoding)
    if chosen := _shipped(sources):
        return chosen
    raise _guessed(sources)


def _shipped(sources: list[importing.Source]) -> Chosen | None:
    for source in sources:
        if rules := importing.fitting_mapping(source.header, MAPPINGS):
            return Chosen(source, rules)
    return None


def _guessed(sources: list[importing.Source]) -> GuessNeeded:
    """The guess for the first table that one can be made for."""
    refusals = []
    for source in sources:
        try:
            guess = importing.guess_mapping(
                source,
                importing.read_sample(source),
                time_zone=settings.PLANT_TIME_ZONE,
                currency=CURRENCY,
            )
        except importing.BadMapping as error:
            refusals.append(error)
        else:
            return GuessNeeded(Chosen(source, guess.mapping), guess)
    raise refusals[0]


def import_orders(
    chosen: Chosen,
    *,
    open_since: date | None,
    dry_run: bool,
    now: datetime,
    start: Callable[[int], None],
    progress: Callable[[int], None],
) -> Import:
    """Import an order log. `start` is told the number of lines, `progress` how many are done.
    A dry run reads, sorts and lists the refused lines, and writes nothing to the database.

    Raises `orders.importing.UnreadableFile` or `BadMapping` before anything is written.
    """
    source, rules = chosen.source, chosen.mapping
    log = importing.sort_lines(importing.read_log(source.path, rules, source=source), rules)
    refusals, flags = _write_refusals(source.path, log), _write_flags(source.path, log)
    added = importing.ImportReport()
    if not dry_run:
        start(len(log.sales) + len(log.returns))
        added = importing.write_log(log, rules, open_since=open_since, now=now, progress=progress)
    return Import(
        mapping=rules.name,
        source=source,
        lines=log.lines,
        orders=log.sales["invoice"].nunique(),
        sales=len(log.sales),
        returns=len(log.returns),
        added=added,
        apart=dict(Counter(log.apart["kind"])),
        refused=dict(Counter(log.refused["reason"])),
        refusals=refusals,
        flagged=dict(Counter(log.flagged["flag"])),
        flags=flags,
        routings=0 if dry_run else _build_routings(),
    )


def _build_routings() -> int:
    """Give every product of a family that names a routing template the routing of it."""
    by_template: dict[str, list[int]] = {}
    for product_id, sheet in catalogue.sheets().items():
        if sheet.routing_template:
            by_template.setdefault(sheet.routing_template, []).append(product_id)
    return sum(routings.build_from_template(ids, template) for template, ids in by_template.items())


def _write_refusals(path: Path, log: importing.SortedLog) -> Path:
    """Every line that is no sale and no return, with its number, its column and the reason."""
    refused = log.refused.assign(why=log.refused["reason"].map(importing.REASONS))
    apart = log.apart.assign(reason="set_apart", why="No product: " + log.apart["kind"])
    rows = pd.concat([refused, apart.drop(columns="kind")]).sort_values("line")
    columns = ["line", "reason", "column", "why"]
    rest = [name for name in rows.columns if name not in columns]
    return _write_list(path, "refused", rows[columns + rest])


def _write_flags(path: Path, log: importing.SortedLog) -> Path:
    """Sales that are imported all the same, and that somebody should look at."""
    flagged = log.flagged.assign(why=log.flagged["flag"].map(importing.FLAGS))
    return _write_list(path, "flagged", flagged)


def _write_list(path: Path, what: str, rows: pd.DataFrame) -> Path:
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    target: Path = folder / f"{path.name.split('.')[0]}-{what}.csv"
    rows.to_csv(target, index=False, quoting=csv.QUOTE_MINIMAL)
    return target
