"""Compile the kernels before anybody waits for them: `python -m production.scheduling.warming`."""

import shutil
import sys
from pathlib import Path

from .compiled import KEPT_IN
from .critical.trials import ROOM, STRETCH
from .improving import schedule
from .jobs import Alternative, Job, Operation
from .machines import Machine, Pool
from .makespan import shortest
from .problem import Problem
from .stability import Stability

STAMP = Path(KEPT_IN) / "complete"


def warm() -> None:
    """Plan a tiny shop in every way there is."""
    seen = Stability({"a1": ("m", 1)})
    schedule(_shop(("a", "b", "c"), ("m",)), iterations=1, stability=seen)
    schedule(_shop(("a", "b", "c"), ("m",), ("p",)), iterations=1)
    # Three equal steps on two machines: even load is out of reach, so the search goes on, long
    # enough for trials that begin between two earlier plans
    shortest(_shop(("a", "b", "c"), ("m", "n")), iterations=(ROOM + 2) * STRETCH)


def _shop(jobs: tuple[str, ...], machines: tuple[str, ...], pools: tuple[str, ...] = ()) -> Problem:
    """Jobs of one step each that needs all pools, the last one for the forecast; every machine does
    them all."""
    able = tuple(Alternative(name, 2) for name in machines)
    return Problem(
        tuple(Machine(name, name, ((0, 100),)) for name in machines),
        tuple(
            Job(
                name,
                (Operation(f"{name}1", name, 1, able, pools=pools),),
                due=1,
                firm=name != jobs[-1],
            )
            for name in jobs
        ),
        pools=tuple(Pool(name, 1, ((0, 100),)) for name in pools),
    )


def main() -> None:
    """Warm up once for these sources."""
    if not STAMP.exists():
        sys.stderr.write("Compiling the scheduler, once; this takes up to a minute …\n")
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
