"""Backup and restore: one archive, checked before anything of a shop is touched."""

from collections.abc import Callable

Advance = Callable[[int], None]
# Told what begins and how many bytes it has; what it returns is told of every bunch that is done.
Watch = Callable[[str, int], Advance]


class Refused(Exception):
    """It was not done; the text says why and what to do, and the shop is as it was."""
