"""Kill things while the shop runs; nothing may be lost and nothing may stay behind."""

import http.client
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import redis

from config import embedded_redis

pytestmark = [
    pytest.mark.trial,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc"),
]
ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition, seconds=90.0, pause=0.1):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
    return found


def family(data_dir):
    """Every process of the shop on `data_dir`: number and command line.

    They are known by their environment; Redis writes its title over its own.
    """
    socket_of_redis = f"unixsocket:{embedded_redis.socket_path(data_dir)}"
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            own = f"DATA_DIR={data_dir}\0".encode() in (entry / "environ").read_bytes() + b"\0"
            if words and (own or socket_of_redis in words):  # no words: waits to be collected
                found[int(entry.name)] = words
    return found


def members(data_dir, *words):
    return [pid for pid, line in family(data_dir).items() if all(word in line for word in words)]


class Shop:
    """`manage.py up` in a folder with spaces, on a free port."""

    def __init__(self, folder):
        self.data_dir = folder / "Alice's data"
        self.data_dir.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.output = folder / "output"
        kept = {key: value for key, value in os.environ.items() if key not in {"REDIS_URL"}}
        self.env = {**kept, "DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        self.process = self.up()

    def up(self):
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                env=self.env,
                stdout=output,
                stderr=output,
                # the tests may run in the background, where Ctrl-C is for others
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )

    def said(self, text):
        return text in self.output.read_text()

    def ready(self):
        ended = self.process.poll
        wait_for(lambda: self.said("Tailorline is ready") or ended() is not None, 180)
        assert self.said("Tailorline is ready"), self.output.read_text()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with suppress(OSError):
            connection.request("GET", path)
            return connection.getresponse().status
        return None


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.process.kill()
    shop.process.wait()
    for pid in family(shop.data_dir):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_shop_leaves_no_process(shop, number):
    shop.ready()
    assert shop.get("/healthz") == 200
    assert len(family(shop.data_dir)) >= 9
    shop.process.send_signal(number)
    assert shop.process.wait(40) == 0
    assert family(shop.data_dir) == {}


def test_a_killed_supervisor_takes_every_process_with_it_and_the_shop_starts_again(shop):
    shop.ready()
    shop.process.kill()
    shop.process.wait()
    wait_for(lambda: not family(shop.data_dir), 10)
    shop.process = shop.up()
    shop.ready()


def test_a_stop_while_starting_leaves_no_process(shop):
    wait_for(lambda: members(shop.data_dir, "uvicorn"))
    shop.process.terminate()
    shop.process.wait(40)
    assert family(shop.data_dir) == {}


@pytest.mark.parametrize("words", [("uvicorn",), ("celery", "beat"), ("redis-server",)])
def test_a_killed_part_comes_back_without_hands(shop, words):
    shop.ready()
    [first] = members(shop.data_dir, *words)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: members(shop.data_dir, *words) not in ([], [first]))
    wait_for(lambda: shop.get("/readyz") == 200)


def test_after_redis_was_killed_the_sweep_goes_on_and_does_the_duties_that_wait(shop):
    shop.ready()
    os.kill(members(shop.data_dir, "redis-server")[0], signal.SIGKILL)
    with sqlite3.connect(shop.data_dir / "tailorline.sqlite3", timeout=20) as database:
        database.execute(
            "INSERT INTO journal_delivery (dedup_key, recipient, subject, body, status, attempts,"
            " due_at, error) VALUES ('kill', 'alice@example.com', 'Your lamp', '', 'pending', 0,"
            " '2026-01-01 00:00:00', '')"
        )
    database.close()
    wait_for(lambda: _delivery_status(shop) == "sent", 60)


def _delivery_status(shop):
    database = sqlite3.connect(shop.data_dir / "tailorline.sqlite3", timeout=20)
    [(status,)] = database.execute("SELECT status FROM journal_delivery WHERE dedup_key = 'kill'")
    database.close()
    return status


@pytest.fixture
def worker(tmp_path):
    """A worker of `slow_work` with a Redis of its own; gives the folder that it writes to."""
    for name in ("children", "done"):
        (tmp_path / name).mkdir()
    at = embedded_redis.socket_path(tmp_path)
    words = embedded_redis.command(embedded_redis.find_server(), tmp_path, at)
    broker = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    env = {**os.environ, "REDIS_URL": embedded_redis.url(at), "DATA_DIR": str(tmp_path)}
    wait_for(lambda: embedded_redis.answers(env["REDIS_URL"]))
    options = ["--queues", "default", "--concurrency", "2", "--loglevel", "ERROR"]
    celery = [sys.executable, "-m", "celery", "-A", "tests.trials.slow_work"]
    process = subprocess.Popen([*celery, "worker", *options], cwd=ROOT, env=env)
    yield tmp_path, env
    for running in (process, broker):
        running.kill()
        running.wait()


SEND = """
import sys
from tests.trials.slow_work import note
for number in range(60):
    note.apply_async(kwargs={"folder": sys.argv[1], "name": str(number)})
"""


def test_work_survives_the_death_of_the_children_that_do_it(worker):
    folder, env = worker
    subprocess.run([sys.executable, "-c", SEND, str(folder)], cwd=ROOT, env=env, check=True)
    chance = random.Random(7)
    killed = 0
    while killed < 5:
        wait_for(lambda: list((folder / "children").iterdir()))
        victim = chance.choice(list((folder / "children").iterdir()))
        victim.unlink()
        with suppress(ProcessLookupError):
            os.kill(int(victim.name), signal.SIGKILL)
            killed += 1
    wait_for(lambda: len(list((folder / "done").iterdir())) == 60)
    client = redis.Redis.from_url(env["REDIS_URL"])
    wait_for(lambda: not client.llen("default") and not client.hlen("unacked"))
