"""From a problem to the best plan that time allows: rules first, then a search from their best.

1. Rules plan the whole shop, fewer the larger it is; the cheapest plan wins. 2. Its firm part is
annealed. 3. Forecast jobs take the gaps that are left. 4. What comes out is kept where it is
cheaper.
"""

from itertools import islice

import numpy as np

from .annealing import EFFORT, NO_PLAN, Effort, Search
from .anytime import Deadline, Progress
from .arrays import NONE
from .dispatch import Dispatcher, Draft, rules_called
from .gaps import units_of
from .plan import Schedule
from .problem import Problem
from .rules import Rule
from .seating import HELD

MOVES_EACH = 100  # moves an operation where neither time nor iterations are given
MOST_TIMED = 50_000_000  # operations that these moves may time anew: seconds, whatever the shop
RULED = 400_000  # operations that all rules together may place; the likeliest rules come first
FEWEST_RULES = 4


def schedule(
    problem: Problem,
    deadline: Deadline | None = None,
    seed: int = 0,
    only: str | None = None,
    *,
    iterations: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    effort: Effort = EFFORT,
) -> Schedule:
    """The best plan found until `deadline()` is True; at least one rule always plans.

    Parameters
    ----------
    deadline : asked between rules and between windows of the search
    seed : with `iterations`, fixes the plan, whatever the number of threads
    only : the name of the rule that planned before (`Schedule.rule`) and plans alone now
    iterations : moves of the search at most; without it, and without a deadline, as many as are
        usual for the size
    threads : windows of the plan that are searched at once, two at most
    progress : told the moves made and the objective of the firm jobs, at first that of the rule,
        at last that of the plan which is kept

    Raises UnknownRuleError.
    """
    rules = rules_called(only)
    dispatcher = Dispatcher(problem)
    size = max(1, len(dispatcher.shop.steps))
    some = dict(islice(rules.items(), max(FEWEST_RULES, RULED // size)))
    draft = dispatcher.best(some, deadline)
    most_timed = None
    if iterations is None and deadline is None:
        iterations, most_timed = MOVES_EACH * size, MOST_TIMED
    search = _search(dispatcher, draft, seed, effort)
    if search.cost < NO_PLAN:
        search.improve(iterations, deadline, progress, threads, most_timed)
        draft = _cheaper(dispatcher, draft, search, rules[draft.rule])
        if progress:
            progress(search.made, dispatcher.cost(draft.firm or draft)[1])
    return dispatcher.recorded(draft)


def _search(dispatcher: Dispatcher, draft: Draft, seed: int, effort: Effort) -> Search:
    """The firm part of a plan, ready to be searched; what a maximum lag ties together stays."""
    plan = (draft.firm or draft).plan.copy()
    steps = dispatcher.shop.steps
    held = np.flatnonzero(_held(dispatcher.problem))
    stays = np.isin(steps["job"], held) & (plan["fixed"] == 0) & (plan["machine"] != NONE)
    plan["fixed"][stays] = HELD
    units_of(dispatcher.shop, plan)
    return Search(dispatcher.shop, plan, dispatcher.by_start(plan), seed, effort)


def _held(problem: Problem) -> list[bool]:
    """By job: whether a maximum lag ties steps of it, or of a job that waits for it, together."""
    tied = [
        job.id
        for job in problem.jobs
        if any(operation.max_lag_after is not None for operation in job.operations[:-1])
    ]
    held = problem.with_predecessors(tied)
    return [job.id in held for job in problem.jobs]


def _cheaper(dispatcher: Dispatcher, draft: Draft, search: Search, rule: Rule) -> Draft:
    """The plan of the rule, or the one of the search with forecast jobs put into its gaps."""
    firm = draft.firm or draft
    found = dispatcher.with_forecast(Draft(search.plan, firm.aside, draft.rule), rule)
    return min(draft, found, key=dispatcher.cost)
