"""Read an order log: the table that a mapping fits, nothing guessed or dropped."""

from pathlib import Path

import pandas as pd
from django.utils.translation import gettext_noop as _

from journal.tables import Source, UnreadableFile, find_sources, read_table
from orders.importing.mapping import COLUMNS, Mapping


def find_source(path: Path, mapping: Mapping, *, sheet: str = "", encoding: str = "") -> Source:
    """The first table of the file with all columns of the mapping."""
    sources = find_sources(
        path, sheet=sheet or mapping.sheet, encoding=encoding or mapping.encoding
    )
    fitting = (source for source in sources if mapping.fits(source.header))
    if source := next(fitting, None):
        return source
    closest = min(sources, key=lambda source: len(mapping.missing(source.header)))
    missing = ", ".join(mapping.missing(closest.header))
    raise UnreadableFile(
        _("%(file)s lacks the column %(missing)s. It has %(columns)s."),
        file=path.name,
        missing=missing,
        columns=", ".join(closest.header),
    )


def read_log(path: Path, mapping: Mapping, *, source: Source | None = None) -> pd.DataFrame:
    """The whole log, one row a line, under our column names, every cell as the text it was.

    Adds `line`, where the record begins in the file (the header is line 1), `fault`, why its
    cells cannot be trusted ("" = they can), and for typed cells `quantity_value`, `price_value`
    and `at_value`. Raises `UnreadableFile` where the file is damaged or lacks a column.
    """
    source = source or find_source(path, mapping)
    table = read_table(source, mapping.columns)
    absent = {name: "" for name in COLUMNS if name not in mapping.columns}
    table = table.assign(**absent)
    return table[[*COLUMNS, *(name for name in table.columns if name not in COLUMNS)]]
