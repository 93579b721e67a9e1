"""What an app says of a sheet: its columns, what identifies a row, how rows are written."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from journal.sheets.finding import Found
from journal.sheets.kinds import Kind

Text: TypeAlias = str | Promise
# values by column; a row of a sheet knows all of its columns
Row: TypeAlias = dict[str, Any]
# the texts of the key columns
Key: TypeAlias = tuple[str, ...]
# what other rows call a row: sheet, and the texts that they know it by
Name: TypeAlias = tuple[str, Key]

REMOVE = "remove"
# so many rows are read by themselves; for more, their whole sheet is
FEW = 500


@dataclass(frozen=True)
class Column:
    """One column, known by `code`, which is its header in files.

    `refers` is the sheet whose rows its texts name. `default` is what an empty cell of a new row
    means. A `first_only` column is read for new rows alone; where `blank_keeps`, an empty cell
    leaves an existing row as it is. `translates` is the language and the text that it holds.
    """

    code: str
    kind: Kind
    required: bool = False
    default: Any = None
    refers: str = ""
    first_only: bool = False
    blank_keeps: bool = False
    translates: tuple[str, str] | None = None

    @property
    def empty(self) -> Any:
        """What a row holds whose cell is empty: the default, or where it is needed, nothing."""
        return self.kind.nothing if self.required else self.default


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell, or with a row where `column` is empty, and what to do."""

    change: "Change"
    column: str
    text: str


@dataclass(frozen=True)
class Change:
    """A row as it is and as it would be; `before` is None for a new one, `after` for a removed."""

    sheet: "Sheet"
    key: Key
    before: Row | None
    after: Row | None
    line: int = 0
    origin: str = ""

    @property
    def row(self) -> Row:
        return self.after if self.after is not None else self.before or {}

    @cached_property
    def fields(self) -> list[tuple[str, str, str]]:
        """(column, text before, text after) of the cells that differ."""
        old, new = self.sheet.texts(self.before), self.sheet.texts(self.after)
        return [(name, old[name], new[name]) for name in old if old[name] != new[name]]

    @property
    def told(self) -> tuple[dict[str, str] | None, dict[str, str] | None]:
        """The cells before and after; None where there is no row."""
        before, after = (
            None if row is None else self.sheet.texts(row) for row in (self.before, self.after)
        )
        return before, after

    def changes(self, column: str) -> bool:
        return any(column == name for name, _old, _new in self.fields)


@dataclass(frozen=True)
class Changes:
    """What a sheet has to write: rows that are whole, and by whom and when."""

    created: Sequence[Change]
    changed: Sequence[Change]
    at: datetime
    by: str
    batch: str

    @property
    def all(self) -> list[Change]:
        return [*self.created, *self.changed]


class Sheet(ABC):
    """One kind of rows. What differs between sheets is overridden; the rest is the same for all."""

    code: ClassVar[str]
    label: ClassVar[Text]
    purpose: ClassVar[Text]
    columns: ClassVar[tuple[Column, ...]]
    keys: ClassVar[tuple[str, ...]]
    # sheets that must come first
    after: ClassVar[tuple[str, ...]] = ()
    # permissions: to download, and to upload
    view: ClassVar[str]
    change: ClassVar[str]
    # what other sheets call a row is its key
    called_by_key: ClassVar[bool] = True

    @abstractmethod
    def load(self) -> dict[Key, Row]:
        """Everything that there is, in the order of an export; a constant number of queries."""

    def count(self) -> int:
        """How many rows there are."""
        return len(self.load())

    def some(self, keys: Collection[Key]) -> dict[Key, Row]:
        """The rows of a few keys, as far as there are such."""
        wanted = set(keys)
        return {key: row for key, row in self.load().items() if key in wanted}

    def found(self, words: Sequence[str]) -> Found:
        """The rows that hold every word somewhere in their cells, in the order of an export;
        words are in small letters."""
        return [row for row in self.load().values() if self._holds(row, words)]

    def _holds(self, row: Row, words: Sequence[str]) -> bool:
        whole = " ".join(self.texts(row).values()).casefold() if words else ""
        return all(word in whole for word in words)

    @abstractmethod
    def write(self, changes: Changes) -> None:
        """Create and change rows, in the caller's transaction."""

    @abstractmethod
    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        """Remove rows, in the caller's transaction; sheets that depend on them have done so."""

    def settle(self, row: Row, book: "Book") -> Row:
        """What a row means once its cells are read: defaults that hang on other cells."""
        return row

    def idle(self, texts: Mapping[str, str]) -> frozenset[str]:
        """The columns that mean nothing in a row of these texts."""
        return frozenset()

    def faults(self, changes: Sequence[Change], book: "Book") -> Iterator[Fault]:
        """What is wrong with rows that are read already and name only rows that exist."""
        return iter(())

    def kept(self, removed: Sequence[Change], book: "Book") -> Iterator[Fault]:
        """Why rows cannot be removed, beyond other sheets' rows that name them."""
        return iter(())

    def name_of(self, row: Row) -> Key:
        """What other sheets call the row."""
        return self.key_of(row)

    def mentions(self, row: Row, book: "Book") -> Iterator[Name]:
        """The rows that this row names: those stay while this one does."""
        for column in self.columns:
            if column.refers and row[column.code]:
                yield column.refers, (column.kind.text(row[column.code]),)

    def key_of(self, row: Row) -> Key:
        return tuple(self.column(code).kind.text(row[code]) for code in self.keys)

    def column(self, code: str) -> Column:
        return self._by_code[code]

    @cached_property
    def _by_code(self) -> dict[str, Column]:
        return {column.code: column for column in self.columns}

    def blank(self) -> Row:
        """A new row before anything is known of it."""
        return {column.code: column.empty for column in self.columns}

    def texts(self, row: Row | None) -> dict[str, str]:
        """The cells of a row as a file holds them; without a row they are empty."""
        known = row or {}
        return {column.code: column.kind.text(known.get(column.code)) for column in self.columns}


