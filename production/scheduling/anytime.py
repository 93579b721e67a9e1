"""What a search is given that may be stopped at any time."""

from collections.abc import Callable

Deadline = Callable[[], bool]  # asked now and then; True ends the search
Progress = Callable[[int, int], None]  # told the moves made and the cost of the best plan so far
