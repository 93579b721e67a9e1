"""What the shop is made of and what it makes."""

from production.models.cells import (
    Calendar,
    CalendarException,
    DowntimeEvent,
    Machine,
    Operator,
    Plant,
    Shift,
    WorkCenter,
)
from production.models.gap import GapMeasurement
from production.models.jobs import Job, JobReport, Pegging, WorkOrder
from production.models.materials import Material, StockMove
from production.models.plans import Plan, PlanEntry, PlanRefusal, Reservation
from production.models.routings import BOM, BOMLine, Operation, Routing, SetupRule
from production.models.terminals import Terminal

__all__ = [
    "BOM",
    "BOMLine",
    "Calendar",
    "CalendarException",
    "DowntimeEvent",
    "GapMeasurement",
    "Job",
    "JobReport",
    "Machine",
    "Material",
    "Operation",
    "Operator",
    "Pegging",
    "Plan",
    "PlanEntry",
    "PlanRefusal",
    "Plant",
    "Reservation",
    "Routing",
    "SetupRule",
    "Shift",
    "StockMove",
    "Terminal",
    "WorkCenter",
    "WorkOrder",
]
