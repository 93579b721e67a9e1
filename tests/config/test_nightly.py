"""A cycle does only what changed: what stands is what a full one would publish, and whatever
makes a difference is never left out."""

from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from config import cycle, wording
from config.models import CycleRun
from forecasting import artefacts, outlook, runs, training
from forecasting.methods.registry import methods_for
from forecasting.models import DemandSeries, ForecastPoint, OptionShare, TrainingRun
from forecasting.overriding import Wish, override
from journal import fingerprints
from orders import lifecycle
from orders.models import (
    AvailabilityPeriod,
    BehaviourEvent,
    OptionValue,
    OrderLine,
    Return,
)
from orders.models import ProductFamily as Family
from production.models import (
    CalendarException,
    Machine,
    Operation,
    Pegging,
    Plan,
    PlanEntry,
    Routing,
    SetupRule,
    WorkOrder,
)
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TONIGHT = NOW + DAY
WEEKS = 30
PRODUCTS = 12
LONG_AGO = NOW - 10 * WEEK


@pytest.fixture(autouse=True)
def quick_methods(monkeypatch):
    """Two simple methods, so that there is a choice to go on with."""
    monkeypatch.setattr(
        training,
        "methods_for",
        lambda horizon, names=None: methods_for(horizon, ["mean", "exponential smoothing"]),
    )


@pytest.fixture
def shop():
    """Twelve lamps of which Bob buys some every week; Alice waits for three of the first."""
    saw = center()
    lamps = [
        product(f"lamp-{number}", (saw, {}), colours=["red", "blue"]) for number in range(PRODUCTS)
    ]
    for back in range(1, WEEKS + 1):
        for number, lamp in enumerate(lamps):
            placed = NOW - WEEK * back + timedelta(hours=4)
            pieces = 1 + (back * (number + 2)) % 5
            sold = line(lamp, pieces, placed=placed, values={"colour": "red"}, who="Bob")
            OrderLine.objects.filter(pk=sold.pk).update(status="delivered")
    line(lamps[0], 3, placed=NOW - DAY, values={"colour": "blue"})
    return lamps


@pytest.fixture
def first(shop):
    """The cycle of the first night, which does everything."""
    return cycle.run(NOW)


def did(row):
    """Step → code of what it did."""
    return {step["step"]: step["code"] for step in row.steps}


def live(kind="forecast"):
    return TrainingRun.objects.get(kind=kind, status="champion")


def foreseen():
    points = ForecastPoint.objects.filter(forecast=outlook.published())
    rows = points.values_list("series__product__sku", "series__level", "week", "mean", "override")
    return sorted(rows, key=str)


def bands():
    points = ForecastPoint.objects.filter(forecast=outlook.published())
    rows = points.values_list("series__product__sku", "week", "quantiles")
    return {(sku, str(week)): spread for sku, week, spread in rows}


def shares():
    found = OptionShare.objects.filter(forecast=outlook.published())
    return sorted(found.values_list("product__sku", "group", "value", "share"))


def rankers():
    """The live ranking's arrays, the weights of the blend left out."""
    run = live("ranking")
    arrays, _ = artefacts.load(run.artefact, run.artefact_digest)
    return {
        name: array.tolist()
        for name, array in arrays.items()
        if not name.startswith(("weights.", "judged."))
    }


def planned():
    entries = PlanEntry.objects.filter(plan__status="published")
    of = "job__work_order__"
    rows = entries.values_list(
        f"{of}configuration__product__sku", f"{of}quantity", "machine__code", "start", "end"
    )
    return sorted(rows, key=str)


def to_make():
    orders = WorkOrder.objects.exclude(status="cancelled")
    return sorted(
        orders.values_list("configuration__product__sku", "quantity", "due", "status"), key=str
    )


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def night(at=TONIGHT, **how):
    """What a night does and what is live after it; the database is as before afterwards."""
    with undone():
        row = cycle.run(at, **how)
        return did(row), (foreseen(), shares(), rankers(), planned(), to_make())


