"""Where lateness comes from and what would help. Plans in, plain figures out; nothing is changed.

`why_late` follows the binding reasons of one order, `time_of` says what its minutes went into,
`bottlenecks` adds that up over all late orders, `what_helps` tries remedies by planning again.
"""

from .bottlenecks import Bottleneck, bottlenecks
from .lateness import Cause, Lateness, NotPlannedError, why_late
from .minutes import JobTime, Stretch, Use, time_of, times_of
from .remedies import Effect, Remedies, Remedy, RemedyKind, Trials, what_helps

__all__ = [
    "Bottleneck",
    "Cause",
    "Effect",
    "JobTime",
    "Lateness",
    "NotPlannedError",
    "Remedies",
    "Remedy",
    "RemedyKind",
    "Stretch",
    "Trials",
    "Use",
    "bottlenecks",
    "time_of",
    "times_of",
    "what_helps",
    "why_late",
]
