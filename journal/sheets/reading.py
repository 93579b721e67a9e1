"""Which sheets some files hold, and the texts of their cells; nothing is understood yet."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from journal.lists.exporting import FORMULAS
from journal.sheets.described import REMOVE, Sheet, Workbook
from journal.tables import Source, UnreadableFile, find_sources, read_table

ENDINGS = (".csv", ".xlsx")
MOST_ROWS = 100_000
# the apostrophe that an export puts before a text, so that no spreadsheet works it out
_GUARDED = re.compile(rf"'+[{re.escape(''.join(FORMULAS))}]", re.DOTALL)

FAULTS = {
    "short_line": gettext_noop(
        "This line has too few cells. Check its commas and quotation marks."
    ),
    "long_line": gettext_noop(
        "This line has more cells than the header. Check its commas and quotation marks."
    ),
    "nul_byte": gettext_noop("This line holds bytes that are no text. Write it anew."),
    "formula_without_value": gettext_noop(
        "A formula of this line was never worked out. Open the file, save it, and try again."
    ),
    "cell_error": gettext_noop(
        "A cell of this line holds an error of the spreadsheet. Correct its formula."
    ),
}


@dataclass(frozen=True)
class Line:
    """One row of a file: where it begins, its cells by column, why they cannot be trusted.

    `lacking` are cells that may be empty even where one is needed: the row has always lacked them.
    """

    number: int
    cells: dict[str, str]
    fault: str = ""
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Table:
    """The rows of one sheet in one file. `said` tells how the file was read."""

    sheet: Sheet
    origin: str
    columns: tuple[str, ...]
    lines: list[Line]
    said: str = ""
    notes: tuple[str, ...] = ()


def read_files(paths: Iterable[Path], workbook: Workbook) -> list[Table]:
    """The tables of files and folders, in the order in which they are written.

    Raises `UnreadableFile` with the file and what is wrong with it.
    """
    files = [file for path in paths for file in _files(path)]
    tables = [table for file in files for table in _tables(file, workbook)]
    if not tables:
        raise UnreadableFile(
            _("There are no tables here. Sheets are %(sheets)s, each as .csv or in an .xlsx.")
            % {"sheets": ", ".join(sheet.code for sheet in workbook.sheets)}
        )
    order = {sheet.code: place for place, sheet in enumerate(workbook.sheets)}
    return sorted(tables, key=lambda table: order[table.sheet.code])


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        each
        for each in path.iterdir()
        if each.suffix.casefold() in ENDINGS and not each.name.startswith((".", "~"))
    )


def _tables(path: Path, workbook: Workbook) -> Iterator[Table]:
    """One table of a text file; in a workbook, the first fitting header of each tab."""
    by_tab: dict[str, list[Source]] = {}
    for source in find_sources(path):
        by_tab.setdefault(source.sheet, []).append(source)
    found = [each for tab, sources in by_tab.items() if (each := _fitting(tab, sources, workbook))]
    if not found:
        raise UnreadableFile(
            _(
                "%(file)s holds no sheet that is known: none has the columns of one. Name the "
                "file or the tab after its sheet (%(sheets)s) and keep the header of an export."
            )
            % {"file": path.name, "sheets": ", ".join(sheet.code for sheet in workbook.sheets)}
        )
    for sheet, source in found:
        yield _table(sheet, source)


def _fitting(
    tab: str, sources: Sequence[Source], workbook: Workbook
) -> tuple[Sheet, Source] | None:
    for source in sources:
        if sheet := _sheet_of(tab or source.path.stem, source, workbook):
            return sheet, source
    return None


def _sheet_of(name: str, source: Source, workbook: Workbook) -> Sheet | None:
    """The sheet that file or tab are named after, where its keys are there; else the one sheet
    that has the most of the columns."""
    header = {_column(cell) for cell in source.header}
    fitting = [sheet for sheet in workbook.sheets if set(sheet.keys) <= header]
    for sheet in fitting:
        if name.strip().casefold() in (sheet.code, str(sheet.label).casefold()):
            return sheet
    known = [(len(header & {c.code for c in sheet.columns}), sheet) for sheet in fitting]
    best = max((count for count, _sheet in known), default=0)
    candidates = [sheet for count, sheet in known if count == best]
    return candidates[0] if len(candidates) == 1 else None


def _column(cell: str) -> str:
    return cell.strip().rstrip("*").strip().casefold().replace(" ", "_")


def _table(sheet: Sheet, source: Source) -> Table:
    origin = f"{source.path.name}, {source.sheet}" if source.sheet else source.path.name
    columns = _columns(sheet, source, origin)
    cells = read_table(source, {f"c{place}": name for place, name in enumerate(columns.values())})
    if len(cells) > MOST_ROWS:
        raise UnreadableFile(
            _("%(file)s has %(rows)d rows; at most %(most)d are read at once. Part it.")
            % {"file": origin, "rows": len(cells), "most": MOST_ROWS}
        )
    is_csv = source.kind == "csv"
    names = list(columns)
    taken = cells[[f"c{place}" for place in range(len(names))]].itertuples(index=False, name=None)
    lines = [
        Line(
            int(number),
            {name: _cell(text, is_csv) for name, text in zip(names, row, strict=True)},
            fault,
        )
        for number, fault, row in zip(cells["line"], cells["fault"], taken, strict=True)
    ]
    full = [line for line in lines if line.fault or any(line.cells.values())]
    return Table(sheet, origin, tuple(names), full, source.said, source.notes)


def _columns(sheet: Sheet, source: Source, origin: str) -> dict[str, str]:
    """{our column: the file's}. What is not known is refused: no slip of the pen is lost."""
    known = [column.code for column in sheet.columns] + [REMOVE]
    found: dict[str, str] = {}
    for cell in source.header:
        name = _column(cell)
        if not name or name.startswith("#"):
            continue
        if name not in known:
            raise UnreadableFile(_not_known(origin, cell, name, sheet, known))
        source.position(cell)
        if name in found:
            raise UnreadableFile(
                _("%(file)s has the column “%(column)s” more than once. Keep one of them.")
                % {"file": origin, "column": name}
            )
        found[name] = cell
    return found


def _not_known(origin: str, cell: str, name: str, sheet: Sheet, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    said = _("%(file)s has a column “%(column)s”, which the sheet %(sheet)s does not know.") % {
        "file": origin,
        "column": cell,
        "sheet": sheet.code,
    }
    if near:
        return said + " " + _("Is “%(near)s” meant?") % {"near": near[0]}
    return (
        said
        + " "
        + _("Rename it, or begin its name with # to keep it unread. Known: %(columns)s.")
        % {"columns": ", ".join(known)}
    )


def _cell(text: str, is_csv: bool) -> str:
    """Without the apostrophe that an export to CSV has put there, and without margins."""
    text = text.removeprefix("'") if is_csv and _GUARDED.match(text) else text
    return text.replace("\r\n", "\n").strip()
