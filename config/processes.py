"""The programs that make up a running Tailorline, and the room they need: a folder and a port."""

import fcntl
import http.client
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO

from django.conf import settings

from config import embedded_redis
from config.supervising import Program

# One thread of arithmetic per process: many workers share few cores.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")
}
WORKER_READY = "ready for work"


class Occupied(Exception):
    """Something else has the folder or the port; the text says what and what to do."""


def redis(redis_url: str, at: Path) -> Program:
    server = embedded_redis.find_server()
    return Program(
        "redis",
        embedded_redis.command(server, settings.DATA_DIR, at),
        ready=lambda: embedded_redis.answers(redis_url, within=0.2),
        foundation=True,
        quiet=True,
    )


def web(env: dict[str, str]) -> Program:
    options = {
        "--host": settings.BIND,
        "--port": str(settings.PORT),
        "--lifespan": "off",
        "--log-level": "warning",
        "--timeout-graceful-shutdown": "5",
        "--forwarded-allow-ips": "127.0.0.1",
    }
    return Program(
        "web",
        [*_python("uvicorn", "config.asgi:application", "--no-access-log"), *_flat(options)],
        env=env,
        ready=is_serving,
        grace=8,
    )


def worker(name: str, queues: str, concurrency: int, env: dict[str, str]) -> Program:
    """A Celery worker; SIGQUIT lets running tasks finish for a moment, then hands them back."""
    options = {
        "--queues": queues,
        "--concurrency": str(concurrency),
        "--hostname": f"{name}@%h",
        "--loglevel": "WARNING",
    }
    return Program(
        name,
        [
            *_python("celery", "--quiet", "-A", "config", "worker"),
            *_flat(options),
            "--without-mingle",
            "--without-gossip",
        ],
        env=env,
        ready_text=WORKER_READY.encode(),
        stop_signal=signal.SIGQUIT,
        grace=20,
    )


def beat(env: dict[str, str]) -> Program:
    schedule = settings.DATA_DIR / "celerybeat-schedule"
    options = {"--schedule": str(schedule), "--pidfile": "", "--loglevel": "WARNING"}
    return Program(
        "beat",
        [*_python("celery", "--quiet", "-A", "config", "beat"), *_flat(options)],
        env=env,
        ready=lambda: True,
    )


def everything(env: dict[str, str]) -> list[Program]:
    """All programs but Redis. Training has a worker of its own: it must not keep mail waiting."""
    return [
        web(env),
        worker("worker", "default,planning,printing", 2, env),
        worker("trainer", "training", 1, env),
        beat(env),
    ]


def environment(redis_url: str) -> dict[str, str]:
    """What the programs get beside our own environment."""
    return {**ONE_THREAD, "REDIS_URL": redis_url, "DATA_DIR": str(settings.DATA_DIR)}


def manage(*words: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]


def address() -> str:
    """Where people of this machine find the shop."""
    return f"http://{_in_url(_reachable(settings.BIND))}:{settings.PORT}/"


def is_serving() -> bool:
    """Whether the web process says that it can do its work."""
    host = next((name for name in settings.ALLOWED_HOSTS if name[0] not in ".*"), "localhost")
    connection = http.client.HTTPConnection(_reachable(settings.BIND), settings.PORT, timeout=2.0)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def claim_folder(data_dir: Path) -> IO[str]:
    """Take `data_dir` for this process until it ends; raises `Occupied` when another has it."""
    file = (data_dir / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "?"
        file.close()
        raise Occupied(
            f"Tailorline already runs on {data_dir} (process {holder}). Stop that one first, or "
            "choose another folder with DATA_DIR."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def check_port(bind: str, port: int) -> None:
    """Raise `Occupied` when the web process could not listen there."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((bind, port))
            trial.listen(1)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Occupied(
                f"Port {port} on {bind} cannot be used: {reason}. Choose another one, for "
                f"example: PORT={port + 1 if port < 65535 else 8000} make demo"
            ) from error


def _python(module: str, *words: str) -> list[str]:
    return [sys.executable, "-m", module, *words]


def _flat(options: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in options.items()]


def _reachable(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 -- compared, not bound


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