@dataclass(frozen=True)
class Workbook:
    """All sheets of a shop, in the order in which they are written."""

    sheets: Sequence[Sheet]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for sheet in self.sheets:
            if missing := set(sheet.after) - seen:
                raise ValueError(f"{sheet.code} comes before {missing}")
            seen.add(sheet.code)

    def sheet(self, code: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.code == code)

    def knows(self, code: str) -> bool:
        return any(sheet.code == code for sheet in self.sheets)

    def naming(self, code: str) -> list[Sheet]:
        """The sheets whose rows may name rows of this one."""
        return [
            sheet
            for sheet in self.sheets
            if code in sheet.after or any(code == column.refers for column in sheet.columns)
        ]


@dataclass
class Book:
    """What there is, read once, and what there would be after the changes at hand.

    Where only a few rows of a sheet are asked for (`expect`, `row`), only those are read.
    """

    workbook: Workbook
    _few: dict[str, dict[Key, Row | None]] = field(default_factory=dict)
    _changes: dict[str, dict[Key, Row | None]] = field(default_factory=dict)
    _current: dict[str, dict[Key, Row]] = field(default_factory=dict)
    _planned: dict[str, dict[Key, Row]] = field(default_factory=dict)
    _names: dict[str, set[Key]] = field(default_factory=dict)
    # rows of the files that are refused; they stay planned, so that nobody else is blamed for them
    refused: set[tuple[str, Key]] = field(default_factory=set)
    # what sheets have worked out from the rows, to be found again
    memo: dict[str, Any] = field(default_factory=dict)

    def current(self, code: str) -> dict[Key, Row]:
        if code not in self._current:
            self._current[code] = self.workbook.sheet(code).load()
        return self._current[code]

    def planned(self, code: str) -> dict[Key, Row]:
        if code not in self._planned:
            self._planned[code] = self.changed(code, self.current(code))
        return self._planned[code]

    def expect(self, code: str, keys: Collection[Key]) -> None:
        """Read the rows that will be asked for: a few by themselves, many with their sheet."""
        few = self._few.setdefault(code, {})
        fresh = set(keys) - few.keys()
        if code in self._current or not fresh:
            return
        if len(fresh) > FEW:
            self.current(code)
            return
        found = self.workbook.sheet(code).some(fresh)
        few.update({key: found.get(key) for key in fresh})

    def row(self, code: str, key: Key) -> Row | None:
        """A row as it is."""
        if code not in self._current and key in self._few.get(code, {}):
            return self._few[code][key]
        return self.current(code).get(key)

    def planned_row(self, code: str, key: Key) -> Row | None:
        changes = self._changes.get(code, {})
        return changes[key] if key in changes else self.row(code, key)

    def plan(self, code: str, key: Key, after: Row | None) -> None:
        """From now on the row is planned to be so, or to be gone."""
        self._changes.setdefault(code, {})[key] = after
        if code in self._planned:
            _put(self._planned[code], key, after)

    def removed(self, code: str) -> list[Row]:
        """The rows that are planned to be gone."""
        gone = [key for key, after in self._changes.get(code, {}).items() if after is None]
        return [row for key in gone if (row := self.row(code, key)) is not None]

    def changed(self, code: str, rows: Mapping[Key, Row]) -> dict[Key, Row]:
        """Rows of a sheet with all that is planned for it."""
        planned = dict(rows)
        for key, after in self._changes.get(code, {}).items():
            _put(planned, key, after)
        return planned

    def knows(self, code: str, name: Key) -> bool:
        """Whether a row is called so; asked when all changes are planned."""
        if self.workbook.sheet(code).called_by_key:
            return self.planned_row(code, name) is not None
        return name in self.names(code)

    def names(self, code: str) -> set[Key]:
        """What rows of a sheet are called; asked when all changes are planned."""
        if code not in self._names:
            sheet = self.workbook.sheet(code)
            self._names[code] = {sheet.name_of(row) for row in self.planned(code).values()}
        return self._names[code]


def _put(rows: dict[Key, Row], key: Key, after: Row | None) -> None:
    if after is None:
        rows.pop(key, None)
    else:
        rows[key] = after


def unknown(sheet: Sheet, text: str) -> str:
    return _("There is no “%(text)s” in the sheet %(sheet)s. Add it there or correct the cell.") % {
        "text": text,
        "sheet": sheet.code,
    }
