"""Under which mapping a file is read: one that a person named, a shipped one, or a guess."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from orders import importing

MAPPINGS = settings.BASE_DIR / "config" / "mappings"
# of a shop whose file names no other
CURRENCY = "EUR"


@dataclass(frozen=True)
class Chosen:
    """The table of a file and the mapping that it is read under, with the mapping's entries."""

    source: importing.Source
    mapping: importing.Mapping
    entries: dict[str, Any]


class GuessNeeded(Exception):
    """No mapping fits the file. A person reads the guess and then imports with `chosen`, or not."""

    def __init__(self, chosen: Chosen, guess: importing.Guess) -> None:
        super().__init__("No mapping fits the file.")
        self.chosen = chosen
        self.guess = guess


def choose(path: Path, *, mapping: Path | None, sheet: str = "", encoding: str = "") -> Chosen:
    """The named mapping, else the first shipped one that fits.

    Raises `GuessNeeded` where there is only a guess, `importing.UnreadableFile` or `BadMapping`
    where the file cannot be read or nothing can be guessed.
    """
    if mapping:
        entries = importing.read_entries(mapping)
        return choose_with(path, entries, str(mapping), sheet=sheet, encoding=encoding)
    sources = importing.find_sources(path, sheet=sheet, encoding=encoding)
    if chosen := _shipped(sources):
        return chosen
    raise _guessed(sources)


def choose_with(
    path: Path, entries: dict[str, Any], whose: str, *, sheet: str = "", encoding: str = ""
) -> Chosen:
    """The entries of a mapping and the table that they fit; `whose` names them in an error."""
    rules = importing.build_mapping(entries, whose)
    source = importing.find_source(path, rules, sheet=sheet, encoding=encoding)
    return Chosen(source, rules, entries)


def _shipped(sources: list[importing.Source]) -> Chosen | None:
    shipped = [importing.read_entries(path) for path in sorted(MAPPINGS.glob("*.toml"))]
    known = [
        (importing.build_mapping(entries, "A shipped mapping"), entries) for entries in shipped
    ]
    for source in sources:
        for rules, entries in known:
            if rules.fits(source.header):
                return Chosen(source, rules, entries)
    return None


def _guessed(sources: list[importing.Source]) -> GuessNeeded:
    """The guess for the first table that one can be made for.

    Raises `importing.NoGuess` for the table of which most columns can be guessed.
    """
    refusals = []
    for source in sources:
        try:
            guess = importing.guess_mapping(
                source,
                importing.read_sample(source),
                time_zone=settings.PLANT_TIME_ZONE,
                currency=CURRENCY,
            )
        except importing.NoGuess as error:
            refusals.append(error)
        else:
            return GuessNeeded(Chosen(source, guess.mapping, guess.entries), guess)
    raise min(refusals, key=lambda refusal: len(refusal.missing))
