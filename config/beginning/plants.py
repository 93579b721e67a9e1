"""The plant's name and time zone, and the file by which the next start knows the zone."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from config import zones
from journal.moving import lifecycle, record
from production.models import Plant

PLANT = lifecycle("plant", {"": "named", "named": "named"})


def name_plant(name: str, time_zone: str, *, by: str, at: datetime) -> Plant:
    """Name the plant, or give it another name or zone; what was told before is in the journal."""
    with transaction.atomic():
        plant = Plant.objects.order_by("pk").first()
        before = "named" if plant else ""
        plant = plant or Plant()
        plant.name, plant.time_zone = name, time_zone
        plant.save()
        why = f"{name}, {time_zone}"[:300]
        record(PLANT, [(plant.pk, before)], "named", by=by, at=at, why=why)
    keep_zone()
    return plant


def keep_zone() -> None:
    """Have the next start tell times as the plant does, also in a shop that was restored here."""
    first = Plant.objects.order_by("pk").first()
    if first is not None:
        zones.keep(first.time_zone, Path(settings.DATA_DIR))
