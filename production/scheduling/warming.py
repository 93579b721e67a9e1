"""Compile the kernels before anybody waits for them: `python -m production.scheduling.warming`."""

import shutil
import sys
from pathlib import Path

from .compiled import KEPT_IN
from .improving import schedule
from .makespan import shortest
from .problem import Alternative, Job, Machine, Operation, Problem
from .stability import Stability

STAMP = Path(KEPT_IN) / "complete"


def warm() -> None:
    """Plan two jobs in every way there is."""
    machine = Machine("m", "m", ((0, 100),))
    jobs = [
        Job(name, (Operation(f"{name}1", name, 1, (Alternative("m", 1),)),), due=1, firm=firm)
        for name, firm in (("a", True), ("b", True), ("c", False))
    ]
    problem = Problem((machine,), tuple(jobs))
    schedule(problem, iterations=1, stability=Stability({"a1": ("m", 1)}))
    shortest(problem, iterations=1)


def main() -> None:
    """Warm up once for these sources."""
    if not STAMP.exists():
        sys.stderr.write("Compiling the scheduler, once; this takes half a minute …\n")
        warm()
        STAMP.touch()
        _forget_others()


def _forget_others() -> None:
    """Kernels of other sources: an earlier release, or a change that was tried."""
    for folder in STAMP.parent.parent.glob("kernels-*"):
        if folder != STAMP.parent:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
