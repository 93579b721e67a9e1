"""The lists of an import: every line that was not taken, and those that want a look.

Texts that a spreadsheet would work out get an apostrophe, as in every list that staff take away.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from journal.lists.exporting import FORMULAS
from orders import importing
from orders.importing.cells import changed

REFUSED, FLAGGED = "refused", "flagged"
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")  # what a spreadsheet reads as a number does no harm


@dataclass(frozen=True)
class Lists:
    """Where the lists of an import are written: `<prefix>refused.csv` and `<prefix>flagged.csv`."""

    folder: Path
    prefix: str = ""

    def path(self, what: str) -> Path:
        return self.folder / f"{self.prefix}{what}.csv"

    def write(self, log: importing.SortedLog) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for what, rows in ((REFUSED, _refused(log)), (FLAGGED, _flagged(log))):
            # Excel reads Chinese as Latin letters without the mark
            _guarded(rows).to_csv(
                self.path(what), index=False, quoting=csv.QUOTE_MINIMAL, encoding="utf-8-sig"
            )

    def rows(self, what: str) -> Iterator[dict[str, str]]:
        """The lines of a list that was written; none where it was not."""
        if not self.path(what).exists():
            return
        with self.path(what).open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

    def first(self, what: str, most: int) -> list[dict[str, str]]:
        return list(islice(self.rows(what), most))


def _refused(log: importing.SortedLog) -> pd.DataFrame:
    """Every line that is no sale and no return, with its number, its column and the reason."""
    lines: Any = log.refused.to_dict("records")  # each with its cells by name
    refused = log.refused.assign(
        why=pd.Series(map(importing.reason_of, lines), log.refused.index, str)
    )
    apart = log.apart.assign(reason="set_apart", why="No product: " + log.apart["kind"])
    rows = pd.concat([refused, apart]).sort_values("line")
    columns = ["line", "reason", "column", "why"]
    return rows[columns + [name for name in rows.columns if name not in columns]]


def _flagged(log: importing.SortedLog) -> pd.DataFrame:
    """Sales that are imported all the same, and that somebody should look at."""
    return log.flagged.assign(why=log.flagged["flag"].map(importing.FLAGS))


def _guarded(rows: pd.DataFrame) -> pd.DataFrame:
    texts = [name for name in rows.columns if pd.api.types.is_string_dtype(rows[name])]
    return rows.assign(**{name: _as_texts(rows[name]) for name in texts})


def _as_texts(cells: pd.Series) -> pd.Series:
    return changed(cells.fillna("").astype(str), _harmless)


def _harmless(cell: str) -> str:
    risky = cell.startswith(FORMULAS) and not NUMBER.fullmatch(cell)
    return "'" + cell if risky else cell
