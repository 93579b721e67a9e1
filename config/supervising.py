"""Keep a few programs running: start, watch, restart, and leave nothing behind.

One thread, one loop. Each program leads its own process group, so that stopping it reaches what it
started, and dies with the supervisor (on Linux even when that is killed).
"""

import ctypes
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType

LONGEST_WAIT = 30.0  # seconds between two attempts to start a program
STEADY = 60.0  # a program that ran this long starts again at once when it dies
HOPELESS = 4  # deaths in a row before a program was ever ready: give up
TICK = 0.1

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class CannotStart(Exception):
    """A program does not come up; the text names it and says where its log is."""


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent is gone (Linux; elsewhere nothing).

    With the number of the `parent`, one that went before this call is noticed too.
    """
    if _libc is not None:
        _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            os._exit(1)


@dataclass(frozen=True)
class Program:
    """What to run. `ready` is asked until it says yes, or `ready_text` is awaited in the output.

    A `foundation` is stopped after all others; a `quiet` program is heard only in its log.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_text: bytes = b""
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    foundation: bool = False
    quiet: bool = False


class Log(RotatingFileHandler):
    """A program's log; a full disk costs lines, not the shop."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the base's name
        """Lines that cannot be written are dropped."""

    def write(self, line: str) -> None:
        self.handle(logging.LogRecord("", logging.INFO, "", 0, line, None, None))


class Child:
    """A program and the process that runs it at the moment, if any."""

    def __init__(self, program: Program, log: Log) -> None:
        self.program, self.log = program, log
        self.process: subprocess.Popen[bytes] | None = None
        self.output = -1  # the reading end of the pipe that it prints to
        self.tail = b""
        self.is_ready = self.was_ready = False
        self.deaths = 0
        self.started_at = self.start_again_at = 0.0

    def spawn(self, cwd: Path) -> None:
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(  # noqa: S603 -- our own command lines
            list(self.program.command),
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.env},
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=write_end,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        os.close(write_end)
        os.set_blocking(read_end, False)
        self.output = read_end
        self.is_ready, self.started_at, self.tail = False, time.monotonic(), b""

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def read(self) -> list[str]:
        """The whole lines that came since the last call."""
        with suppress(BlockingIOError):
            while chunk := os.read(self.output, 65536):
                self.tail += chunk
        if self.program.ready_text and self.program.ready_text in self.tail:
            self.is_ready = True
        *lines, self.tail = self.tail.split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def check(self) -> None:
        if not self.is_ready and self.program.ready is not None and self.alive():
            self.is_ready = self.program.ready()
        self.was_ready = self.was_ready or self.is_ready

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                (os.killpg if group else os.kill)(self.process.pid, number)

    def bury(self) -> int | None:
        """Clear away what the dead process left, its children too; returns its exit status."""
        if self.process is None:
            return None
        self.signal(signal.SIGKILL, group=True)
        status = self.process.wait()
        os.close(self.output)
        self.process, self.is_ready = None, False
        return status

    def wait_before_restart(self) -> float:
        """Seconds until the next attempt: longer with each early death."""
        steady = time.monotonic() - self.started_at > STEADY
        self.deaths = 1 if steady else self.deaths + 1
        wait = min(2.0 ** (self.deaths - 2), LONGEST_WAIT) if self.deaths > 1 else 0.2
        self.start_again_at = time.monotonic() + wait
        return wait


class Supervisor:
    """Starts programs, passes on what they print, restarts what dies, stops everything."""

    def __init__(self, cwd: Path, log_dir: Path, say: Callable[[str], None]) -> None:
        self.cwd, self.log_dir, self._console = cwd, log_dir, say
        self.children: list[Child] = []
        self.selector = selectors.DefaultSelector()
        self.stop_requests = 0
        log_dir.mkdir(parents=True, exist_ok=True)

    def heed_signals(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal ask for an orderly stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop_requests += 1

    @property
    def stopping(self) -> bool:
        return self.stop_requests > 0

    def start(self, program: Program) -> Child:
        child = Child(program, Log(self.log_dir / f"{program.name}.log"))
        self.children.append(child)
        self._spawn(child)
        return child

    def wait_until_ready(self, children: Sequence[Child], *, within: float) -> bool:
        """Run until all of them are ready; False when time is up or a stop is asked for."""
        deadline = time.monotonic() + within
        while not all(child.is_ready for child in children):
            if self.stopping or time.monotonic() > deadline:
                return False
            self.tick()
        return True

    def run_to_end(self, program: Program) -> int:
        """Run a program that ends by itself; returns its exit status."""
        child = Child(program, Log(self.log_dir / f"{program.name}.log"))
        self._spawn(child)
        while child.alive() and not self.stopping:
            self.tick()
        self._stop([child])
        status = child.process.returncode if child.process else -signal.SIGTERM
        self._forget(child)
        return status

    def watch(self) -> None:
        """Run until a stop is asked for."""
        while not self.stopping:
            self.tick()

    def tick(self) -> None:
        self._listen()
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.start_again_at:
                    self._spawn(child)
            elif child.alive():
                child.check()
            else:
                self._on_death(child)

    def stop(self) -> None:
        """Stop everything, foundations last; a second request for it stops at once."""
        self._stop([child for child in self.children if not child.program.foundation])
        self._stop([child for child in self.children if child.program.foundation])
        for child in self.children:
            self._forget(child)

    def say(self, line: str) -> None:
        """Write to the console while there is one."""
        with suppress(OSError, ValueError):
            self._console(line)

    def _spawn(self, child: Child) -> None:
        child.spawn(self.cwd)
        self.selector.register(child.output, selectors.EVENT_READ, child)

    def _listen(self, wait: float = TICK) -> None:
        if not self.selector.get_map():
            time.sleep(wait)
        for key, _ in self.selector.select(wait):
            self._pass_on(key.data)

    def _pass_on(self, child: Child) -> None:
        for line in child.read():
            child.log.write(line)
            if not child.program.quiet:
                self.say(f"{child.program.name:<8}| {line}")
        if not child.alive():
            with suppress(KeyError):  # at its end a pipe is always readable
                self.selector.unregister(child.output)

    def _on_death(self, child: Child) -> None:
        name = child.program.name
        status = self._forget(child)
        wait = child.wait_before_restart()
        if not child.was_ready and child.deaths >= HOPELESS:
            raise CannotStart(f"{name} does not start; {self.log_dir / name}.log says why.")
        self.say(f"{name} stopped ({in_words(status)}); it starts again in {wait:.1f} s.")

    def _forget(self, child: Child) -> int | None:
        if child.process is None:
            return None
        self._pass_on(child)
        with suppress(KeyError):
            self.selector.unregister(child.output)
        return child.bury()

    def _stop(self, children: Sequence[Child]) -> None:
        """Ask each to stop, wait for its grace, then kill what is left."""
        for child in children:
            if child.alive():
                child.signal(child.program.stop_signal)
        asked, requests = time.monotonic(), self.stop_requests
        grace = max((child.program.grace for child in children), default=0)
        while any(child.alive() for child in children):
            if time.monotonic() - asked > grace or self.stop_requests > max(requests, 1):
                break
            self._listen()
        for child in children:
            child.signal(signal.SIGKILL, group=True)
            if child.process is not None:
                self._pass_on(child)  # its last words come before those of what stops later


def in_words(status: int | None) -> str:
    """An exit status for people.

    >>> in_words(-9), in_words(1)
    ('killed by SIGKILL', 'exit status 1')
    """
    if status is not None and status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
