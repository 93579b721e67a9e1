"""What a run took: seconds by the wall and of the CPU, and when it had something to show."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since its making, and when something was seen first."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        self.first: float | None = None

    def seen(self, *_: object) -> None:
        if self.first is None:
            self.first = time.perf_counter() - self.wall

    def past(self, seconds: float) -> Callable[[], bool]:
        return lambda: time.perf_counter() - self.wall > seconds

    def burnt(self, seconds: float) -> Callable[[], bool]:
        return lambda: time.process_time() - self.cpu > seconds

    def told(self) -> dict[str, float | None]:
        return {
            "first_ms": None if self.first is None else round(1000 * self.first, 1),
            "seconds": round(time.perf_counter() - self.wall, 2),
            "cpu_s": round(time.process_time() - self.cpu, 2),
        }
