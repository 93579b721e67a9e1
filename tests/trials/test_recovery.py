"""Kill −9 in the middle of the main job; nothing is lost, nothing doubled, and nobody helps."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from config import embedded_redis
from tests.trials.browsing import Browser, Forms
from tests.trials.test_platform import ROOT, Shop, family, members, wait_for

pytestmark = [
    pytest.mark.trial,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc"),
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="looks into the SQLite file"),
]
MOMENT = 0.01

SEED = """
from django.core.management import call_command
from django.utils import timezone
from config.demo import seeding
call_command("migrate", verbosity=0)
assert seeding.seed(timezone.localdate(), scale=0.4, weeks=78, watch=lambda rows: lambda more: 0)
"""


def shell(env, program, **values):
    """A few lines of Python in the shop's own environment."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in values.items())
    words = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", lines + program]
    return subprocess.Popen(words, cwd=ROOT, env=env)


def seed(env):
    assert shell(env, SEED).wait() == 0


class SmallShop(Shop):
    """`manage.py up` on a small demo shop with a year and a half of history."""

    def up(self):
        if not self.database.exists():
            seed(self.env)
        return super().up()

    @property
    def database(self):
        return self.data_dir / "tailorline.sqlite3"

    def rows(self, question, *values):
        return rows(self.database, question, *values)

    def one(self, question, *values):
        [(found,)] = self.rows(question, *values)
        return found

    def end(self):
        self.process.kill()
        self.process.wait()
        for pid in family(self.data_dir):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def rows(database, question, *values):
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return connection.execute(question, values).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = SmallShop(tmp_path_factory.mktemp("shop"))
    try:
        shop.ready()
        yield shop
    finally:
        shop.end()


# A worker dies while it trains

ASK = """
from django.utils import timezone
from forecasting import runs
now = timezone.now()
runs.request(kind, data_cut=now, by="staff:alice", now=now, params=params)
"""


def trainer(shop, whole):
    """The process to kill: the whole training worker, or the child in it that trains."""
    both = set(members(shop.data_dir, "celery", "trainer@"))
    parents = {pid for pid in both if parent_of(pid) not in both}
    [found] = parents if whole else both - parents
    return found


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("whole", [False, True], ids=["child", "worker"])
@pytest.mark.parametrize("kind", ["forecast", "ranking"])
def test_a_training_whose_worker_is_killed_is_taken_up_again_and_goes_live_once(shop, kind, whole):
    # Other parameters, so that a second run on the same day's data has a reason to go live.
    horizon = 6 if whole else 8
    params = {"horizon": horizon}
    live = champions(shop, kind)
    run = 1 + shop.one("SELECT coalesce(max(id), 0) FROM forecasting_trainingrun")
    victim = trainer(shop, whole)
    redis_url = embedded_redis.url(embedded_redis.socket_path(shop.data_dir))
    asking = shell({**shop.env, "REDIS_URL": redis_url}, ASK, kind=kind, params=params)
    wait_for(lambda: state(shop, run) == "training", pause=MOMENT)
    os.kill(victim, signal.SIGKILL)
    assert state(shop, run) == "training", "it was over before the kill"
    assert champions(shop, kind) == live
    assert asking.wait() == 0
    began = time.monotonic()
    wait_for(lambda: state(shop, run) not in ("training", "queued"), 300)
    print(f"{kind}: live again after {time.monotonic() - began:.0f} s")  # noqa: T201 -- with -s
    assert wait_for(lambda: champions(shop, kind) == [run])
    assert steps_of(shop, run) == [
        *["queued", "training", "queued", "training"],
        *["evaluated", "challenger", "champion"],
    ]
    assert shop.one("SELECT attempts FROM forecasting_trainingrun WHERE id = ?", run) == 2
    table = "forecasting_forecast" if kind == "forecast" else "recommendations_ranking"
    [(published,)] = shop.rows(f"SELECT published_at FROM {table} WHERE run_id = ?", run)  # noqa: S608
    assert published
    if kind == "forecast":
        assert_every_point_once(shop, run, horizon)


def state(shop, run):
    found = shop.rows("SELECT status FROM forecasting_trainingrun WHERE id = ?", run)
    return found[0][0] if found else ""


def champions(shop, kind):
    question = "SELECT id FROM forecasting_trainingrun WHERE status = 'champion' AND kind = ?"
    return [pk for (pk,) in shop.rows(question, kind)]


def steps_of(shop, run):
    question = (
        "SELECT to_status FROM journal_transition WHERE kind = 'training_run' AND object_id = ?"
        " ORDER BY id"
    )
    return [step for (step,) in shop.rows(question, run)]


def assert_every_point_once(shop, run, horizon):
    """Each product, each family and the shop has each week of the horizon once."""
    weeks = shop.rows(
        "SELECT p.series_id, count(*), count(DISTINCT p.week) FROM forecasting_forecastpoint p"
        " JOIN forecasting_forecast f ON f.id = p.forecast_id WHERE f.run_id = ?"
        " GROUP BY p.series_id",
        run,
    )
    products = json.loads(
        shop.one("SELECT metrics FROM forecasting_trainingrun WHERE id = ?", run)
    )["products"]
    families = shop.one("SELECT count(DISTINCT family_id) FROM orders_product")
    assert len(weeks) == products + families + 1
    assert {(points, different) for _, points, different in weeks} == {(horizon, horizon)}


# Redis dies while Alice orders

HOME = {
    "name": "Alice",
    "email": "alice@example.org",
    "street": "1 Mill Lane",
    "postcode": "10115",
    "city": "Berlin",
    "country": "Germany",
}


