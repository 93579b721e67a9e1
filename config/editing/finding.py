"""Which rows of a table a page is about: those that hold some words, or those that a form names."""

from collections.abc import Iterable

from config.editing.form import mark_of
from journal.sheets import Sheet
from journal.sheets.described import Row


def with_words(sheet: Sheet, rows: Iterable[Row], query: str) -> list[Row]:
    """The rows that hold every word of a search somewhere in their cells."""
    words = query.casefold().split()
    return [row for row in rows if not words or _holds(sheet, row, words)]


def _holds(sheet: Sheet, row: Row, words: Iterable[str]) -> bool:
    whole = " ".join(sheet.texts(row).values()).casefold()
    return all(word in whole for word in words)


def with_marks(sheet: Sheet, rows: Iterable[Row], marks: str) -> list[Row]:
    """The rows of a form that was sent, whether a search would still find them or not."""
    wanted = set(marks.split())
    return [row for row in rows if mark_of(sheet, sheet.texts(row)) in wanted]
