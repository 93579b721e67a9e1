"""Compile the floor before anybody waits for it: `python -m production.simulation.warming`."""

import sys
from hashlib import sha256
from pathlib import Path

from production.scheduling import Alternative, Job, Machine, Operation, Problem, dispatch
from production.scheduling.compiled import KEPT_IN

from . import working
from .simulating import simulate

SOURCE = sha256(Path(working.__file__).read_bytes()).hexdigest()[:16]
STAMP = Path(KEPT_IN) / f"simulation-{SOURCE}"


def warm() -> None:
    """Run a plan of one operation."""
    operation = Operation("a1", "a", 1, (Alternative("m", 1),))
    problem = Problem((Machine("m", "m", ((0, 100),)),), (Job("a", (operation,), due=1),))
    simulate(problem, dispatch(problem, "edd"), replications=1)


def main() -> None:
    """Warm up once for these sources."""
    if not STAMP.exists():
        sys.stderr.write("Compiling the simulation, once; this takes a few seconds …\n")
        warm()
        STAMP.touch()


if __name__ == "__main__":
    main()
