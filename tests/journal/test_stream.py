"""Staff see what has just happened; a watcher who was away gets what it missed."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connections

from journal import stream
from journal.models import Transition, User
from journal.moving import lifecycle, record

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOOR = lifecycle("door", {"": "open", "open": "closed", "closed": ""})

pytestmark = pytest.mark.django_db(transaction=True)


def happens(number):
    record(DOOR, [(number, "")], "open", by="alice", at=NOW)
    return Transition.objects.latest("pk")


happens_meanwhile = sync_to_async(happens)


async def hears(watcher):
    """The next message; nobody waits for ever where it never comes."""
    return await asyncio.wait_for(anext(watcher), 30)


async def watching(room):
    """A watcher who watches from now on."""
    watcher = room.watch(None)
    assert (await hears(watcher)).startswith("retry")
    return watcher


def told(message):
    data = next(line for line in message.splitlines() if line.startswith("data: "))
    return json.loads(data.removeprefix("data: "))["object_id"]


def played(scene):
    """What a scene gives, in a thread that no browser test has left an event loop in."""

    def alone():
        try:
            return async_to_sync(scene)()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(alone).result()


@pytest.fixture(autouse=True)
def without_a_pause(monkeypatch):
    monkeypatch.setattr(stream, "EVERY_SECONDS", 0)


def test_every_watcher_hears_what_happens_while_it_watches():
    happens(1)

    async def scene():
        room = stream.Newsroom()
        watchers = [await watching(room), await watching(room)]
        await happens_meanwhile(2)
        numbers = [told(await hears(watcher)) for watcher in watchers]
        for watcher in watchers:
            await watcher.aclose()
        return numbers, room.watchers

    numbers, left = played(scene)
    assert numbers == [2, 2]
    assert left == set()


def test_a_watcher_who_was_away_gets_what_it_missed_once():
    seen = happens(1)
    happens(2)
    happens(3)

    async def scene():
        watcher = stream.Newsroom().watch(seen.pk)
        messages = [await hears(watcher) for _ in range(3)]
        await happens_meanwhile(4)
        messages.append(await hears(watcher))
        await watcher.aclose()
        return [told(message) for message in messages[1:]]

    assert played(scene) == [2, 3, 4]


def test_a_watcher_that_does_not_read_is_told_that_it_missed_something(monkeypatch):
    monkeypatch.setattr(stream, "MOST_MISSED", 2)

    async def scene():
        room = stream.Newsroom()
        attentive, asleep = await watching(room), await watching(room)
        for number in (1, 2, 3):
            await happens_meanwhile(number)
            assert told(await hears(attentive)) == number  # so everybody has been told
        messages = [await hears(asleep), await hears(asleep)]
        await attentive.aclose()
        await asleep.aclose()
        return messages

    missed, newest = played(scene)
    assert missed == stream.MISSED
    assert told(newest) == 3


@pytest.fixture
def outside_of_any_loop():
    """A browser test before this one may have left its event loop running in this thread; asyncio
    has no public way to step out of it."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


def test_only_staff_may_watch(client, outside_of_any_loop):
    assert client.get("/live/").status_code == 403
    client.force_login(User.objects.create_user("bob"))
    assert client.get("/live/").status_code == 403