# Nothing changed


def test_the_first_cycle_does_everything(first):
    assert did(first) == {
        "collect": "collected",
        "score": "scored",
        "forecast": "forecast",
        "suggestions": "ranked",
        "net": "netted",
        "plan": "planned",
        "gap": "measured",
    }


def test_a_cycle_after_which_nothing_happened_leaves_everything_and_says_so(first):
    plan, forecast, ranking = Plan.objects.get().pk, live(), live("ranking")
    said = []
    row = cycle.run(
        NOW + timedelta(hours=1), say=lambda step, what, seconds: said.append((step, what))
    )
    assert did(row) | {"collect": "", "score": "", "net": "", "gap": ""} == {
        "collect": "",
        "score": "",
        "forecast": "forecast_stands",
        "suggestions": "ranking_stands",
        "net": "",
        "plan": "plan_stands",
        "gap": "",
    }
    words = dict(said)
    assert "nothing changed in the 30 full weeks of 12 products" in words["forecast"]
    assert "nobody ordered or looked at anything new" in words["suggestions"]
    assert "nothing to be made has changed" in words["plan"]
    assert (live(), live("ranking"), Plan.objects.get().pk) == (forecast, ranking, plan)


def test_what_stands_is_what_a_full_cycle_would_publish(first):
    at = NOW + timedelta(hours=1)
    _, little = night(at)
    codes, everything = night(at, everything=True)
    assert codes["forecast"] == "forecast"
    assert codes["suggestions"] == "ranked"
    assert codes["plan"] == "planned"
    assert little == everything


def test_a_plan_that_stands_still_gives_the_floor_what_has_come_near(shop):
    """Closed all week: what begins next Monday is far away on Wednesday and near on Saturday."""
    for ahead in range(5):
        for machine in Machine.objects.select_related("work_center"):
            calendar = machine.work_center.calendar
            CalendarException.objects.create(calendar=calendar, day=(NOW + ahead * DAY).date())
    cycle.run(NOW + 4 * DAY)
    assert not WorkOrder.objects.filter(status="released").exists()
    row = cycle.run(NOW + 5 * DAY + timedelta(hours=4))
    assert did(row)["plan"] == "plan_stands"
    assert WorkOrder.objects.filter(status="released").exists()


def test_a_night_in_which_machines_could_have_run_plans_anew(first):
    """Nobody began what the plan wanted on Monday, so it moves."""
    row = cycle.run(TONIGHT)
    assert did(row)["plan"] == "planned_alone"
    assert min(PlanEntry.objects.filter(plan__status="published").values_list("start")) > (TONIGHT,)


def test_all_does_everything_on_the_command_line(first):
    said = StringIO()
    call_command("cycle", as_of=NOW.date(), everything=True, stdout=said)
    assert set(did(CycleRun.objects.first()).values()) >= {"forecast", "ranked", "planned"}
    assert "stands" not in said.getvalue()


# A day with an order or two


def test_after_a_day_with_an_order_little_is_done_and_the_same_is_published(shop, first):
    line(shop[1], 4, placed=NOW + timedelta(hours=5), values={"colour": "blue"}, who="Carol")
    codes, little = night()
    assert codes["forecast"] == "forecast_stands"  # this week is not over
    assert codes["suggestions"] == "ranking_renewed"
    assert codes["plan"] == "planned_alone"
    codes, everything = night(everything=True)
    assert codes["plan"] == "planned"
    assert little == everything


def test_the_next_full_week_is_learned_from_and_compared_anew(first):
    codes, _ = night(NOW + WEEK)
    assert (codes["forecast"], codes["suggestions"], codes["plan"]) == (
        "forecast",
        "ranked",
        "planned",
    )


