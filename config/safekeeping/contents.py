"""What a shop is made of, wherever its database lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.models import CycleRun
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


def counted(tables: Iterable[str]) -> list[str]:
    return [table for table in COUNTED if table in set(tables)]
