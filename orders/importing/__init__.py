"""Order logs of other systems: read under a mapping, sorted line by line, written once."""

from orders.importing.mapping import BadMapping, Mapping, find_mapping, read_mapping
from orders.importing.reading import UnreadableFile, read_header, read_log
from orders.importing.sorting import REASONS, SortedLog, sort_lines
from orders.importing.writing import ImportReport, write_log

__all__ = [
    "REASONS",
    "BadMapping",
    "ImportReport",
    "Mapping",
    "SortedLog",
    "UnreadableFile",
    "find_mapping",
    "read_header",
    "read_log",
    "read_mapping",
    "sort_lines",
    "write_log",
]