def test_a_corrected_week_is_learned_as_a_full_cycle_would(shop, first):
    """One of twelve products: its methods go on, and so do the bands around all of them."""
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    with undone():
        row = cycle.run(TONIGHT)
        assert did(row)["forecast"] == "forecast_renewed"
        assert "1 of 12 products had changed weeks" in wording.did(row.steps[2])
        run, little, spread = live(), foreseen(), bands()
        points = series_of(shop[2]).points.get(week=LONG_AGO.date())
        assert points.raw == 9 + 1 + (10 * 4) % 5
    with undone():
        cycle.run(TONIGHT, everything=True)
        assert live().metrics["chosen"] == run.metrics["chosen"]
        assert little == foreseen()  # exactly
        for key, quantiles in bands().items():  # learned of this week's errors, or of today's
            mean = max(quantiles)
            assert spread[key] == pytest.approx(quantiles, abs=0.25 * mean + 0.25)


def series_of(of):
    return DemandSeries.objects.get(product=of)


def test_a_renewed_forecast_shows_how_its_methods_did_in_the_contest_they_won(shop, first):
    before = sorted(live().accuracies.values_list("method", "demand_class", "rmsse"))
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    cycle.run(TONIGHT)
    run = live()
    assert run.data_cut == TONIGHT
    assert sorted(run.accuracies.values_list("method", "demand_class", "rmsse")) == before
    assert [note["code"] for note in run.notes] == ["choice_goes_on"]


def test_corrections_that_add_up_to_many_products_are_due_a_contest(shop, first):
    """Each night corrects one product; against the last contest it is two of twelve in the end."""
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT))["forecast"] == "forecast_renewed"
    line(shop[3], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT + DAY))["forecast"] == "forecast"


# What must never be left out: the forecast


def an_old_order_is_imported(lamp):
    line(lamp, 9, placed=LONG_AGO, who="Carol")


def an_old_line_is_cancelled(lamp):
    sold = OrderLine.objects.filter(configuration__product=lamp, order__placed_at__lt=NOW - WEEK)
    sold.filter(pk=sold.first().pk).update(status="cancelled")


def goods_come_back(lamp):
    sold = OrderLine.objects.filter(configuration__product=lamp, status="delivered").first()
    customer = sold.order.customer
    Return.objects.create(line=sold, product=lamp, customer=customer, quantity=1, at=TONIGHT)


def it_moves_to_another_family(lamp):
    lamp.family = Family.objects.create(code="shades", name="Shades")
    lamp.save()


def it_was_not_on_sale(lamp):
    AvailabilityPeriod.objects.create(
        product=lamp, start=LONG_AGO.date(), end=(LONG_AGO + WEEK).date(), reason="sold out"
    )


def a_colour_is_withdrawn(lamp):
    OptionValue.objects.filter(group__product=lamp, code="blue").delete()


@pytest.mark.parametrize(
    "happens",
    [
        an_old_order_is_imported,
        an_old_line_is_cancelled,
        goods_come_back,
        it_moves_to_another_family,
        it_was_not_on_sale,
        a_colour_is_withdrawn,
    ],
)
def test_a_forecast_is_learned_anew_where_its_product_is_another(shop, first, happens):
    before = live()
    happens(shop[5])
    row = cycle.run(TONIGHT)
    assert did(row)["forecast"] == "forecast_renewed"
    assert row.steps[2]["facts"]["renewed"] == 1
    assert live() != before
    assert outlook.published().run == live()


def test_what_people_said_lives_on_in_a_renewed_forecast_and_reaches_the_work_orders(shop, first):
    week = NOW.date() + WEEK
    override(series_of(shop[4]), Wish(week, 40, "a fair"), by="staff:alice", now=NOW)
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    assert did(cycle.run(TONIGHT))["forecast"] == "forecast_renewed"
    assert overridden(shop[4], week) == 40
    assert pieces_foreseen(shop[4], week) == 40


