"""Keep hold of a row while working on it, and notice when it was taken away.

A worker that claims a run sets its `lease_until` to `LEASE` from then. A lease that runs out tells
the sweep that its worker has died (docs/decisions/0003).
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet

logger = logging.getLogger("tailorline.leases")

LEASE = timedelta(seconds=45)
PULSE = timedelta(seconds=10)  # four may be missed: a writer may wait 20 s for a busy database
LONGEST_SILENCE = timedelta(minutes=30)  # work that says nothing for so long is stuck
BEAT_EVERY = timedelta(seconds=1)

Clock = Callable[[], datetime]


class Lease:
    """A worker's hold on one row: `held` is the row while it is in this worker's hands.

    A thread extends the lease while the work computes, which may take minutes; the work itself
    brings its progress, at most every `BEAT_EVERY`, and hears whether the row is still its own.
    """

    def __init__(self, held: "QuerySet[Any]", clock: Clock) -> None:
        self.held, self.clock = held, clock
        self.heard = clock()
        self.next_beat = self.heard

    @property
    def is_due(self) -> bool:
        """Whether it is time to tell how far the work is."""
        return self.clock() >= self.next_beat

    def extend(self, **said: Any) -> bool:
        """Tell how far the work is, in fields of the row; False where it was taken away."""
        self.heard = self.clock()
        self.next_beat = self.heard + BEAT_EVERY
        return self._extend(self.heard, **said)

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self.keep_alive, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=5)  # one that waits for the database ends by itself

    def keep_alive(self, done: threading.Event) -> None:
        """Extend until the work is done, the row is gone or the work is stuck."""
        try:
            while not done.wait(PULSE.total_seconds()):
                now = self.clock()
                if now - self.heard > LONGEST_SILENCE or not self._pulse(now):
                    break
        finally:
            connection.close()

    def _pulse(self, now: datetime) -> bool:
        try:
            return self._extend(now)
        except DatabaseError as error:  # the next one may get through
            logger.warning("A lease was not extended: %s", error)
            return True

    def _extend(self, now: datetime, **said: Any) -> bool:
        return bool(self.held.update(lease_until=now + LEASE, **said))
