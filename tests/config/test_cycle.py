"""The main job and bad luck: whatever stops a cycle, the last good forecast and plan stand."""

import errno
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction

from config import cycle, wording
from config.models import CycleRun
from forecasting import outlook, runs, training
from forecasting.methods.registry import methods_for
from forecasting.models import ForecastPoint, TrainingRun
from journal.alone import alone
from orders.models import OrderLine
from production.alone import planning_alone
from production.models import GapMeasurement, Pegging, Plan, PlanEntry, WorkOrder
from tests.production.workshop import MONDAY, NOW, center, line, product

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
NEXT = NOW + WEEK
WEEKS = 20


@pytest.fixture(autouse=True)
def simple_methods(monkeypatch):
    """One simple method: these tests are about publishing, not about accuracy."""
    monkeypatch.setattr(
        training,
        "methods_for",
        lambda horizon, names=None: methods_for(horizon, ["seasonal naive"]),
    )


@pytest.fixture
def shop():
    """Lamps and mugs, two of each ordered every week and long delivered; Alice waits for three."""
    saw = center()
    lamp = product("lamp", (saw, {}), colours=["red", "blue"])
    mug = product("mug", (saw, {}), colours=["red", "blue"])
    for back in range(1, WEEKS + 1):
        placed = NOW - WEEK * back + timedelta(hours=4)
        for of in (lamp, mug):
            delivered(line(of, 2, placed=placed, values={"colour": "red"}, who="Bob"))
    line(lamp, 3, placed=NOW - timedelta(days=1), values={"colour": "blue"})
    return lamp, mug


def delivered(sold):
    """Somebody's order of long ago."""
    OrderLine.objects.filter(pk=sold.pk).update(status="delivered", committed_date=MONDAY)


def an_order_comes(of, quantity=4):
    return line(of, quantity, placed=NEXT - timedelta(hours=1), values={"colour": "red"})


def live():
    return TrainingRun.objects.get(kind="forecast", status="champion")


def points(run):
    """A run's published forecast, in numbers that any database gives it."""
    found = ForecastPoint.objects.filter(forecast__run=run, forecast__published_at__isnull=False)
    return sorted(
        found.values_list("series__product__sku", "series__level", "week", "mean"), key=str
    )


def published():
    plan = Plan.objects.get(status="published")
    return plan.pk, sorted(plan.entries.values_list("job", "machine", "setup_start", "end"))


def test_a_cycle_goes_from_what_was_wanted_to_a_plan_and_writes_down_each_step(shop):
    said = []
    row = cycle.run(NOW, say=lambda step, did, seconds: said.append((step, did)))
    assert row.status == "done"
    assert [step for step, _did in said] == [step.name for step in cycle.STEPS]
    assert [(step["step"], wording.did(step)) for step in row.steps] == said
    assert points(live())
    assert PlanEntry.objects.filter(plan__status="published").exists()
    # Alice's three lamps are pegged, once.
    [peg] = Pegging.objects.filter(order_line__quantity=3)
    assert peg.quantity == 3


def test_a_second_cycle_at_once_is_told_so_and_changes_nothing(shop):
    with alone("cycle"), pytest.raises(cycle.CycleUnderWay, match="Another cycle is running"):
        cycle.run(NOW)
    assert not CycleRun.objects.exists()
    assert not TrainingRun.objects.exists()
    assert not WorkOrder.objects.exists()


def test_the_command_says_in_plain_words_that_a_cycle_is_running(shop):
    with alone("cycle"), pytest.raises(CommandError, match="Another cycle is running"):
        call_command("cycle", stdout=StringIO())


# While somebody else is planning


class Planner:
    """Carol has a plan made; she is done after so many looks of the cycle."""

    def __init__(self, monkeypatch, looks):
        self.looks, self.waited = looks, 0.0
        self.lock = ExitStack()
        self.lock.enter_context(planning_alone())
        monkeypatch.setattr("production.alone.sleep", self.passes)

    def passes(self, seconds):
        self.waited += seconds
        self.looks -= 1
        if not self.looks:
            self.lock.close()


