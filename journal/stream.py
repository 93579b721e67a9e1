"""The live stream `/live/`: what has just happened, to staff who watch (server-sent events).

One reader per process asks the database once a second while anybody watches, however many do.
A watcher who was away says with `Last-Event-ID` what it saw last and gets what it missed.
"""

import asyncio
import json
from collections.abc import AsyncGenerator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from journal.models import Transition

EVERY_SECONDS = 1.0
STILL_HERE_AFTER = 15  # readings without news
MOST_MISSED = 500
STILL_HERE = ": still here\n\n"
MISSED = "event: missed\ndata: {}\n\n"
NEWS_OF = "id", "kind", "object_id", "from_status", "to_status", "at"

Queue = asyncio.Queue[str]


class Newsroom:
    """Reads new transitions and hands them to every watcher's queue."""

    def __init__(self) -> None:
        self.watchers: set[Queue] = set()
        self.reader: asyncio.Task[None] | None = None

    async def watch(self, last_seen: int | None) -> AsyncGenerator[str, None]:
        """Everything after `last_seen`, or from now on; a comment where nothing happens."""
        newest = await _newest()
        queue: Queue = asyncio.Queue(maxsize=MOST_MISSED)
        self.watchers.add(queue)
        if self.reader is None or self.reader.done():
            self.reader = asyncio.create_task(self._read(newest))
        try:
            yield "retry: 2000\n\n"
            if last_seen is not None:
                for _number, message in await _news(last_seen):
                    yield message
            while True:
                yield await queue.get()
        finally:
            self.watchers.discard(queue)

    async def _read(self, newest: int) -> None:
        quiet = 0
        while self.watchers:
            await asyncio.sleep(EVERY_SECONDS)
            fresh = await _news(newest)
            quiet = 0 if fresh else quiet + 1
            for number, message in fresh:
                self._tell(message)
                newest = number
            if quiet == STILL_HERE_AFTER:
                self._tell(STILL_HERE)
                quiet = 0

    def _tell(self, message: str) -> None:
        for queue in self.watchers:
            if queue.full():  # it does not read: it gets told that it has missed something
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(MISSED)
            queue.put_nowait(message)


async def _newest() -> int:
    last = await Transition.objects.order_by("-pk").values_list("pk", flat=True).afirst()
    return last or 0


async def _news(after: int) -> list[tuple[int, str]]:
    rows = Transition.objects.filter(pk__gt=after).order_by("pk")[:MOST_MISSED]
    return [(row["id"], _message(row)) async for row in rows.values(*NEWS_OF)]


def _message(row: dict[str, object]) -> str:
    data = json.dumps(row, default=str)
    return f"id: {row['id']}\nevent: {row['kind']}\ndata: {data}\n\n"


_newsroom = Newsroom()


async def live(request: HttpRequest) -> HttpResponseBase:
    """The stream, for staff."""
    user = await request.auser()
    if not user.is_authenticated or not user.is_staff:
        return HttpResponse(status=403)
    seen = request.headers.get("Last-Event-ID", "")
    return StreamingHttpResponse(
        _newsroom.watch(int(seen) if seen.isdecimal() and len(seen) < 19 else None),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
