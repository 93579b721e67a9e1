"""Flexible job shops with the shortest makespan: compiled tabu search on the critical path.

`build` takes the arrays, `shortest` plans. Pure: no Django, no clock.
"""

from .search import shortest
from .shop import Shop, ShopError, Solution, build, lower_bound

__all__ = ["Shop", "ShopError", "Solution", "build", "lower_bound", "shortest"]
