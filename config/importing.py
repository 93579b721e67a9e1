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


@dataclass(frozen=True)
class Import:
    """What an import did: rows added, lines by reason, and where the refused ones are listed."""

    mapping: str
    lines: int
    added: importing.ImportReport
    apart: dict[str, int]
    refused: dict[str, int]
    refusals: Path
    routings: int


def import_orders(
    path: Path,
    *,
    mapping: Path | None,
    open_since: date | None,
    now: datetime,
    start: Callable[[int], None],
    progress: Callable[[int], None],
) -> Import:
    """Import an order log. `start` is told the number of lines, `progress` how many are done.

    Raises `orders.importing.UnreadableFile` or `BadMapping` before anything is written.
    """
    rules = (
        importing.read_mapping(mapping)
        if mapping
        else importing.find_mapping(importing.read_header(path), MAPPINGS)
    )
    log = importing.sort_lines(importing.read_log(path, rules), rules)
    refusals = _write_refusals(path, log)
    start(len(log.sales) + len(log.returns))
    added = importing.write_log(log, rules, open_since=open_since, now=now, progress=progress)
    return Import(
        mapping=rules.name,
        lines=log.lines,
        added=added,
        apart=dict(Counter(log.apart["kind"])),
        refused=dict(Counter(log.refused["reason"])),
        refusals=refusals,
        routings=_build_routings(),
    )


def _build_routings() -> int:
    """Give every product of a family that names a routing template the routing of it."""
    by_template: dict[str, list[int]] = {}
    for product_id, sheet in catalogue.sheets().items():
        if sheet.routing_template:
            by_template.setdefault(sheet.routing_template, []).append(product_id)
    return sum(routings.build_from_template(ids, template) for template, ids in by_template.items())


def _write_refusals(path: Path, log: importing.SortedLog) -> Path:
    """Every line that is no sale and no return, with its number and the reason."""
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    target: Path = folder / f"{path.name.split('.')[0]}-refused.csv"
    refused = log.refused.assign(why=log.refused["reason"].map(importing.REASONS))
    apart = log.apart.assign(reason="set_apart", why="No product: " + log.apart["kind"])
    rows = pd.concat([refused, apart.drop(columns="kind")]).sort_values("line")
    columns = ["line", "reason", "why"]
    rest = [name for name in rows.columns if name not in columns]
    rows[columns + rest].to_csv(target, index=False, quoting=csv.QUOTE_MINIMAL)
    return target
