"""From a problem to the best plan that time allows: rules first, then a search from their best.

1. Rules plan the whole shop, fewer the larger it is; the cheapest plan wins. 2. Its firm part is
annealed. 3. Forecast jobs take the gaps that are left. 4. What comes out is kept where it is
cheaper.
"""

from collections.abc import Callable
from itertools import islice

from .annealing import EFFORT, NO_PLAN, Effort, Search
from .anytime import Deadline, Progress
from .arrays import NONE, Records
from .dispatch import Dispatcher, Draft, rules_called
from .gaps import units_of
from .plan import Schedule
from .problem import Problem
from .repair import Repair
from .rules import Rule
from .seating import HELD
from .stability import Stability, calm_of

Fill = Callable[[Draft], Draft]  # puts the forecast jobs into the gaps of a firm plan

# Moves where neither time nor iterations are given: some for each operation, but not too few for a
# small shop to leave the plan of its rule
MOVES_EACH, FEWEST_MOVES = 100, 20_000
MOST_TIMED = 50_000_000  # operations that these moves may time anew: seconds, whatever the shop
RULED = 400_000  # operations that all rules together may place; the likeliest rules come first
FEWEST_RULES = 4


def usual_moves(operations: int) -> int:
    """Moves of a search that is given neither time nor iterations."""
    return max(FEWEST_MOVES, MOVES_EACH * operations)


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
    stability: Stability | None = None,
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
    stability : the plan before, and the price of leaving it; the search then begins from the
        cheaper of that plan, repaired, and the best rule's, and calls the former `repair`

    Raises UnknownRuleError.
    """
    rules = rules_called(only)
    dispatcher = Dispatcher(problem)
    size = max(1, len(dispatcher.shop.steps))
    some = dict(islice(rules.items(), max(FEWEST_RULES, RULED // size)))
    draft = dispatcher.best(some, deadline)
    fill = _with_forecast(dispatcher, rules[draft.rule])
    calm = calm_of(problem, dispatcher.shop, stability)
    if stability and (known := _repaired(dispatcher, draft, stability, calm)):
        draft, fill = known
    most_timed = None
    if iterations is None and deadline is None:
        iterations, most_timed = usual_moves(size), MOST_TIMED
    firm = draft.firm or draft
    plan = firm.plan.copy()
    plan["fixed"][dispatcher.held() & (plan["fixed"] == 0) & (plan["machine"] != NONE)] = HELD
    units_of(dispatcher.shop, plan)
    search = Search(dispatcher.shop, plan, dispatcher.by_start(plan), seed, effort, calm)
    if search.cost < NO_PLAN:
        search.improve(iterations, deadline, progress, threads, most_timed)
        draft = _cheaper(dispatcher, draft, search, fill)
        if progress:
            progress(search.made, dispatcher.cost(draft.firm or draft)[1])
    return dispatcher.recorded(draft)


def _repaired(
    dispatcher: Dispatcher, draft: Draft, stability: Stability, calm: Records
) -> tuple[Draft, Fill] | None:
    """The plan before, repaired, and how its forecast jobs find their gaps; None where the plan of
    a rule is cheaper."""
    repair = Repair(dispatcher, stability.before, calm)
    known = repair.repaired()
    cheaper = dispatcher.priced(known, calm) <= dispatcher.priced(draft, calm)
    return (known, repair.with_forecast) if cheaper else None


def _cheaper(dispatcher: Dispatcher, draft: Draft, search: Search, fill: Fill) -> Draft:
    """The plan that the search began with, or the one that it found, departures paid."""
    found = fill(Draft(search.plan, (draft.firm or draft).aside, draft.rule))
    return min(draft, found, key=lambda one: dispatcher.priced(one, search.calm))


def _with_forecast(dispatcher: Dispatcher, rule: Rule) -> Fill:
    return lambda firm: dispatcher.with_forecast(firm, rule)
