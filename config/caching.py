"""The cache in Redis, which may be away: then nothing is remembered and pages go on."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class ForgetfulRedisCache(RedisCache):
    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        with suppress(RedisError):
            return super().get(key, default, version)
        return default

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        with suppress(RedisError):
            return super().get_many(keys, version)
        return {}

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        with suppress(RedisError):
            super().set(key, value, timeout, version)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        with suppress(RedisError):
            return super().add(key, value, timeout, version)
        return False

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Raises ValueError where nothing is remembered of the key."""
        try:
            return super().incr(key, delta, version)
        except RedisError as away:
            raise ValueError(f"Key {key!r} not found") from away

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with suppress(RedisError):
            return super().touch(key, timeout, version)
        return False

    def delete(self, key: Any, version: int | None = None) -> bool:
        with suppress(RedisError):
            return super().delete(key, version)
        return False

    def set_many(
        self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Returns the keys that were not kept."""
        with suppress(RedisError):
            return super().set_many(data, timeout, version)
        return list(data)
