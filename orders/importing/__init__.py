"""Order logs of other systems: read under a mapping, sorted line by line, written once."""

from journal.tables import Source, UnreadableFile, find_sources, read_sample
from orders.importing.counting import ImportReport, imported_rows
from orders.importing.guessing import Guess, NoGuess, examples_of, guess_mapping
from orders.importing.known import Known, known_orders
from orders.importing.mapping import (
    COLUMNS,
    OPTIONAL,
    BadMapping,
    Mapping,
    build_mapping,
    fitting_mapping,
    read_entries,
    read_mapping,
)
from orders.importing.reading import find_source, read_log
from orders.importing.reasons import FLAGS, REASONS, reason_of
from orders.importing.sorting import SortedLog, sort_lines
from orders.importing.writing import write_log

__all__ = [
    "COLUMNS",
    "FLAGS",
    "OPTIONAL",
    "REASONS",
    "BadMapping",
    "Guess",
    "ImportReport",
    "Known",
    "Mapping",
    "NoGuess",
    "SortedLog",
    "Source",
    "UnreadableFile",
    "build_mapping",
    "examples_of",
    "find_source",
    "find_sources",
    "fitting_mapping",
    "guess_mapping",
    "imported_rows",
    "known_orders",
    "read_entries",
    "read_log",
    "read_mapping",
    "read_sample",
    "reason_of",
    "sort_lines",
    "write_log",
]