def test_a_corrected_override_reaches_the_work_orders_though_the_forecast_stands(shop, first):
    week = NOW.date() + WEEK
    for pieces in (40, 25):
        override(series_of(shop[4]), Wish(week, pieces, "a fair"), by="staff:alice", now=NOW)
    row = cycle.run(TONIGHT)
    assert did(row)["forecast"] == "forecast_stands"
    assert pieces_foreseen(shop[4], week) == 25
    assert PlanEntry.objects.filter(
        plan__status="published", job__work_order__pegging__forecast_week=week, job__quantity=25
    ).exists()


def overridden(of, week):
    points = ForecastPoint.objects.filter(forecast__run=live(), series__product=of, week=week)
    return points.get().override


def pieces_foreseen(of, week):
    pegs = Pegging.objects.filter(work_order__configuration__product=of, forecast_week=week)
    return sum(pegs.exclude(work_order__status="cancelled").values_list("quantity", flat=True))


def test_after_going_back_to_an_earlier_model_the_cycle_compares_with_that_one(shop, first):
    line(shop[2], 9, placed=LONG_AGO, who="Carol")
    cycle.run(TONIGHT)
    runs.roll_back("forecast", by="staff:alice", now=TONIGHT, why="odd")
    row = cycle.run(TONIGHT + timedelta(hours=1))
    assert did(row)["forecast"] == "forecast_renewed"
    assert live().data_cut == TONIGHT + timedelta(hours=1)


@pytest.mark.parametrize("how", [{"seed": 7}, {"products": "half"}])
def test_other_parameters_do_everything(shop, first, how):
    if "products" in how:
        how = {"products": [lamp.pk for lamp in shop[:6]]}
    codes, _ = night(**how)
    assert (codes["forecast"], codes["suggestions"]) == ("forecast", "ranked")


def test_another_program_does_everything(first, monkeypatch):
    monkeypatch.setattr(fingerprints, "of_program", lambda: "the next release")
    codes, _ = night()
    assert (codes["forecast"], codes["suggestions"], codes["plan"]) == (
        "forecast",
        "ranked",
        "planned",
    )


def test_the_program_is_another_with_any_source_that_is(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "journal.fingerprints.apps.get_app_configs", lambda: [App(tmp_path / "app")]
    )
    settings.BASE_DIR = tmp_path
    (tmp_path / "app" / "deep").mkdir(parents=True)
    source = tmp_path / "app" / "deep" / "one.py"
    found = set()
    for text in ("1", "2", "1"):
        source.write_text(text)
        fingerprints.of_program.cache_clear()
        found.add(fingerprints.of_program())
    (tmp_path / "requirements.txt").write_text("numpy==9")
    fingerprints.of_program.cache_clear()
    found.add(fingerprints.of_program())
    fingerprints.of_program.cache_clear()
    assert len(found) == 3


class App:
    def __init__(self, path):
        self.path = str(path)


@pytest.mark.parametrize("kind", ["forecast", "ranking"])
def test_a_damaged_model_is_made_anew(first, kind, settings):
    (settings.DATA_DIR / live(kind).artefact).write_bytes(b"cut short")
    row = cycle.run(TONIGHT)
    assert did(row)["forecast" if kind == "forecast" else "suggestions"] in ("forecast", "ranked")


# The suggestions


def a_visit(lamp, at=NOW - DAY):
    return BehaviourEvent.objects.create(
        kind="view",
        subject="carol",
        product=lamp,
        at=at,
        day=at.date(),
        dedup_key=f"{lamp.pk}",
        consent="measure",
    )


def test_a_visit_is_learned_from_the_same_night(shop, first):
    a_visit(shop[0], at=NOW + timedelta(hours=2))
    codes, little = night()
    assert codes["suggestions"] == "ranking_renewed"
    assert little == night(everything=True)[1]


def test_a_withdrawn_consent_takes_the_visits_out_of_the_suggestions(shop):
    visit = a_visit(shop[0])
    cycle.run(NOW)
    assert live("ranking").metrics["users"] == 3  # Alice, Bob and a visitor
    visit.delete()
    row = cycle.run(TONIGHT)
    assert did(row)["suggestions"] == "ranking_renewed"
    assert live("ranking").metrics["users"] == 2


