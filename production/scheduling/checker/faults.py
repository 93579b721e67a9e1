"""What can be wrong with a plan."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a plan."""

    UNKNOWN = "unknown"
    TWICE = "twice"
    MISSING = "missing"
    SET_ASIDE = "set_aside"
    MACHINE = "machine"
    TOO_EARLY = "too_early"
    CLOSED = "closed"
    DURATION = "duration"
    SPLIT = "split"
    OVERLAP = "overlap"
    BATCH = "batch"
    POOL = "pool"
    RESERVED = "reserved"
    SETUP = "setup"
    PRECEDENCE = "precedence"
    MIN_LAG = "min_lag"
    MAX_LAG = "max_lag"
    RELEASE = "release"
    FENCE = "fence"
    PINNED = "pinned"
    OBJECTIVE = "objective"


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault, the operation (or, with `of_job`, the job) it concerns, and the figures."""

    fault: Fault
    subject: str
    text: str
    of_job: bool = False
