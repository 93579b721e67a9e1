"""Staff see what has just happened; a watcher who was away gets what it missed."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from journal import stream
from journal.models import User
from journal.moving import lifecycle, record

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOOR = lifecycle("door", {"": "open", "open": "closed", "closed": ""})

pytestmark = pytest.mark.django_db(transaction=True)


def happens(number):
    return record(DOOR, [(number, "")], "open", by="alice", at=NOW)[0]


def told(message):
    data = next(line for line in message.splitlines() if line.startswith("data: "))
    return json.loads(data.removeprefix("data: "))["object_id"]


@pytest.fixture(autouse=True)
def outside_of_any_loop():
    """A browser test before this one may have left its event loop running in this thread."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(stream, "EVERY_SECONDS", 0.01)


def test_every_watcher_hears_what_happens_while_it_watches():
    happens(1)

    async def scene():
        room = stream.Newsroom()
        watchers = [room.watch(None), room.watch(None)]
        for watcher in watchers:
            assert (await anext(watcher)).startswith("retry")
        heard = [asyncio.ensure_future(anext(watcher)) for watcher in watchers]
        await asyncio.sleep(0)
        await sync_to_async(happens)(2)
        numbers = [told(message) for message in await asyncio.wait_for(asyncio.gather(*heard), 10)]
        for watcher in watchers:
            await watcher.aclose()
        return numbers, room.watchers

    numbers, left = async_to_sync(scene)()
    assert numbers == [2, 2]
    assert left == set()


def test_a_watcher_who_was_away_gets_what_it_missed_once():
    seen = happens(1)
    happens(2)
    happens(3)

    async def scene():
        watcher = stream.Newsroom().watch(seen.pk)
        messages = [await anext(watcher) for _ in range(3)]
        await watcher.aclose()
        return [told(message) for message in messages[1:]]

    assert async_to_sync(scene)() == [2, 3]


def test_a_watcher_that_does_not_read_is_told_that_it_missed_something():
    room = stream.Newsroom()
    slow: asyncio.Queue[str] = asyncio.Queue(maxsize=2)
    room.watchers.add(slow)
    for number in range(3):
        room._tell(f"news {number}")
    assert [slow.get_nowait(), slow.get_nowait()] == [stream.MISSED, "news 2"]


def test_only_staff_may_watch(client):
    assert client.get("/live/").status_code == 403
    client.force_login(User.objects.create_user("bob"))
    assert client.get("/live/").status_code == 403
