"""Outlet: sheets, by which an owner sets up and keeps a shop with tables, without code.

An app describes its sheets (`Sheet`, `TableSheet`, `Column`, `kinds`); `config` binds them into a
`Workbook`. Nothing here knows what they are about.
"""

from journal.sheets import kinds
from journal.sheets.applying import Moved, NotApplied, apply
from journal.sheets.checking import Plan, Planned, Problem, check
from journal.sheets.described import (
    REMOVE,
    Book,
    Change,
    Changes,
    Column,
    Fault,
    Key,
    Name,
    Row,
    Sheet,
    Workbook,
)
from journal.sheets.exporting import as_csv, as_xlsx
from journal.sheets.finding import Found, QueriedRows
from journal.sheets.reading import ENDINGS, Line, Table, read_files
from journal.sheets.rows import Link, TableSheet
from journal.sheets.undoing import Batch, batch_of, history, last_batch, undo

__all__ = [
    "ENDINGS",
    "REMOVE",
    "Batch",
    "Book",
    "Change",
    "Changes",
    "Column",
    "Fault",
    "Found",
    "Key",
    "Line",
    "Link",
    "Moved",
    "Name",
    "NotApplied",
    "Plan",
    "Planned",
    "Problem",
    "QueriedRows",
    "Row",
    "Sheet",
    "Table",
    "TableSheet",
    "Workbook",
    "apply",
    "as_csv",
    "as_xlsx",
    "batch_of",
    "check",
    "history",
    "kinds",
    "last_batch",
    "read_files",
    "undo",
]
