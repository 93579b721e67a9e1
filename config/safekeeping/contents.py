"""What a shop is made of, wherever its database lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.models import CycleRun
from config.safekeeping import Watch
from forecasting.models import Forecast, TrainingRun
from journal.models import Transition, User
from orders.models import Customer, Order, OrderLine, Product
from production.models import Job, Plan

# The rows that tell a person whether this is the shop that was meant.
COUNTED = tuple(
    str(model._meta.db_table)
    for model in (
        *(User, Customer, Product, Order, OrderLine, Transition),
        *(TrainingRun, Forecast, Plan, Job, CycleRun),
    )
)
# Where one row is enough to call a shop not empty.
TELLING = (User, Customer, Product, Order)
MIGRATIONS = "django_migrations"


@dataclass(frozen=True)
class Dump:
    """A copy of the database, as of one moment: its file, its rows and its migrations."""

    path: Path
    rows: dict[str, int]
    migrations: list[str]


class Database(Protocol):
    """What backup and restore ask of a kind of database; each is a module.

    `MEMBER` is its name in the archive, `ROOM` how many times the dump's size a restore needs.
    """

    MEMBER: str
    NAME: str
    ROOM: int

    def dump(self, into: Path, watch: Watch) -> Dump:
        """Copy the database of one moment into a folder."""

    def examine(self, path: Path) -> Dump | None:
        """What is in a dump, where that can be seen without loading it."""

    def prepare(self, path: Path, stamp: str) -> None:
        """Everything that may fail before anything is moved."""

    def files(self) -> list[tuple[Path, str]]:
        """Files that are swapped: the path of the database, and an ending of it."""

    def load(self, path: Path, stamp: str) -> None:
        """Put the dump in place, whole or not at all."""

    def is_loaded(self, stamp: str) -> bool:
        """Whether `load` came to its end."""

    def kept(self, stamp: str) -> str:
        """Where the database keeps what was before, in words; empty where files say it."""

    def forget(self, stamp: str) -> None:
        """Remove what was before."""

    def users(self) -> str:
        """Who has the database open, in words; empty when nobody has."""


def counted(tables: Iterable[str]) -> list[str]:
    return [table for table in COUNTED if table in set(tables)]
