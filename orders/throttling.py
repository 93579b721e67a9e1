"""Slow down who guesses passwords: after ten failures for a name from one address, wait."""

import hashlib
from datetime import timedelta

from django.core.cache import cache

MOST_FAILURES = 10
WAIT = timedelta(minutes=15)


def must_wait(username: str, address: str) -> bool:
    """Whether so many tries have failed that the next one is not even looked at."""
    return bool(cache.get(_key(username, address), 0) >= MOST_FAILURES)


def failed(username: str, address: str) -> None:
    """Note a failure; each one begins the wait anew, until no more are looked at."""
    key = _key(username, address)
    cache.add(key, 0, WAIT.total_seconds())
    try:
        cache.incr(key)
        cache.touch(key, WAIT.total_seconds())
    except ValueError:  # ran out just now
        cache.set(key, 1, WAIT.total_seconds())


def forget(username: str, address: str) -> None:
    """The right password was given."""
    cache.delete(_key(username, address))


def _key(username: str, address: str) -> str:
    told = f"{username.strip().casefold()} {address}"
    return "sign-in:" + hashlib.sha256(told.encode()).hexdigest()
