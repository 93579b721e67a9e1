"""Starter sets: a trade's cells, products and routings as tables to begin with.

A set is a folder of `config/starters`: CSV files as in docs/sheets.md, and `starter.toml`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from config.sheets import SHOP
from journal.sheets import Table, read_files

FOLDER = Path(settings.BASE_DIR) / "config" / "starters"


@dataclass(frozen=True)
class Starter:
    """`steps`: what is looked through after it, in this order; `lead_days`: its usual wait."""

    code: str
    name: str
    text: str
    currency: str
    lead_days: int
    steps: tuple[str, ...]


def starters() -> list[Starter]:
    """All sets, by name, in the reader's language."""
    return sorted(map(_read, FOLDER.glob("*/starter.toml")), key=lambda starter: starter.name)


def starter(code: str) -> Starter | None:
    return next((one for one in starters() if one.code == code), None)


def tables(one: Starter, currency: str) -> list[Table]:
    """The tables of a set with prices in the shop's currency, number for number: they are
    examples."""
    read = read_files([FOLDER / one.code], SHOP)
    return [_priced(table, currency) if table.sheet.code == "products" else table for table in read]


def _priced(table: Table, currency: str) -> Table:
    lines = [replace(line, cells={**line.cells, "currency": currency}) for line in table.lines]
    return replace(table, lines=lines)


def _read(path: Path) -> Starter:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    words = {**told, **dict(_translated(told))}
    return Starter(
        code=path.parent.name,
        name=words["name"],
        text=words["text"],
        currency=told["currency"],
        lead_days=told["lead_days"],
        steps=tuple(told["steps"]),
    )


def _translated(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from told.get(get_language() or "", {}).items()
