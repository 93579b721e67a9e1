"""The engine against the independent checker on random small shops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import RULES, Timetable, check, dispatch, inserted, schedule
from production.scheduling.arrays import NONE
from production.scheduling.dispatch import Dispatcher, rules_called

from .shops import examples, jobs, shops

many = examples(150)


@pytest.mark.parametrize("rule", sorted(RULES))
@many
@given(shop=shops())
def test_every_plan_of_every_rule_passes_the_checker(rule, shop):
    assert check(shop, dispatch(shop, rule)) == []


@many
@given(shop=shops())
def test_firm_jobs_finish_the_same_with_and_without_forecast_jobs(shop):
    firm = {job.id for job in shop.jobs if job.firm}
    loose = [replace(job, predecessors=()) for job in shop.jobs]
    pinned = {job.id for job in loose if any(o.pinned for o in job.operations)}
    kept = [job for job in loose if job.id in firm | pinned]
    whole = dispatch(replace(shop, jobs=tuple(loose)), "edd")
    alone = dispatch(replace(shop, jobs=tuple(kept)), "edd")
    assert {j: m for j, m in whole.finish.items() if j in firm} == {
        j: m for j, m in alone.finish.items() if j in firm
    }


@many
@given(shop=shops(), data=st.data())
def test_an_inserted_job_leaves_a_plan_that_passes_the_checker(shop, data):
    plan = dispatch(shop, "edd")
    names = [machine.id for machine in shop.machines]
    order = data.draw(jobs("new", names, sorted(plan.finish), pins=False, crews=tuple(shop.pool)))
    timetable = Timetable(shop, plan)
    answer = timetable.earliest_finish(order)
    assert timetable.earliest_finish(order) == answer
    if answer is not None:
        wider = replace(shop, jobs=(*shop.jobs, order))
        after = inserted(wider, plan, answer)
        assert check(wider, after) == []
        assert {o.operation_id: (o.start, o.end) for o in plan.operations}.items() <= {
            o.operation_id: (o.start, o.end) for o in after.operations
        }.items()


@settings(many, max_examples=40)
@given(shop=shops())
def test_the_best_plan_costs_no_more_than_any_rule_and_comes_out_twice_the_same(shop):
    best = schedule(shop, seed=7)
    assert best == schedule(shop, seed=7)
    for rule in RULES:
        plan = dispatch(shop, rule)
        if len(plan.set_aside) == len(best.set_aside) == len(shop.impossible):
            assert best.totals.objective <= plan.totals.objective


@settings(many, max_examples=60)
@given(shop=shops(), name=st.sampled_from(sorted(rules_called())))
def test_every_variant_of_a_rule_gives_one_plan_and_it_passes_the_checker(shop, name):
    plan = schedule(shop, only=name)
    assert check(shop, plan) == []
    assert (plan.rule, schedule(shop, only=name)) == (name, plan)


@many
@given(shop=shops())
def test_forecast_jobs_move_nothing_that_stands_and_the_tables_cost_what_the_plan_costs(shop):
    dispatcher = Dispatcher(shop)
    draft = dispatcher.best(RULES["edd"])
    standing = draft.firm.plan["machine"] != NONE
    for name in ("choice", "machine", "start", "end", "done"):
        assert (draft.plan[name][standing] == draft.firm.plan[name][standing]).all()
    assert dispatcher.cost(draft)[1] == dispatcher.recorded(draft).totals.objective


@many
@given(shop=shops())
def test_ordered_by_start_everything_stands_behind_what_it_waits_for(shop):
    dispatcher = Dispatcher(shop)
    draft = dispatcher.best(RULES["edd"])
    rows = draft.plan.copy()
    order = dispatcher.by_start(rows)
    place = np.full(len(rows), NONE)
    place[order] = np.arange(len(order))
    ups = rows["up"][order]
    assert (place[ups[ups != NONE]] < place[order[ups != NONE]]).all()
    assert set(order) == set(np.flatnonzero(rows["machine"] != NONE))
    steps = dispatcher.shop.steps
    for o in order[rows["fixed"][order] == 0]:
        before = [
            steps["before"][o],
            *dispatcher.shop.waits[steps["waits"][o] : steps["waits_end"][o]],
        ]
        assert all(place[v] < place[o] for v in before if v != NONE)
