"""What may be wrong with a shop: each check says what, what it means and what mends it."""

import hashlib
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import DatabaseError, connection

from config import embedded_redis, heartbeat, keys, preparing
from config.safekeeping import saving, swapping
from forecasting.models import TrainingRun
from journal import dispatch
from journal.models import Delivery, Transition
from orders import catalogue
from orders.models import Order, OrderLine
from production import makeability
from production.models import Plan

LEAST_FREE_MB = 500
SILENCE = timedelta(minutes=3)  # of workers
OLD_BACKUP = timedelta(days=2)
OLD_PLAN = timedelta(days=2)
CLOCK_ERROR = timedelta(minutes=5)
SERVING = ("challenger", "champion", "retired")  # runs that serve, or to which one can go back
OPEN = ("promised", "planned")
NAMED = 5  # of many products, as many by name


@dataclass
class Ailment(Exception):
    """Something is wrong."""

    what: str
    means: str
    mend: str


def folder(now: datetime) -> str:
    data_dir = Path(settings.DATA_DIR)
    try:
        trial = data_dir / ".doctor"
        trial.write_text("x")
        trial.unlink()
    except OSError as error:
        raise Ailment(
            f"{data_dir} cannot be written: {error.strerror}.",
            "Nothing can be saved: no upload, no model, with SQLite no order.",
            f"chown -R \"$(whoami)\" '{data_dir}', or set DATA_DIR to another folder",
        ) from error
    return str(data_dir)


def room(now: datetime) -> str:
    data_dir = Path(settings.DATA_DIR)
    free = shutil.disk_usage(data_dir).free // 2**20
    if free < LEAST_FREE_MB:
        raise Ailment(
            f"Only {free} MB are free in {data_dir}.",
            "Soon orders cannot be saved and nights cannot train.",
            f"make room for {LEAST_FREE_MB} MB, for example in {saving.folder()}",
        )
    return f"{free:,} MB free"


def secrets(now: datetime) -> str:
    for name in keys.KEYS:
        path = keys.kept_at(name, Path(settings.DATA_DIR))
        if path.exists() and stat.S_IMODE(path.stat().st_mode) != 0o600:
            raise Ailment(
                f"Others than its owner may use {path}, or its owner may not.",
                "Who reads this file can open what it protects.",
                f"chmod 600 '{path}'",
            )
    return f"{' and '.join(keys.KEYS)} are there and private"


def database(now: datetime) -> str:
    try:
        with connection.cursor() as cursor:
            check = "PRAGMA quick_check(1)" if connection.vendor == "sqlite" else "SELECT 'ok'"
            cursor.execute(check)
            verdict = cursor.fetchone()[0]
    except DatabaseError as error:
        raise Ailment(
            f"It cannot be used ({str(error).strip()}).",
            "The shop does not work at all.",
            "start the database, look at DATABASE_URL; if it is damaged: manage.py restore FILE",
        ) from error
    if verdict != "ok":
        raise Ailment(
            f"It is damaged ({verdict}).",
            "Some rows may be lost, and more with every write.",
            "stop the shop, then: manage.py restore FILE --force",
        )
    return "sqlite, whole" if connection.vendor == "sqlite" else f"{connection.vendor}, answers"


def migrations(now: datetime) -> str:
    if pending := preparing.pending_migrations():
        raise Ailment(
            f"{len(pending)} are missing.",
            "Pages fail that need what they add.",
            "manage.py migrate",
        )
    return "up to date"


def restoring(now: datetime) -> str:
    if swapping.note_path().exists():
        raise Ailment(
            "A restore was cut off half-way.",
            "Some files may be of the backup and some of before.",
            "manage.py up, or the restore again: both put the old shop in order first",
        )
    return "none is half done"


def broker(now: datetime) -> str:
    if not (address := heartbeat.broker()):
        try:
            server = embedded_redis.find_server()
        except embedded_redis.NoRedis as reason:
            raise Ailment(
                "There is no Redis.", "The shop cannot start.", "apt install redis-server"
            ) from reason
        return f"the shop does not run; `manage.py up` starts {server}"
    if not embedded_redis.answers(address):
        raise Ailment(
            "Redis does not answer.",
            "Pages work; mails, plans and training wait.",
            "start Redis, or empty REDIS_URL and use manage.py up",
        )
    return "answers"


def workers(now: datetime) -> str:
    if not (address := heartbeat.broker()):
        return "the shop does not run"
    try:
        seen = heartbeat.last(address)
    except heartbeat.NoBroker:
        return "cannot be asked without Redis"
    if seen is None or now - seen > SILENCE:
        when = f"since {seen:%Y-%m-%d %H:%M} UTC" if seen else "yet"
        raise Ailment(
            f"Worker and clock have not been heard of {when}.",
            "Mails, plans and training wait.",
            "manage.py up, or: systemctl restart tailorline@worker tailorline@beat",
        )
    return f"seen {(now - seen).total_seconds():.0f} s ago"


