"""The plant's time zone between two starts: the environment decides, else what the owner chose."""

import os
from pathlib import Path

NAME = "PLANT_TIME_ZONE"
DEFAULT = "Europe/Berlin"


def chosen(data_dir: Path) -> str:
    """The zone that times are told in: `$PLANT_TIME_ZONE`, else the kept one, else the default."""
    if given := os.environ.get(NAME):
        return given
    kept = _kept_at(data_dir)
    return (kept.read_text(encoding="utf-8").strip() if kept.exists() else "") or DEFAULT


def is_given() -> bool:
    """Whether the environment decides, whatever an owner chooses."""
    return bool(os.environ.get(NAME))


def keep(zone: str, data_dir: Path) -> None:
    """For the next start; a process reads its settings once."""
    draft = _kept_at(data_dir).with_suffix(".draft")
    draft.write_text(zone + "\n", encoding="utf-8")
    draft.replace(_kept_at(data_dir))


def _kept_at(data_dir: Path) -> Path:
    return data_dir / "plant-time-zone"
