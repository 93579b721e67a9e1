"""A minute on the shop floor: web, worker and terminals write to one SQLite file together."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from benchmarks import floor as load
from config.supervising import die_with_parent
from journal.models import Handling
from orders.models import Order, OrderLine
from production import terminals
from production.models import Job, JobReport, Machine, Pegging
from tests.production import floor

pytestmark = [pytest.mark.trial, pytest.mark.django_db(transaction=True)]

TERMINALS = 8
ORDERS = 1500
SECONDS = 60


@pytest.fixture
def shop_folder(transactional_db, tmp_path: Path) -> Iterator[Path]:
    """A DATA_DIR with a shop in its database file, and this test's connection to it."""
    if connection.vendor != "sqlite":
        pytest.skip("This trial is about SQLite.")
    in_memory, before = connections["default"], connections.settings["default"]
    file = tmp_path / "tailorline.sqlite3"
    connection.cursor().execute(f"VACUUM INTO '{file}'")
    connections.settings["default"] = {**before, "NAME": str(file)}
    del connections["default"]
    yield tmp_path
    connections["default"].close()
    connections.settings["default"] = before
    connections["default"] = in_memory


def fill(count: int) -> list[dict[str, str]]:
    """A shop with work for everybody, pegged to order lines; returns the terminals' tokens."""
    shop = floor.build()
    for number in range(2, TERMINALS + 1):
        Machine.objects.create(
            work_center=shop.printing, code=f"print-{number}", name=f"Printer {number}"
        )
    order = Order.objects.create(
        number="A1", status="confirmed", created_at=floor.MONDAY, placed_at=floor.MONDAY
    )
    for position in range(1, count + 1):
        line = OrderLine.objects.create(
            order=order,
            position=position,
            configuration=shop.configuration,
            quantity=2,
            unit_price=40,
            status="planned",
        )
        Pegging.objects.create(work_order=shop.work_order(2), order_line=line, quantity=2)
    return [
        {
            "token": terminals.make_token(f"t{i}", shop.printing, now=floor.MONDAY),
            "operator": "B042",
        }
        for i in range(TERMINALS)
    ]


def free_port() -> int:
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture
def server(shop_folder: Path) -> Iterator[tuple[str, list[dict[str, str]]]]:
    tokens = fill(ORDERS)
    port = free_port()
    env = {**os.environ, "DATA_DIR": str(shop_folder), "PORT": str(port)}
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env=env,
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(url, process)
    yield url, tokens
    process.terminate()
    process.wait(timeout=60)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while load.server_cpu(url) is None:
        assert process.poll() is None, "the server did not start"
        assert time.monotonic() < until, "the server does not listen"
        time.sleep(0.5)


def duties_done(within: float) -> bool:
    until = time.monotonic() + within
    while Handling.objects.pending().exists():
        if time.monotonic() > until:
            return False
        time.sleep(1)
    return True


def everybody_is_up(url: str, tokens: list[dict[str, str]]) -> bool:
    """One job is done, and the worker has reacted to it."""
    worked = any(load.run(url, tokens, 1, 1).reports for _ in range(60))
    return worked and duties_done(within=120)


def test_web_worker_and_terminals_write_together_for_a_minute(server, shop_folder):
    url, tokens = server
    assert everybody_is_up(url, tokens)
    tally = load.run(url, tokens, TERMINALS, SECONDS)
    figures = {"claims": tally.claims.total(), "slowest": max(tally.waits)}
    print(json.dumps(figures))  # noqa: T201 -- shown with -s
    assert not tally.errors
    assert not tally.refusals
    assert not tally.ran_dry
    assert tally.claims.total() > SECONDS
    assert load.doubles(tally) == 0
    kept = JobReport.objects.filter(job__in=list(tally.reports)).count()
    assert kept == tally.reports.total()
    assert duties_done(within=60)
    begun = Job.objects.filter(sequence=10).exclude(status="ready").count()
    assert OrderLine.objects.filter(status="in_production").count() == begun
    logs = [file for file in shop_folder.rglob("*.log*") if file.is_file()]
    assert logs
    for file in logs:
        assert "database is locked" not in file.read_text(errors="replace"), file.name
