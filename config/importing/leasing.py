"""Keep hold of a run while working on it, show how far it is, and notice when it was taken away."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from config.importing.carrying import Watch
from config.models import ImportRun

logger = logging.getLogger("tailorline.imports")

LEASE = timedelta(seconds=45)
PULSE = timedelta(seconds=10)  # four may be missed: a writer may wait 20 s for a busy database
LONGEST_SILENCE = timedelta(minutes=30)  # a file that is read for so long is stuck
BEAT_EVERY = timedelta(seconds=1)

Clock = Callable[[], datetime]


class Heart:
    """Extends the lease of a run that a worker has claimed.

    A thread does so while a file is read, which may take minutes; the work itself brings its
    progress, at most once a second, and hears whether the run is still in its hands.
    """

    def __init__(self, run: ImportRun, clock: Clock) -> None:
        self.run, self.clock = run, clock
        self.last = clock() - BEAT_EVERY
        self.lost = False
        self.lines = 0

    def watch(self) -> Watch:
        return Watch(
            step=lambda step: self.say(step=step),
            start=lambda lines: self.say(lines_total=lines, lines_done=0),
            progress=self._written,
            cancelled=lambda: self.lost,
        )

    def held(self) -> "QuerySet[ImportRun]":
        """The row, while it is in the hands of the worker that claimed it."""
        run = self.run
        return ImportRun.objects.filter(pk=run.pk, status=run.status, attempts=run.attempts)

    def say(self, **said: Any) -> None:
        self.last = self.clock()
        self.lost = not self._extend(self.last, **said)

    def _written(self, lines: int) -> None:
        self.lines += lines
        if self.clock() - self.last >= BEAT_EVERY:
            self.say(lines_done=self.lines)

    def _extend(self, now: datetime, **said: Any) -> bool:
        return bool(self.held().update(lease_until=now + LEASE, **said))

    @contextmanager
    def beating(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self._keep_alive, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=5)  # one that waits for the database ends by itself

    def _keep_alive(self, done: threading.Event) -> None:
        try:
            while not done.wait(PULSE.total_seconds()):
                now = self.clock()
                if now - self.last > LONGEST_SILENCE or not self._pulse(now):
                    break
        finally:
            connection.close()

    def _pulse(self, now: datetime) -> bool:
        try:
            return self._extend(now)
        except DatabaseError as error:  # the next one may get through
            logger.warning("The lease of %s was not extended: %s", self.run, error)
            return True
