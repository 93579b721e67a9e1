"""Local search behind the dispatch rules: simulated annealing over windows of a plan.

Tables in, tables changed in place. Pure: no Django, no clock.
"""

from .windows import EFFORT, NO_PLAN, Effort, Search

__all__ = ["EFFORT", "NO_PLAN", "Effort", "Search"]
