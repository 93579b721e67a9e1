from decimal import Decimal

import pytest

from journal.models import Transition
from production import routings
from production.models import (
    BOM,
    BOMLine,
    Job,
    Machine,
    Material,
    Operation,
    Routing,
    WorkCenter,
    WorkOrder,
)
from production.routings import CannotBeMade, Draft, Peg, UnknownTemplate
from tests.production.workshop import NEXT_MONDAY, NOW, center, line, product

pytestmark = pytest.mark.django_db


def frozen(of, values=None, quantity=1):
    return routings.freeze(routings.makings([of.pk]).get(of.pk), values or {}, quantity)


def make(of, quantity=1, **more):
    configuration = line(of, quantity).configuration
    draft = Draft(configuration.pk, quantity, NOW, frozen(of, quantity=quantity), **more)
    [made] = routings.make_work_orders([draft], by="system", at=NOW)
    return WorkOrder.objects.get(pk=made)


def test_only_steps_whose_condition_matches_are_frozen():
    saw = center()
    lamp = product("lamp", (saw, {}), (saw, {"name": "paint", "condition": {"colour": ["red"]}}))
    assert [step["name"] for step in frozen(lamp)["operations"]] == ["saw it"]
    red = frozen(lamp, {"colour": "red"})
    assert [step["name"] for step in red["operations"]] == ["saw it", "paint"]


def test_minutes_cover_the_quantity_and_the_yield():
    lamp = product("lamp", (center(), {"run_minutes": Decimal("1.5"), "expected_yield": "0.9"}))
    # 1.5 × 7 / 0.9 = 11.67
    assert frozen(lamp, quantity=7)["operations"][0]["minutes"] == 12


def test_the_setup_family_is_made_of_the_chosen_values():
    lamp = product("lamp", (center(), {"setup_by": ["material", "extras", "finish"]}))
    values = {"material": "oak", "extras": ["plug", "dimmer"]}
    assert frozen(lamp, values)["operations"][0]["setup_family"] == "oak/dimmer+plug"


def test_a_step_without_such_values_is_a_family_of_its_own():
    lamp = product("lamp", (center(), {"name": "Assemble"}))
    assert frozen(lamp)["operations"][0]["setup_family"] == "Assemble"


def test_materials_that_apply_are_frozen_with_their_scrap():
    lamp = product("lamp", (center(), {}))
    bom = BOM.objects.create(product=lamp)
    for code, condition in (("oak", {"wood": ["oak"]}), ("ash", {"wood": ["ash"]})):
        material = Material.objects.create(code=code, name=code, unit="m2")
        BOMLine.objects.create(
            bom=bom, material=material, quantity="0.5", condition=condition, scrap_percent=4
        )
    assert frozen(lamp, {"wood": "ash"})["materials"] == [
        {"material": "ash", "quantity_per_unit": "0.5000", "scrap_percent": "4.00"}
    ]


def test_a_product_without_routing_is_refused_by_name():
    with pytest.raises(CannotBeMade) as refusal:
        frozen(product("lamp"))
    assert refusal.value.code == "no_routing"


def test_a_choice_that_no_step_applies_to_is_refused_by_name():
    lamp = product("lamp", (center(), {"condition": {"colour": ["red"]}}))
    with pytest.raises(CannotBeMade) as refusal:
        frozen(lamp, {"colour": "blue"})
    assert refusal.value.code == "no_steps"


def test_reading_many_products_costs_three_queries(django_assert_num_queries):
    saw = center()
    ids = [product(f"lamp{number}", (saw, {})).pk for number in range(5)]
    with django_assert_num_queries(3):
        assert len(routings.makings(ids)) == 5


def test_a_work_order_carries_its_jobs_its_pegs_and_their_history():
    saw = center()
    lamp = product("lamp", (saw, {"min_lag_minutes": 30}), (saw, {"name": "pack"}))
    order = make(lamp, 3, pegs=(Peg(3, line_id=line(lamp, 3).pk),))
    jobs = list(order.jobs.values_list("sequence", "status", "run_minutes", "min_lag_minutes"))
    assert jobs == [(10, "waiting", 30, 30), (20, "waiting", 30, 0)]
    assert order.pegging.get().quantity == 3
    steps = Transition.objects.filter(kind="work_order", object_id=order.pk).order_by("pk")
    assert [step.to_status for step in steps] == ["planned", "firmed"]
    assert Transition.objects.filter(kind="job", to_status="waiting").count() == 2


def test_work_orders_are_numbered_on():
    lamp = product("lamp", (center(), {}))
    assert [make(lamp).number for _ in range(2)] == ["W0000001", "W0000002"]


def test_release_makes_only_the_first_job_ready_and_may_be_repeated():
    saw = center()
    order = make(product("lamp", (saw, {}), (saw, {})))
    assert routings.release([order.pk], by="system", at=NOW) == 1
    assert routings.release([order.pk], by="system", at=NOW) == 0
    assert list(order.jobs.values_list("status", "version")) == [("ready", 1), ("waiting", 0)]


def test_a_work_order_of_the_forecast_is_never_released():
    order = make(product("lamp", (center(), {})), pegs=(Peg(1, week=NEXT_MONDAY),), firm=False)
    assert routings.release([order.pk], by="system", at=NOW) == 0
    order.refresh_from_db()
    assert order.status == "planned"


def test_resizing_changes_the_minutes_of_every_job():
    order = make(product("lamp", (center(), {})), 4)
    routings.resize(order, 6)
    job = Job.objects.get()
    assert (job.quantity, job.run_minutes, job.version) == (6, 60, 1)
    assert WorkOrder.objects.get().frozen["operations"][0]["minutes"] == 60


def test_cancelling_takes_the_jobs_along():
    order = make(product("lamp", (center(), {})))
    routings.release([order.pk], by="system", at=NOW)
    routings.cancel([order.pk], by="staff:bob", at=NOW, why="called off")
    assert WorkOrder.objects.get().status == "cancelled"
    assert Job.objects.get().status == "cancelled"


def test_a_template_gives_products_their_routing_once():
    ids = [product("mug").pk, product("bowl").pk]
    assert routings.build_from_template(ids, "cast") == 2
    counts = [model.objects.count() for model in (Operation, WorkCenter, Machine, BOMLine)]
    assert routings.build_from_template(ids, "cast") == 0
    assert counts == [model.objects.count() for model in (Operation, WorkCenter, Machine, BOMLine)]
    steps = frozen(Routing.objects.earliest("pk").product, quantity=10)["operations"]
    assert [step["name"] for step in steps] == ["Cast", "Decorate", "Pack"]


def test_a_routing_made_by_hand_outlives_an_import():
    lamp = product("lamp", (center(), {}))
    assert routings.build_from_template([lamp.pk], "packed") == 0
    assert Routing.objects.get(product=lamp).template == ""


def test_another_template_replaces_the_one_before():
    mug = product("mug")
    routings.build_from_template([mug.pk], "packed")
    assert routings.build_from_template([mug.pk], "printed") == 1
    assert Routing.objects.get(product=mug).operations.count() == 3


def test_an_unknown_template_is_refused_with_the_known_ones():
    with pytest.raises(UnknownTemplate, match="printed"):
        routings.build_from_template([], "woven")


def test_many_products_cost_no_more_queries(django_assert_max_num_queries):
    ids = [product(f"mug{number}").pk for number in range(30)]
    routings.build_from_template(ids[:1], "packed")
    with django_assert_max_num_queries(20):
        routings.build_from_template(ids, "packed")
