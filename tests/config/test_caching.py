"""A cache whose Redis is away remembers nothing and stops nobody."""

import pytest

from config.caching import ForgetfulRedisCache


def test_without_its_redis_the_cache_is_empty_and_no_error(tmp_path):
    cache = ForgetfulRedisCache(f"unix://{tmp_path}/nobody.sock", {})
    cache.set("lamp", 1)
    assert cache.get("lamp") is None
    assert cache.get("lamp", default=7) == 7
    assert cache.set_many({"lamp": 1, "mug": 2}) == ["lamp", "mug"]
    assert cache.get_many(["lamp", "mug"]) == {}


def test_without_its_redis_nothing_is_counted(tmp_path):
    cache = ForgetfulRedisCache(f"unix://{tmp_path}/nobody.sock", {})
    assert not cache.add("failures", 0)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("failures")
    assert not cache.touch("failures", 60)
    assert not cache.delete("failures")
