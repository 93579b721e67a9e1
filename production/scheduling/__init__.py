"""Finite-capacity scheduling: a problem in, a checked plan out. Pure: no Django, no clock.

`schedule` plans, `shortest` plans a plain job shop for an early end, `check` judges, `Timetable`
promises, `why_late` explains.
"""

from .annealing import Effort
from .checker import Fault, Violation, check
from .dispatch import UnknownRuleError, dispatch
from .explain import Cause, Lateness, NotPlannedError, why_late
from .improving import schedule
from .insertion import Insertion, Timetable, earliest_finish, inserted
from .makespan import NotPlainError, shortest
from .plan import Binding, PlannedOperation, Schedule, Totals
from .problem import (
    Alternative,
    CyclicJobsError,
    DuplicateIdError,
    DurationError,
    Impossible,
    Job,
    LagError,
    Machine,
    Operation,
    Pin,
    Pool,
    Problem,
    ProblemError,
    Reason,
    SequenceError,
    SetupMatrix,
    UnknownReferenceError,
    WindowError,
)
from .rules import RULES

__all__ = [
    "RULES",
    "Alternative",
    "Binding",
    "Cause",
    "CyclicJobsError",
    "DuplicateIdError",
    "DurationError",
    "Effort",
    "Fault",
    "Impossible",
    "Insertion",
    "Job",
    "LagError",
    "Lateness",
    "Machine",
    "NotPlainError",
    "NotPlannedError",
    "Operation",
    "Pin",
    "PlannedOperation",
    "Pool",
    "Problem",
    "ProblemError",
    "Reason",
    "Schedule",
    "SequenceError",
    "SetupMatrix",
    "Timetable",
    "Totals",
    "UnknownReferenceError",
    "UnknownRuleError",
    "Violation",
    "WindowError",
    "check",
    "dispatch",
    "earliest_finish",
    "inserted",
    "schedule",
    "shortest",
    "why_late",
]