def steps_of_planning(monkeypatch):
    steps = [step for step in cycle.STEPS if step.name in ("net", "plan")]
    monkeypatch.setattr(cycle, "STEPS", steps)


def test_a_cycle_waits_for_the_plan_that_is_being_made_and_says_so(shop, monkeypatch):
    steps_of_planning(monkeypatch)
    carol = Planner(monkeypatch, looks=3)
    told = []
    row = cycle.run(NOW, progress=lambda share, what: told.append(what))
    assert row.status == "done"
    assert told[:3] == ["Waiting for the plan that is being made"] * 3
    assert carol.waited == 3
    assert Plan.objects.published().exists()


def test_a_cycle_that_waits_too_long_says_what_for_and_changes_nothing(shop, monkeypatch):
    steps_of_planning(monkeypatch)
    carol = Planner(monkeypatch, looks=100_000)
    with carol.lock, pytest.raises(cycle.CycleFailed, match="“net” failed: another plan was still"):
        cycle.run(NOW)
    assert carol.waited == 120
    assert not WorkOrder.objects.exists()
    assert CycleRun.objects.get().status == "failed"


# Killed at each step, where it writes

DEATHS = {
    "collect": "config.cycle.wishes.unmet",
    "score": "forecasting.scoring._scores",
    "forecast": "forecasting.training._shares",
    "suggestions": "recommendations.training._publish",
    "net": "production.netting._for_forecast",
    "plan": "production.planning._settle",
    "gap": "production.gap._keep",
}


@pytest.mark.parametrize("name", DEATHS)
def test_after_a_cycle_that_died_the_last_good_stand_and_the_next_one_completes(
    shop, monkeypatch, name
):
    lamp, _ = shop
    cycle.run(NOW)
    forecast, foreseen, plan = live(), points(live()), published()
    bought = an_order_comes(lamp)
    with monkeypatch.context() as death:
        death.setattr(DEATHS[name], dies)
        with pytest.raises(KeyboardInterrupt):
            cycle.run(NEXT)

    steps = [step.name for step in cycle.STEPS]
    assert points(forecast) == foreseen  # what was published stays as it was published
    if steps.index(name) <= steps.index("forecast"):
        assert live() == forecast
    if steps.index(name) <= steps.index("plan"):
        assert published() == plan
    assert outlook.published() is not None

    row = cycle.run(NEXT)
    dead = CycleRun.objects.exclude(pk=row.pk).latest("pk")
    assert row.status == "done"
    assert (dead.status, dead.error) == ("failed", "It was killed.")
    assert live().data_cut == NEXT
    assert not Plan.objects.filter(status="draft").exists()
    assert pieces_pegged(bought) == bought.quantity


def dies(*args, **kwargs):
    raise KeyboardInterrupt


def pieces_pegged(of):
    pegs = Pegging.objects.filter(order_line=of).exclude(work_order__status="cancelled")
    return sum(pegs.values_list("quantity", flat=True))


# Failures that can be told


@pytest.mark.parametrize("name", [step.name for step in cycle.STEPS])
def test_a_step_that_fails_is_named_and_what_was_good_stands(monkeypatch, name):
    """Steps of nothing but a name: the naming is the cycle's own."""
    steps = [cycle.Step(step.name, lambda *_: cycle.Did("did it")) for step in cycle.STEPS]
    place = [step.name for step in steps].index(name)
    steps[place] = cycle.Step(name, fails)
    monkeypatch.setattr(cycle, "STEPS", steps)
    with pytest.raises(cycle.CycleFailed, match=f"“{name}” failed: the milk is sour.*stand"):
        cycle.run(NOW)
    row = CycleRun.objects.get()
    assert (row.status, row.error) == ("failed", f"{name}: the milk is sour")
    assert len(row.steps) == place


def fails(*args, **kwargs):
    raise ValueError("the milk is sour")


