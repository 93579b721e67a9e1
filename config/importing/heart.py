"""What an import tells of itself while a worker has it."""

from typing import Any

from config.importing.carrying import Watch
from config.models import ImportRun
from journal.leasing import Clock, Lease


class Heart:
    """Brings the progress of a run that a worker has claimed, and hears whether it is still its."""

    def __init__(self, run: ImportRun, clock: Clock) -> None:
        self.run, self.clock = run, clock
        # the row, while it is in the hands of the worker that claimed it
        self.held = ImportRun.objects.filter(pk=run.pk, status=run.status, attempts=run.attempts)
        self.lease = Lease(self.held, clock)
        self.lost = False
        self.lines = 0

    def watch(self) -> Watch:
        return Watch(
            step=lambda step: self.say(step=step),
            start=lambda lines: self.say(lines_total=lines, lines_done=0),
            progress=self._written,
            cancelled=lambda: self.lost,
        )

    def say(self, **said: Any) -> None:
        self.lost = not self.lease.extend(**said)

    def _written(self, lines: int) -> None:
        self.lines += lines
        if self.lease.is_due:
            self.say(lines_done=self.lines)
