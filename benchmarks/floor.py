"""Terminals at work against a running server: claims a second, waiting times, doubles, losses.

`python -m benchmarks.floor --url http://127.0.0.1:8000 --tokens FILE --terminals 8 --seconds 30`

Tokens come from `manage.py terminal_tokens > FILE`. Each terminal claims, starts, reports and
finishes one job after the other on a machine of its cell, as fast as it is answered. DATA_DIR or
DATABASE_URL must be the server's: afterwards the database is asked for every report that was
answered, and a job that two terminals were given is a double. Waiting times are those of all
requests, `server_cpu_ms` is CPU time a request (Linux; null elsewhere or on another machine).
"""

import argparse
import http.client
import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

API = "/api/v1/terminal"
DRY = "/problems/nothing-to-claim"


@dataclass
class Tally:
    """What one terminal did; summed up over all."""

    claims: Counter[int] = field(default_factory=Counter)
    recalls: Counter[int] = field(default_factory=Counter)
    reports: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    ran_dry: bool = False

    def add(self, other: "Tally") -> None:
        self.claims += other.claims
        self.recalls += other.recalls
        self.reports += other.reports
        self.waits += other.waits
        self.refusals += other.refusals
        self.errors += other.errors
        self.ran_dry |= other.ran_dry


class Terminal:
    """One terminal with a connection that it keeps."""

    def __init__(self, url: str, token: str, badge: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else None
        self.connection = (kind or http.client.HTTPConnection)(parts.netloc, timeout=60)
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self.badge = badge
        self.tally = Tally()

    def send(self, method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        key = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        content = json.dumps({"operator": self.badge, **body}) if method == "POST" else None
        began = time.perf_counter()
        self.connection.request(method, API + path, content, {**self.headers, **key})
        answer = self.connection.getresponse()
        text = answer.read()
        self.tally.waits.append(time.perf_counter() - began)
        if answer.status >= 500:
            self.tally.errors[str(answer.status)] += 1
            return answer.status, {"type": f"/{answer.status}"}
        document = json.loads(text)
        if answer.status >= 400:
            self.tally.refusals[str(document["type"])] += 1
        return answer.status, document

    def step(self, name: str, job: dict[str, Any], **body: Any) -> dict[str, Any] | None:
        path = f"/jobs/{job['id']}/{name}"
        status, document = self.send("POST", path, version=job["version"], **body)
        return document if status == 200 else None

    def work(self, number: int, until: float) -> None:
        try:
            status, queue = self.send("GET", "/queue")
            if status != 200:
                raise SystemExit(f"The server refuses the token: {queue}")
            machines = queue["machines"]
            machine = {"machine": machines[number % len(machines)]["id"]} if machines else {}
            while time.perf_counter() < until and not self.tally.ran_dry:
                self.one_job(machine)
        except (OSError, http.client.HTTPException) as error:
            self.tally.errors[type(error).__name__] += 1

    def one_job(self, machine: dict[str, int]) -> None:
        status, job = self.send("POST", "/jobs/claim", **machine)
        if status != 200:
            self.tally.ran_dry = job["type"] == DRY
            return
        self.tally.claims[job["id"]] += 1
        ready = self.step("setup", job) if job["needs_setup"] else job
        started = ready and self.step("start", ready)
        if not started:
            self.give_back(ready or job)
            return
        reported = self.step("report", started, good=started["remaining"])
        if reported:
            self.tally.reports[job["id"]] += 1
            self.step("finish", reported)

    def give_back(self, job: dict[str, Any]) -> None:
        if self.step("recall", job):
            self.tally.recalls[job["id"]] += 1


def run(url: str, tokens: Sequence[dict[str, str]], terminals: int, seconds: float) -> Tally:
    """Let so many terminals work for so long; those beyond the tokens share them."""
    workers = [
        Terminal(url, one["token"], one["operator"])
        for one in (tokens[i % len(tokens)] for i in range(terminals))
    ]
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=worker.work, args=(i, until)) for i, worker in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = Tally()
    for worker in workers:
        total.add(worker.tally)
    return total


def doubles(tally: Tally) -> int:
    """Jobs given to two terminals at once: claimed more often than put back and once."""
    return sum(tally.claims[job] - tally.recalls[job] > 1 for job in tally.claims)


def lost(tally: Tally, kept: Counter[int]) -> int:
    """Reports that were answered and that the database does not hold."""
    return sum((tally.reports - kept).values())


def kept_reports(jobs: Sequence[int]) -> Counter[int]:
    import django  # noqa: PLC0415 -- the settings must be chosen before Django is loaded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from production.models import JobReport  # noqa: PLC0415 -- needs django.setup()

    kept: Counter[int] = Counter()
    for start in range(0, len(jobs), 500):
        reports = JobReport.objects.filter(job__in=jobs[start : start + 500])
        kept.update(reports.values_list("job", flat=True))
    return kept


def server_cpu(url: str) -> float | None:
    """CPU seconds so far of the processes that listen at the address's port."""
    port = f"{urlsplit(url).port or 80:04X}"
    try:
        sockets = {f"socket:[{inode}]" for inode in _listening(port)}
        pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and _holds(pid, sockets)]
        return sum(map(_cpu_of, pids)) if pids else None
    except OSError:
        return None


def _listening(port: str) -> list[str]:
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            rows += [line.split() for line in Path(table).read_text().splitlines()[1:]]
    return [row[9] for row in rows if row[1].endswith(":" + port) and row[3] == "0A"]


def _holds(pid: str, sockets: set[str]) -> bool:
    try:
        return any(os.readlink(file) in sockets for file in os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def _cpu_of(pid: str) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / float(os.sysconf("SC_CLK_TCK"))


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def measure(url: str, tokens: Sequence[dict[str, str]], terminals: int, seconds: float) -> Any:
    """One case: the figures of `ours` and the settings."""
    cpu, began = server_cpu(url), time.perf_counter()
    tally = run(url, tokens, terminals, seconds)
    took, cpu_after = time.perf_counter() - began, server_cpu(url)
    spent = None if cpu is None or cpu_after is None else cpu_after - cpu
    kept = kept_reports(list(tally.reports))
    ours = {
        "claims_per_s": round(tally.claims.total() / took, 2),
        "p50_ms": round(1000 * quantile(tally.waits, 0.5), 1),
        "p99_ms": round(1000 * quantile(tally.waits, 0.99), 1),
        "server_cpu_ms": None if spent is None else round(1000 * spent / len(tally.waits), 2),
        "doubles": doubles(tally),
        "lost": lost(tally, kept),
        "requests": len(tally.waits),
        "refusals": dict(tally.refusals),
        "errors": dict(tally.errors),
    }
    settings = {"url": url, "terminals": terminals, "seconds": seconds, "ran_dry": tally.ran_dry}
    return {
        "benchmark": "floor",
        "case": f"{terminals} terminals",
        "ours": ours,
        "peers": {},
        "settings": settings,
    }


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--tokens", required=True, type=Path)
    parser.add_argument("--terminals", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args(words)
    tokens = [json.loads(line) for line in asked.tokens.read_text().splitlines() if line.strip()]
    print(f"{asked.terminals} terminals for {asked.seconds:g} s …", file=sys.stderr)
    print(json.dumps(measure(asked.url, tokens, asked.terminals, asked.seconds)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
