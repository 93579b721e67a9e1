"""The shortest plan: tabu searches from dispatched plans, then from plans between the best ones."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait

from production.scheduling.anytime import Deadline, Progress

from .graph import END, MINUTES, empty_graph, lay
from .population import Member
from .shop import Shop, Solution, alternatives
from .trials import AHEAD, Run

POLL = 0.05  # seconds between two looks at the deadline


def shortest(
    shop: Shop,
    deadline: Deadline | None = None,
    seed: int = 0,
    iterations: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Solution:
    """The plan with the earliest end that was found in time.

    Parameters
    ----------
    shop : what is to be made
    deadline : asked some 20 times per second, in the caller's thread; True ends the search
    seed : seed and iterations fix the plan, whatever the number of threads
    iterations : moves at most; at least one plan is always made
    threads : how many trials run at once, 4 at most
    progress : told the moves given out and the best makespan after every trial, and at the start

    Raises
    ------
    ValueError
        Neither a deadline nor a number of iterations is given.

    Examples
    --------
    >>> from .shop import build
    >>> two_jobs = build([0, 2, 3], [0, 1, 3, 4], [0, 0, 1, 1], [3, 2, 4, 5], 2)
    >>> shortest(two_jobs, iterations=100).makespan
    5
    """
    if deadline is None and iterations is None:
        raise ValueError("a search without deadline and iterations would never end")
    run = Run(shop, seed, iterations)
    if progress:
        progress(0, run.best.makespan)
    with ThreadPoolExecutor(threads) as pool:
        try:
            _work_off(run, pool, deadline, progress)
        finally:
            run.stop.set()
    return _solution(shop, run)


def _work_off(
    run: Run, pool: ThreadPoolExecutor, deadline: Deadline | None, progress: Progress | None
) -> None:
    """Keep trials under way, and take in their plans in the order in which they began."""
    under_way: deque[Future[Member]] = deque()
    while not run.solved:
        while len(under_way) < AHEAD and (trial := run.next_trial()):
            under_way.append(pool.submit(trial.work, run.stop))
        if not under_way:
            return
        if deadline and deadline():
            run.stop.set()
        if wait([under_way[0]], POLL if deadline else None).done:
            run.take_in(under_way.popleft().result())
            if progress:
                progress(run.made, run.best.makespan)


def _solution(shop: Shop, run: Run) -> Solution:
    choice, order = run.best.plan
    graph, options = empty_graph(shop), alternatives(shop)
    makespan = lay(graph, options, run.best.plan)
    count = len(order)
    return Solution(
        alternative=choice,
        machine=options[0, choice],
        start=graph[END, :count] - graph[MINUTES, :count],
        end=graph[END, :count].copy(),
        order=order,
        makespan=makespan,
        bound=run.bound,
        iterations=run.made,
    )
