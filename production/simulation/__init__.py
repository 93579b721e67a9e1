"""A plan run forward as a floor would work it: times vary, pieces are scrapped, machines fail.

`simulate` runs many replications of a plan; `Simulated` holds when everything ended. `compared`
sets two of them side by side, `allowance` says what a promise must add. Pure: no Django, no clock;
the same seed gives the same floor.
"""

from .comparing import Comparison, JobShift, UnlikeRunsError, compared
from .disturbances import Disturbance, DisturbanceError, Shape
from .promises import TooFewError, allowance, held
from .simulating import Policy, Simulated, simulate

__all__ = [
    "Comparison",
    "Disturbance",
    "DisturbanceError",
    "JobShift",
    "Policy",
    "Shape",
    "Simulated",
    "TooFewError",
    "UnlikeRunsError",
    "allowance",
    "compared",
    "held",
    "simulate",
]
