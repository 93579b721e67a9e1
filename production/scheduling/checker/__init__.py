"""An independent judge of plans: `check` names every fault of one."""

from .checking import check
from .faults import Fault, Violation

__all__ = ["Fault", "Violation", "check"]