def test_a_full_disk_stops_the_forecast_and_the_old_one_stands(shop, monkeypatch):
    cycle.run(NOW)
    forecast, foreseen, plan = live(), points(live()), published()
    with monkeypatch.context() as disk:
        disk.setattr("forecasting.artefacts.os.fsync", full)
        with pytest.raises(cycle.CycleFailed, match=r"“forecast” failed: .*No space left"):
            cycle.run(NEXT)
    assert (live(), points(live()), published()) == (forecast, foreseen, plan)
    failed = TrainingRun.objects.get(kind="forecast", status="failed")
    assert "No space left" in failed.notes[-1]
    assert not points(failed)
    assert cycle.run(NEXT).status == "done"


def full(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_stops_the_plan_and_the_old_one_stands(shop, monkeypatch):
    cycle.run(NOW)
    an_order_comes(shop[0])
    plan = published()
    with monkeypatch.context() as disk:
        disk.setattr("production.planning.load", database_full)
        with pytest.raises(cycle.CycleFailed, match="“plan” failed: database or disk is full"):
            cycle.run(NEXT)
    assert published() == plan
    assert cycle.run(NEXT).status == "done"
    assert published() != plan


def database_full(*args, **kwargs):
    raise OperationalError("database or disk is full")


def test_a_cycle_that_cannot_even_write_down_its_failure_still_says_why(shop, monkeypatch):
    def fills_up(*args, **kwargs):
        monkeypatch.setattr(CycleRun, "save", database_full)
        database_full()

    monkeypatch.setattr("config.cycle.waiting.open_lines", fills_up)
    with pytest.raises(cycle.CycleFailed, match="“collect” failed: database or disk is full"):
        cycle.run(NOW)
    assert CycleRun.objects.get().status == "running"  # the next cycle finds it dead


def test_a_disk_that_is_full_already_stops_a_cycle_before_it_begins(shop, monkeypatch):
    monkeypatch.setattr(CycleRun, "save", database_full)
    with pytest.raises(cycle.CycleFailed, match="could not begin: database or disk is full"):
        cycle.run(NOW)
    assert not TrainingRun.objects.exists()


def test_a_training_that_somebody_cancels_ends_the_cycle_in_plain_words(shop, monkeypatch):
    def cancelled(run, beat):
        runs.cancel(TrainingRun.objects.get(pk=run.pk), by="staff:alice", now=NOW)
        beat(1, "done")

    monkeypatch.setitem(runs._trainers, "forecast", cancelled)
    with pytest.raises(cycle.CycleFailed, match="“forecast” failed: the training was cancelled"):
        cycle.run(NOW)


# Blind to what comes later


def test_a_replay_is_blind_to_what_came_later(shop):
    lamp, mug = shop
    before = replayed()
    line(lamp, 50, placed=NEXT + timedelta(minutes=1), values={"colour": "red"}, who="Carol")
    line(mug, 70, placed=NEXT + timedelta(days=9), values={"colour": "blue"}, who="Carol")
    assert replayed() == before
    assert all(before)
    line(lamp, 50, placed=NEXT - timedelta(minutes=1), values={"colour": "red"}, who="Carol")
    assert replayed() != before  # what came in time is seen


def test_a_replay_takes_the_products_that_sold_best_before_its_first_day(shop, monkeypatch):
    lamp, mug = shop
    line(lamp, 1, placed=NOW - timedelta(days=2), who="Bob")
    line(mug, 500, placed=NEXT, who="Carol")
    taken = []
    monkeypatch.setattr(cycle, "run", lambda moment, products, **more: taken.append(products))
    first, last = MONDAY - timedelta(days=1), MONDAY + 2 * WEEK
    command = {"start": first, "as_of": last, "products": 1}
    call_command("cycle", **command, stdout=StringIO())
    assert taken == [[lamp.pk]] * 3


def replayed():
    """Forecast, plan and gaps of two weekly cycles; the database is as before afterwards."""
    with transaction.atomic():
        cycle.run(NOW)
        cycle.run(NEXT)
        plan = PlanEntry.objects.filter(plan__status="published").values_list(
            "job__work_order__configuration__product__sku",
            "job__work_order__quantity",
            "machine__code",
            "setup_start",
            "end",
        )
        gaps = GapMeasurement.objects.values_list("measure", "week", "product__sku", "value")
        found = points(live()), sorted(plan), sorted(gaps, key=str)
        transaction.set_rollback(True)
    return found
