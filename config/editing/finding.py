"""Which rows of a table a page is about: those that hold some words, or those that a form names."""

import json

from journal.sheets import Found, Key, Sheet
from journal.sheets.described import Row


def with_words(sheet: Sheet, query: str) -> Found:
    """The rows that hold every word of a search somewhere in their cells."""
    return sheet.found(query.casefold().split())


def named(sheet: Sheet, keys: list[Key]) -> list[Row]:
    """The rows of a form that was sent, whether a search would still find them or not."""
    rows = sheet.some(keys)
    return [rows[key] for key in keys if key in rows]


def keys_of(sheet: Sheet, told: str, most: int) -> list[Key]:
    """The rows that a form says it is about; a form that was tampered with names none."""
    try:
        said = json.loads(told)
        keys = [tuple(key) for key in said if all(isinstance(text, str) for text in key)]
    except (ValueError, TypeError):
        return []
    return [key for key in dict.fromkeys(keys) if len(key) == len(sheet.keys)][:most]
