"""Order logs of other systems: read under a mapping, sorted line by line, written once."""

from journal.tables import Source, UnreadableFile, find_sources, read_sample
from orders.importing.guessing import Guess, guess_mapping
from orders.importing.mapping import (
    BadMapping,
    Mapping,
    fitting_mapping,
    read_mapping,
)
from orders.importing.reading import find_source, read_log
from orders.importing.sorting import FLAGS, REASONS, SortedLog, sort_lines
from orders.importing.writing import ImportReport, write_log

__all__ = [
    "FLAGS",
    "REASONS",
    "BadMapping",
    "Guess",
    "ImportReport",
    "Mapping",
    "SortedLog",
    "Source",
    "UnreadableFile",
    "find_source",
    "find_sources",
    "fitting_mapping",
    "guess_mapping",
    "read_log",
    "read_mapping",
    "read_sample",
    "sort_lines",
    "write_log",
]
