"""Finite-capacity scheduling: a problem in, a checked plan out. Pure: no Django, no clock.

`schedule` plans, `shortest` plans a plain job shop for an early end, `check` judges, `Timetable`
promises, `repaired` mends a plan that something has disturbed; `why_late`, `bottlenecks` and
`what_helps` explain.
"""

from .annealing import Effort
from .batching import dispatch, repaired, right_shifted, schedule
from .checker import Fault, Violation, check
from .dispatch import UnknownRuleError
from .errors import (
    BatchError,
    CyclicJobsError,
    DuplicateIdError,
    DurationError,
    LagError,
    ProblemError,
    ReservationError,
    SequenceError,
    UnknownReferenceError,
    WindowError,
)
from .explain import (
    Bottleneck,
    Cause,
    Effect,
    JobTime,
    Lateness,
    NotPlannedError,
    Remedies,
    Remedy,
    RemedyKind,
    Stretch,
    Trials,
    Use,
    bottlenecks,
    time_of,
    times_of,
    what_helps,
    why_late,
)
from .insertion import Insertion, Timetable, earliest_finish, inserted
from .jobs import NO_DUE_DATE, Alternative, Job, Operation, Pin
from .machines import Machine, Plate, Pool, Rack, SetupMatrix
from .makespan import NotPlainError, shortest
from .plan import Binding, PlannedOperation, Schedule, Totals
from .problem import Impossible, Problem, Reason
from .reservations import Reservation
from .rules import RULES
from .stability import Stability

__all__ = [
    "NO_DUE_DATE",
    "RULES",
    "Alternative",
    "BatchError",
    "Binding",
    "Bottleneck",
    "Cause",
    "CyclicJobsError",
    "DuplicateIdError",
    "DurationError",
    "Effect",
    "Effort",
    "Fault",
    "Impossible",
    "Insertion",
    "Job",
    "JobTime",
    "LagError",
    "Lateness",
    "Machine",
    "NotPlainError",
    "NotPlannedError",
    "Operation",
    "Pin",
    "PlannedOperation",
    "Plate",
    "Pool",
    "Problem",
    "ProblemError",
    "Rack",
    "Reason",
    "Remedies",
    "Remedy",
    "RemedyKind",
    "Reservation",
    "ReservationError",
    "Schedule",
    "SequenceError",
    "SetupMatrix",
    "Stability",
    "Stretch",
    "Timetable",
    "Totals",
    "Trials",
    "UnknownReferenceError",
    "UnknownRuleError",
    "Use",
    "Violation",
    "WindowError",
    "bottlenecks",
    "check",
    "dispatch",
    "earliest_finish",
    "inserted",
    "repaired",
    "right_shifted",
    "schedule",
    "shortest",
    "time_of",
    "times_of",
    "what_helps",
    "why_late",
]