def duties(now: datetime) -> str:
    stuck = sum(alarm.count for alarm in dispatch.alarms())
    mails = Delivery.objects.filter(status=Delivery.Status.FAILED).count()
    if stuck or mails:
        raise Ailment(
            f"{stuck} duties failed again and again, {mails} mails could not be sent.",
            "What should follow from a change has not happened; customers may not know of it.",
            "the dashboard names each and has it tried again; for mails look at EMAIL_URL",
        )
    return "none failed"


def artefacts(now: datetime) -> str:
    runs = TrainingRun.objects.filter(status__in=SERVING).exclude(artefact="")
    known = list(runs.values_list("artefact", "artefact_digest"))
    bad = [path for path, digest in known if _digest(Path(settings.DATA_DIR) / path) != digest]
    if bad:
        raise Ailment(
            f"{len(bad)} of {len(known)} are gone or damaged, such as {bad[0]}.",
            "Forecasts or suggestions cannot be served from them.",
            "manage.py restore FILE --force, or train anew: manage.py cycle",
        )
    return f"{len(known)} match their rows"


def static_files(now: datetime) -> str:
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if not stamp.exists() or stamp.read_text() != preparing.static_digest():
        raise Ailment(
            "They are not collected or out of date.",
            "Pages may look wrong.",
            "manage.py up does it; else: manage.py collectstatic --noinput",
        )
    return "collected"


def clock(now: datetime) -> str:
    try:
        zone = ZoneInfo(settings.PLANT_TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Ailment(
            f"PLANT_TIME_ZONE is no time zone: {settings.PLANT_TIME_ZONE}.",
            "Shifts and nights cannot be placed.",
            "set PLANT_TIME_ZONE to a name such as Europe/Berlin",
        ) from error
    newest = Transition.objects.order_by("-at").values_list("at", flat=True).first()
    if newest and newest - now > CLOCK_ERROR:
        raise Ailment(
            f"It is {now:%Y-%m-%d %H:%M} UTC here, and something happened {newest:%Y-%m-%d %H:%M}.",
            "The clock goes wrong, or went wrong then: dates and leases are off.",
            "timedatectl set-ntp true",
        )
    return f"{now.astimezone(zone):%Y-%m-%d %H:%M} {settings.PLANT_TIME_ZONE}"


def backups(now: datetime) -> str:
    made = saving.last()
    if made and now - made[1] <= OLD_BACKUP:
        return f"{made[0]}, {made[1]:%Y-%m-%d %H:%M} UTC"
    if made is None and (
        (Path(settings.DATA_DIR) / saving.LOGINS).exists() or not Order.objects.exists()
    ):
        return "none yet, and nothing to lose"
    raise Ailment(
        f"The last one is of {made[1]:%Y-%m-%d}." if made else "There was never one.",
        "A broken disk would take what came since then.",
        "manage.py backup --keep 14, every night: docs/operations.md",
    )


def plan(now: datetime) -> str:
    newest = Plan.objects.published().order_by("-as_of").first()
    if newest and now - newest.as_of <= OLD_PLAN:
        return f"as of {newest.as_of:%Y-%m-%d %H:%M} UTC"
    if not OrderLine.objects.filter(status__in=OPEN).exists():
        return "nothing waits to be made"
    raise Ailment(
        f"The plan is of {newest.as_of:%Y-%m-%d %H:%M} UTC." if newest else "There is no plan.",
        "Queues do not know what was ordered since.",
        "manage.py cycle",
    )


def products(now: datetime) -> str:
    on_sale = catalogue.on_sale(now.date())
    obstacles = makeability.obstacles(on_sale, now=now)
    if obstacles:
        raise Ailment(
            f"{len(obstacles):,} of {len(on_sale):,} on sale cannot be made, or not as everything "
            f"that can be chosen. {_named(obstacles)}",
            "An order for them gets no promised day and no place in the plan.",
            "Shop set-up, the product's page: its steps, and the machines and hours of their "
            "cells; until then take it off sale there (listed: no)",
        )
    return f"{len(on_sale):,} on sale can be made" if on_sale else "none is on sale yet"


def _named(obstacles: Mapping[int, Sequence[makeability.Finding]]) -> str:
    """The first few with what they lack, and how many there are beside them."""
    first = list(obstacles)[:NAMED]
    names = catalogue.names(first)
    told = [f"“{names[pk]}”: {obstacles[pk][0].text}" for pk in first]
    more = len(obstacles) - len(first)
    return " ".join([*told, f"And {more:,} more."] if more else told)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "gone"


CHECKS: dict[str, Callable[[datetime], str]] = {
    "data folder": folder,
    "disk": room,
    "keys": secrets,
    "database": database,
    "migrations": migrations,
    "restore": restoring,
    "broker": broker,
    "worker and clock": workers,
    "duties": duties,
    "models": artefacts,
    "static files": static_files,
    "time": clock,
    "backup": backups,
    "products": products,
    "plan": plan,
}
