"""Batches: work that shares a rack or plate. A layer around the engine, which knows none."""

from .cutting import Cutter
from .planning import dispatch, repaired, right_shifted, schedule

__all__ = ["Cutter", "dispatch", "repaired", "right_shifted", "schedule"]