def test_an_order_that_no_longer_names_its_customer_is_somebody_elses(shop, first):
    old = OrderLine.objects.filter(status="delivered").first().order
    old.customer = None
    old.save()
    row = cycle.run(TONIGHT)
    assert did(row)["suggestions"] == "ranking_renewed"
    assert live("ranking").metrics["users"] == 3


def test_a_product_that_is_described_otherwise_is_suggested_anew(shop, first):
    shop[0].base_price = Decimal(99)
    shop[0].save()
    assert did(cycle.run(TONIGHT))["suggestions"] == "ranking_renewed"


# The plan


def a_line_is_cancelled(shop):
    waiting = OrderLine.objects.exclude(status="delivered").get()
    lifecycle.cancel(waiting.order_id, "changed her mind", by="customer", at=NOW)


def an_order_comes(shop):
    line(shop[1], 2, placed=NOW, values={"colour": "red"})


def a_promise_is_lost(shop):
    OrderLine.objects.exclude(status="delivered").update(committed_date=None)


@pytest.mark.parametrize("happens", [a_line_is_cancelled, an_order_comes, a_promise_is_lost])
def test_a_plan_is_made_anew_where_there_is_other_work(shop, first, happens):
    happens(shop)
    row = cycle.run(NOW + timedelta(hours=1))
    assert did(row)["plan"] == "planned_alone"
    assert night(NOW + timedelta(hours=2))[0]["plan"] == "plan_stands"


def a_machine_breaks(shop):
    Machine.objects.update(status="down")


def a_machine_comes(shop):
    one = Machine.objects.get()
    Machine.objects.create(work_center=one.work_center, code="saw-2", name="saw 2")


def a_day_is_closed(shop):
    calendar = Machine.objects.get().work_center.calendar
    CalendarException.objects.create(calendar=calendar, day=NOW.date() + DAY)


def a_changeover_takes_longer(shop):
    center_of = Machine.objects.get().work_center
    SetupRule.objects.create(work_center=center_of, from_family="", to_family="", minutes=90)


@pytest.mark.parametrize(
    "happens", [a_machine_breaks, a_machine_comes, a_day_is_closed, a_changeover_takes_longer]
)
def test_another_shop_is_planned_by_every_rule(shop, first, happens):
    happens(shop)
    codes, little = night(NOW + timedelta(hours=1))
    assert codes["plan"] == "planned"
    assert little == night(NOW + timedelta(hours=1), everything=True)[1]


def test_a_routing_that_was_made_meanwhile_is_used_the_same_night(shop):
    routing = Routing.objects.get(product=shop[0])
    saw = Operation.objects.get(routing=routing).work_center
    routing.delete()
    cycle.run(NOW)
    assert not Pegging.objects.filter(order_line__quantity=3).exists()
    made = Routing.objects.create(product=shop[0])
    Operation.objects.create(
        routing=made, sequence=10, work_center=saw, name="saw it", run_minutes=Decimal(10)
    )
    row = cycle.run(NOW + timedelta(hours=1))
    assert did(row)["plan"] in ("planned", "planned_alone")
    assert Pegging.objects.filter(order_line__quantity=3).exists()


def test_much_other_work_is_planned_by_every_rule(shop, first):
    for number in range(PRODUCTS):
        line(shop[number], 1, placed=NOW, due=date(2026, 4, 1 + number))
    assert did(cycle.run(TONIGHT))["plan"] == "planned"


def test_a_plan_whose_orders_were_not_told_is_made_anew(shop, monkeypatch):
    with monkeypatch.context() as death:
        death.setattr("production.planning._note_told", dies)
        with pytest.raises(KeyboardInterrupt):
            cycle.run(NOW)
    assert did(cycle.run(NOW + timedelta(hours=1)))["plan"] == "planned"


def dies(*args, **kwargs):
    raise KeyboardInterrupt
