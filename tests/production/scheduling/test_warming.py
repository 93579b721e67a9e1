"""After `make install` nobody waits for a compiler."""

import gc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from numba.core.dispatcher import Dispatcher

from production.scheduling import Pool, Problem, schedule, shortest
from production.scheduling.critical.trials import ROOM, STRETCH
from production.scheduling.stability import Stability
from production.scheduling.warming import warm

from .shops import ALWAYS, job, machine, problem


def loaded() -> set[tuple[str, str]]:
    """Every kernel that is ready to run, and for which arguments."""
    kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    return {
        (kernel.py_func.__qualname__, str(kind)) for kernel in kernels for kind in kernel.signatures
    }


def in_pairs(shop: Problem) -> Problem:
    """The same shop where two people do all the work."""
    jobs = tuple(
        replace(one, operations=tuple(replace(step, pools=("two",)) for step in one.operations))
        for one in shop.jobs
    )
    return replace(shop, jobs=jobs, pools=(Pool("two", 2, ALWAYS),))


def loaded_late() -> set[tuple[str, str]]:
    """What planning must still load or compile after the warming."""
    warm()
    ready = loaded()
    machines = [machine(name) for name in ("saw", "drill", "lathe")]
    either = {"saw": 3, "drill": 5, "lathe": 4}
    names = ("alice", "bob", "carol", "dave")
    shop = problem(machines, *(job(name, *[(either, {})] * 3) for name in names))
    schedule(shop, iterations=500, threads=2)
    stands = {"alice1": ("saw", 5), "bob1": ("drill", 0)}
    schedule(shop, iterations=500, stability=Stability(stands))
    schedule(in_pairs(shop), iterations=500)
    shortest(shop, iterations=(ROOM + 5) * STRETCH, threads=2)
    return loaded() - ready


def test_planning_finds_every_kernel_ready_after_the_warming():
    with ProcessPoolExecutor(1, get_context("spawn")) as process:  # other tests load kernels too
        assert process.submit(loaded_late).result() == set()
