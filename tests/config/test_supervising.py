import os
import signal
import subprocess
import sys
import time

import pytest

from config import supervising
from config.supervising import CannotStart, Log, Program, Supervisor, in_words

FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN_FAMILY = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
print("child", child or os.getpid(), flush=True)
while True:
    signal.pause()
"""
LAST_WORDS = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"bye\\n"), os._exit(0)))
os.write(1, b"up\\n")
while True:
    signal.pause()
"""


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(tmp_path, tmp_path / "logs", said.append)
    yield supervisor
    supervisor.stop_requests = 2
    supervisor.stop()


def python(name, code, **options):
    return Program(name, [sys.executable, "-S", "-c", code], **options)


def until(supervisor, condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tick()


def gone(pid):
    """No such process, or only its entry that nobody has collected yet."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return not state.stdout.strip() or state.stdout.startswith("Z")


def test_what_a_program_prints_is_on_the_console_and_in_its_log(supervisor, said, tmp_path):
    child = supervisor.start(python("web", FOREVER, ready_text=b"up"))
    assert supervisor.wait_until_ready([child], within=20)
    until(supervisor, lambda: "web     | up" in said)
    assert "up" in (tmp_path / "logs" / "web.log").read_text()


def test_a_quiet_program_is_only_in_its_log(supervisor, said, tmp_path):
    child = supervisor.start(python("redis", FOREVER, ready_text=b"up", quiet=True))
    assert supervisor.wait_until_ready([child], within=20)
    log = tmp_path / "logs" / "redis.log"
    until(supervisor, lambda: log.exists() and "up" in log.read_text())
    assert said == []


def test_a_program_that_is_killed_starts_again_and_people_are_told(supervisor, said):
    child = supervisor.start(python("web", FOREVER, ready_text=b"up"))
    until(supervisor, lambda: child.is_ready)
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    until(supervisor, lambda: child.process is not None and child.process.pid != first)
    assert any("web stopped (killed by SIGKILL)" in line for line in said)
    until(supervisor, lambda: child.is_ready)


def test_a_program_that_never_comes_up_is_given_up_with_its_log_named(supervisor, monkeypatch):
    monkeypatch.setattr(supervising, "LONGEST_WAIT", 0.01)
    supervisor.start(python("web", "raise SystemExit('no such module')", ready_text=b"up"))
    with pytest.raises(CannotStart, match=r"web does not start; .*web\.log"):
        until(supervisor, lambda: False)


def test_each_early_death_doubles_the_wait(supervisor, monkeypatch):
    child = supervisor.start(python("web", FOREVER))
    assert [child.wait_before_restart() for _ in range(4)] == [0.2, 1, 2, 4]
    child.started_at = time.monotonic() - supervising.STEADY - 1
    assert child.wait_before_restart() == 0.2


def test_a_stop_reaches_the_children_of_a_program_that_will_not_listen(supervisor, said):
    child = supervisor.start(python("worker", STUBBORN_FAMILY, grace=0.2))
    until(supervisor, lambda: len(said) == 2)
    family = [int(line.split()[-1]) for line in said]
    supervisor.stop()
    assert child.process is None
    assert all(gone(pid) for pid in family)


def test_the_foundation_stops_last(supervisor, said):
    redis = supervisor.start(python("redis", LAST_WORDS, ready_text=b"up\n", foundation=True))
    web = supervisor.start(python("web", LAST_WORDS, ready_text=b"up\n"))
    until(supervisor, lambda: redis.is_ready and web.is_ready)
    supervisor.stop()
    assert said[-2:] == ["web     | bye", "redis   | bye"]


def test_a_program_that_ends_by_itself_gives_its_status(supervisor, said):
    assert supervisor.run_to_end(python("demo", "print('seeded'); raise SystemExit(3)")) == 3
    assert said == ["demo    | seeded"]


def test_a_log_on_a_full_disk_costs_lines_and_nothing_else(tmp_path):
    log = Log(tmp_path / "not there" / "web.log")
    log.write("a line")
    assert not (tmp_path / "not there").exists()


def test_a_closed_terminal_does_not_end_the_shop(tmp_path):
    def closed(line):
        raise BrokenPipeError

    Supervisor(tmp_path, tmp_path / "logs", closed).say("nobody reads this")


def test_an_exit_is_told_in_words():
    assert in_words(-signal.SIGTERM) == "killed by SIGTERM"
    assert in_words(0) == "exit status 0"