@pytest.mark.parametrize("away", [True, False], ids=["during", "right after"])
def test_an_order_placed_while_redis_dies_is_there_once_and_everything_follows(shop, away):
    wait_for(lambda: shop.rows("SELECT 1 FROM production_plan WHERE status = 'published'"), 240)
    before = shop.one("SELECT count(*) FROM orders_order")
    alice = Browser(f"http://127.0.0.1:{shop.port}")
    form = ready_to_order(alice, shop)
    redis = members(shop.data_dir, "redis-server")[0]
    if away:
        shop.process.send_signal(signal.SIGSTOP)  # so that nobody restarts it meanwhile
        os.kill(redis, signal.SIGKILL)
        assert "/products/" in alice.get("/")  # pages go on
        alice.post("/checkout/", form)
        shop.process.send_signal(signal.SIGCONT)
    else:
        alice.post("/checkout/", form)
        os.kill(redis, signal.SIGKILL)
    assert shop.one("SELECT count(*) FROM orders_order") == before + 1
    order = shop.one("SELECT max(id) FROM orders_order")
    wait_for(lambda: mails(shop, order) == ["sent"], 120)
    wait_for(lambda: made(shop, order) == 2 and lines(shop, order) == ["planned"], 300)
    alice.post("/checkout/", form)  # she was not sure and sent it again
    assert shop.one("SELECT count(*) FROM orders_order") == before + 1
    assert steps(shop, order).count("confirmed") == 1
    wait_for(lambda: shop.get("/readyz") == 200)


def ready_to_order(alice, shop):
    """Two of a product in the basket; returns the filled-in checkout form."""
    found = re.search(r'href="(/products/[^"]+/)"', alice.get("/"))
    assert found
    wanted = Forms(alice.get(found[1])).with_field("quantity") | {"quantity": "2"}
    alice.post(found[1], wanted)
    return Forms(alice.get("/checkout/")).with_field("submission_key") | HOME


def mails(shop, order):
    key = f"order-confirmed:{order}"
    return [
        status
        for (status,) in shop.rows("SELECT status FROM journal_delivery WHERE dedup_key = ?", key)
    ]


def lines(shop, order):
    question = "SELECT status FROM orders_orderline WHERE order_id = ?"
    return [status for (status,) in shop.rows(question, order)]


def made(shop, order):
    """Pieces of work orders that answer the order."""
    return shop.one(
        "SELECT coalesce(sum(p.quantity), 0) FROM production_pegging p"
        " JOIN orders_orderline l ON l.id = p.order_line_id"
        " JOIN production_workorder w ON w.id = p.work_order_id"
        " WHERE l.order_id = ? AND w.status <> 'cancelled'",
        order,
    )


def steps(shop, order):
    question = "SELECT to_status FROM journal_transition WHERE kind = 'order' AND object_id = ?"
    return [step for (step,) in shop.rows(question, order)]


# A cycle dies


def test_a_cycle_that_is_killed_in_any_step_leaves_forecast_and_plan_whole(tmp_path):
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    database = tmp_path / "tailorline.sqlite3"
    seed(env)
    words = [sys.executable, "manage.py", "cycle"]
    subprocess.run(words, cwd=ROOT, env=env, check=True)
    names = [step["step"] for step in json.loads(newest_cycle(database)[1])]
    for done in range(len(names)):
        cycles = rows(database, "SELECT count(*) FROM config_cyclerun")[0][0]
        process = subprocess.Popen(words, cwd=ROOT, env=env)
        wait_for(
            lambda cycles=cycles, done=done: (
                newest_cycle(database)[0] > cycles
                and len(json.loads(newest_cycle(database)[1])) >= done
            ),
            pause=MOMENT,
        )
        process.kill()
        process.wait()
        assert_whole(database)
    subprocess.run(words, cwd=ROOT, env=env, check=True)
    assert_whole(database)
    ends = rows(database, "SELECT status, error FROM config_cyclerun ORDER BY id")
    assert ends[0] == ends[-1] == ("done", "")
    assert set(ends[1:-1]) <= {("failed", "It was killed."), ("done", "")}
    assert ends.count(("failed", "It was killed.")) >= len(names) - 1  # the last may be too quick


def newest_cycle(database):
    """How many cycles there were, and what the newest has done."""
    [(count, newest)] = rows(
        database,
        "SELECT count(*), (SELECT steps FROM config_cyclerun ORDER BY id DESC LIMIT 1)"
        " FROM config_cyclerun",
    )
    return count, newest or "[]"


def assert_whole(database):
    """One live forecast with its points, one published plan with its entries, nothing twice."""
    [(points,)] = rows(
        database,
        "SELECT (SELECT count(*) FROM forecasting_forecastpoint WHERE forecast_id = f.id)"
        " FROM forecasting_trainingrun r JOIN forecasting_forecast f ON f.run_id = r.id"
        " WHERE r.kind = 'forecast' AND r.status = 'champion' AND f.published_at IS NOT NULL",
    )
    assert points > 0
    [(entries, operations)] = rows(
        database,
        "SELECT (SELECT count(*) FROM production_planentry WHERE plan_id = p.id),"
        " json_extract(p.metrics, '$.operations')"
        " FROM production_plan p WHERE p.status = 'published'",
    )
    assert entries == operations > 0
    twice = rows(
        database,
        "SELECT l.id FROM orders_orderline l JOIN production_pegging p ON p.order_line_id = l.id"
        " JOIN production_workorder w ON w.id = p.work_order_id WHERE w.status <> 'cancelled'"
        " GROUP BY l.id, l.quantity HAVING sum(p.quantity) > l.quantity",
    )
    assert twice == []
