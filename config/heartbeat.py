"""A sign of life: the clock asks, a worker answers, the broker remembers when."""

from datetime import datetime
from pathlib import Path

import redis
from django.conf import settings

from config import embedded_redis, processes

KEY = "tailorline:heartbeat"


class NoBroker(Exception):
    """The broker does not answer."""


def broker() -> str:
    """The broker's address: of the settings, or of the shop that runs here; empty for none."""
    if settings.REDIS_URL:
        return str(settings.REDIS_URL)
    try:
        processes.claim_folder(Path(settings.DATA_DIR)).close()
    except processes.Occupied:
        return embedded_redis.url(embedded_redis.socket_path(Path(settings.DATA_DIR)))
    return ""


def note(redis_url: str, now: datetime) -> None:
    _client(redis_url).set(KEY, now.isoformat())


def last(redis_url: str) -> datetime | None:
    """When a worker last did what the clock asked for. Raises `NoBroker`."""
    try:
        noted = _client(redis_url).get(KEY)
    except (redis.RedisError, OSError) as error:
        raise NoBroker(str(error)) from error
    return datetime.fromisoformat(noted.decode()) if isinstance(noted, bytes) else None


def _client(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)
