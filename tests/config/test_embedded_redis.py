import subprocess
from pathlib import Path

import pytest
import redis
from kombu import Connection

from config import embedded_redis

STRANGE = Path("/srv/Alice, Bob; & Söhne #1 50%/redis.sock")


def test_the_socket_lies_beside_its_data_in_a_private_folder(tmp_path):
    at = embedded_redis.socket_path(tmp_path)
    assert at == tmp_path / "redis" / "redis.sock"
    assert at.parent.stat().st_mode & 0o777 == 0o700


def test_a_path_too_long_for_a_socket_gets_a_short_one_always_the_same(tmp_path):
    deep = tmp_path / ("long" * 20) / ("longer" * 10)
    deep.mkdir(parents=True)
    at = embedded_redis.socket_path(deep)
    assert len(str(at).encode()) <= 107
    assert at == embedded_redis.socket_path(deep)
    assert at != embedded_redis.socket_path(deep.parent / "other")


def test_a_folder_that_is_a_link_is_not_trusted(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "redis").symlink_to(tmp_path / "elsewhere")
    assert embedded_redis.socket_path(tmp_path).parent != tmp_path / "redis"


def test_a_strange_path_survives_both_spellings_of_the_address():
    address = embedded_redis.url(STRANGE)
    pool = redis.ConnectionPool.from_url(address)
    assert pool.connection_kwargs["path"] == str(STRANGE)
    with Connection(embedded_redis.broker_url(address)) as connection:
        assert _unix_path(connection) == str(STRANGE)


def _unix_path(connection):
    """Where kombu would connect to, read from its own parameters without connecting."""
    channel_class = connection.transport.Channel
    channel = channel_class.__new__(channel_class)
    channel.connection = connection.transport
    channel.connection.client = connection
    return channel._connparams()["path"]


def test_an_address_over_the_network_is_left_as_it_is():
    assert embedded_redis.broker_url("rediss://redis:6380/3") == "rediss://redis:6380/3"


def test_a_machine_without_redis_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(embedded_redis, "find_spec", lambda name: None)
    with pytest.raises(embedded_redis.NoRedis, match="REDIS_URL"):
        embedded_redis.find_server()


def test_nothing_answers_where_no_redis_is(tmp_path):
    assert not embedded_redis.answers(embedded_redis.url(tmp_path / "redis.sock"))


@pytest.fixture
def server(tmp_path):
    """Starts the embedded Redis of `tmp_path` as often as it is called."""
    at = embedded_redis.socket_path(tmp_path)
    running = []

    def start():
        words = embedded_redis.command(embedded_redis.find_server(), tmp_path, at)
        running.append(subprocess.Popen(words, stdout=subprocess.DEVNULL))
        client = redis.Redis.from_url(
            embedded_redis.url(at),
            retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100),
        )
        client.ping()
        return running[-1], client

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_messages_outlive_a_restart_of_redis(server):
    process, client = server()
    client.rpush("default", "an order")
    process.terminate()
    process.wait()
    _, client = server()
    assert client.lrange("default", 0, -1) == [b"an order"]


def test_no_port_is_open(server):
    _, client = server()
    assert client.config_get("port") == {"port": "0"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_files_that_redis_cannot_read_are_set_aside_not_deleted(tmp_path):
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonly.aof").write_text("garbage")
    aside = embedded_redis.set_aside(tmp_path)
    assert aside is not None
    assert (aside / "appendonly.aof").read_text() == "garbage"
    assert embedded_redis.set_aside(tmp_path) is None
