"""Outlet: tables that people bring as files: CSV in any common encoding, Excel, Parquet.

Nothing is guessed in silence: how a file was read is said, and what it does not prove is asked.
"""

from journal.tables.files import find_sources, read_sample, read_table
from journal.tables.notation import (
    Undecided,
    possible_days,
    read_moments,
    read_numbers,
    without_sign,
)
from journal.tables.sources import Source, UnreadableFile, told

__all__ = [
    "Source",
    "Undecided",
    "UnreadableFile",
    "find_sources",
    "possible_days",
    "read_moments",
    "read_numbers",
    "read_sample",
    "read_table",
    "told",
    "without_sign",
]
