"""Where a table stands in a file, and how its text is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

EXAMPLE, AND = _("%(cell)s in line %(line)d"), _(" and ")


class UnreadableFile(Exception):
    """The file cannot be read as a table; nothing was imported.

    Its text is English; `said` is what a page may keep and tell in the reader's language.
    """

    def __init__(self, text: str, **facts: Any) -> None:
        self.text, self.facts = text, facts
        super().__init__(_filled(text, facts, str) if facts else text)

    @property
    def said(self) -> dict[str, Any]:
        return {"text": self.text, "facts": self.facts}


def told(said: Mapping[str, Any]) -> str:
    """What an `UnreadableFile` said, in the language of whoever reads it."""
    return _filled(said["text"], said["facts"], gettext) if said["facts"] else said["text"]


def _filled(text: str, facts: Mapping[str, Any], word: Callable[[str], str]) -> str:
    ready = {name: _ready(value, word) for name, value in facts.items()}
    return word(text) % ready


def _ready(value: Any, word: Callable[[str], str]) -> Any:
    """A list is joined; what stands in it as a pair is a cell and its line."""
    if isinstance(value, list):
        return word(AND).join(_named(one, word) for one in value)
    return value


def _named(one: Any, word: Callable[[str], str]) -> str:
    if isinstance(one, tuple | list):
        cell, line = one
        return word(EXAMPLE) % {"cell": cell, "line": line}
    return str(one)


@dataclass(frozen=True)
class Source:
    """One table of a file. `said` tells how it was read, `notes` what a person should look at."""

    path: Path
    kind: str
    header: tuple[str, ...]
    said: str
    notes: tuple[str, ...] = ()
    # text files
    encoding: str = ""
    example: str = ""  # a line as it reads where the encoding is a guess
    delimiter: str = ""
    newlines: int = 0
    ends: bool = True
    nul: bool = False
    # workbooks
    sheet: str = ""
    header_row: int = 1

    def position(self, column: str) -> int:
        """Where a column stands. Raises `UnreadableFile` where its name stands there twice."""
        places = [i for i, name in enumerate(self.header) if name == column]
        if len(places) > 1:
            raise UnreadableFile(
                _(
                    "%(file)s has the column “%(column)s” more than once (columns %(numbers)s). "
                    "Rename all but one of them."
                ),
                file=self.path.name,
                column=column,
                numbers=[place + 1 for place in places],
            )
        return places[0]
