"""Repair of a running plan: breakdowns, rush orders, late material, scrap, absent operators.

A disturbance is the difference between the plan before and the problem as it is now.
"""

from .repairing import TIMED, Repair, repaired, right_shifted

__all__ = ["TIMED", "Repair", "repaired", "right_shifted"]
