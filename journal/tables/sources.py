"""Where a table stands in a file, and how its text is written."""

from dataclasses import dataclass
from pathlib import Path


class UnreadableFile(Exception):
    """The file cannot be read as a table; nothing was imported."""


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
            numbers = " and ".join(str(place + 1) for place in places)
            raise UnreadableFile(
                f"{self.path.name} has the column “{column}” more than once (columns {numbers}). "
                "Rename all but one of them."
            )
        return places[0]
