"""The tables by which an owner keeps the workshop: hours, cells, machines, materials, making."""

from production.sheets.hours import CALENDARS, HOLIDAYS
from production.sheets.making import BOMS, MATERIALS, ROUTINGS
from production.sheets.shop_floor import CELLS, CHANGEOVERS, MACHINES

__all__ = [
    "BOMS",
    "CALENDARS",
    "CELLS",
    "CHANGEOVERS",
    "HOLIDAYS",
    "MACHINES",
    "MATERIALS",
    "ROUTINGS",
]
