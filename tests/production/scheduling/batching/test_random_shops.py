"""Plans with racks and plates against the independent checker, on random small shops."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from production.scheduling import (
    RULES,
    Operation,
    Problem,
    check,
    dispatch,
    repaired,
    right_shifted,
    schedule,
)
from production.scheduling.batching.cutting import Batches, Cutter, batches_in
from production.scheduling.batching.eligible import Eligible
from production.scheduling.batching.trying import tried
from production.scheduling.nervousness import places
from tests.production.scheduling.shops import examples, shops

many = examples(50)


@pytest.mark.parametrize("rule", sorted(RULES))
@many
@given(shop=shops(batches=True))
def test_every_plan_of_every_rule_passes_the_checker(rule, shop):
    assert check(shop, dispatch(shop, rule)) == []


@settings(many, max_examples=25)
@given(shop=shops(batches=True), seed=st.integers(0, 99))
def test_a_searched_plan_passes_the_checker_and_comes_out_twice_the_same(shop, seed):
    plan = schedule(shop, seed=seed, only="edd", iterations=400)
    assert check(shop, plan) == []
    assert plan == schedule(shop, seed=seed, only="edd", iterations=400)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Problem, Batches]:
    """A shop, and any batches that fit onto a machine."""
    shop = draw(shops(batches=True))
    cutter = Cutter(shop)
    groups: dict[object, dict[str, Operation]] = {}
    for name, kind in sorted(Eligible(shop).kinds.items()):
        operation = shop.operation[name]
        group = groups.setdefault((kind, draw(st.sampled_from([0, 0, 0, 1]))), {})
        waits = shop.with_predecessors([operation.job_id])
        if not waits & shop.with_predecessors(group) and cutter.places(
            [*group.values(), operation]
        ):
            group[operation.job_id] = operation
    return shop, batches_in([one.id for one in group.values()] for group in groups.values())


@settings(many, max_examples=150)
@given(drawn=grouped(), rule=st.sampled_from(sorted(RULES)))
def test_whatever_shares_a_batch_the_plan_passes_the_checker_and_costs_what_the_plain_one_does(
    drawn, rule
):
    shop, batches = drawn
    found = tried(Cutter(shop), batches, lambda plain: dispatch(plain, rule))
    plan = found.schedule
    assert check(shop, plan) == []
    together = {one.operation_id: one.batch for one in plan.operations}
    assert all(together[one] == batch[0] for batch in found.batches for one in batch)
    if len(plan.set_aside) == len(shop.impossible):
        assert plan.totals.objective == found.planned.totals.objective


@settings(many, max_examples=25)
@given(drawn=grouped())
def test_a_repaired_plan_keeps_its_batches_and_costs_no_more_than_the_shifted_one(drawn):
    shop, batches = drawn
    before = tried(Cutter(shop), batches, lambda plain: dispatch(plain, "edd"))
    later = replace(
        shop,
        machines=tuple(
            replace(one, available_from=one.available_from + 20) for one in shop.machines
        ),
    )
    shifted = right_shifted(later, places(before.schedule))
    mended = repaired(later, places(before.schedule))
    assert check(later, shifted) == check(later, mended) == []
    if not mended.set_aside and not shifted.set_aside:
        assert mended.totals.objective <= shifted.totals.objective
        kept = {one.operation_id: one.batch for one in shifted.operations}
        assert all(kept[one] == batch[0] for batch in before.batches for one in batch)
