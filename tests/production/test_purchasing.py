"""What the open work takes of each material, and what to buy by when."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from production import netting, planning, purchasing
from production.models import BOM, BOMLine, Job, Material, StockMove
from tests.production.workshop import NEXT_MONDAY, NOW, center, forecast, line, product

pytestmark = pytest.mark.django_db


def material(code="oak", on_hand=0, **more):
    made = Material.objects.create(code=code, name=code, unit="kg", **{"lead_days": 7} | more)
    StockMove.objects.create(
        material=made, quantity=on_hand, reason="received", dedup_key=f"start-{code}", at=NOW
    )
    return made


def takes(of, material, quantity, scrap=0):
    bom, _ = BOM.objects.get_or_create(product=of)
    BOMLine.objects.create(bom=bom, material=material, quantity=quantity, scrap_percent=scrap)


@pytest.fixture
def lamp():
    return product("lamp", (center(), {}))


def need(code="oak"):
    [found] = [one for one in purchasing.needs(NOW) if one.material.code == code]
    return found


def test_a_material_that_nobody_needs_is_not_bought(lamp):
    material(on_hand=5)
    found = need()
    assert (found.on_hand, found.weeks, found.short_on, found.purchase) == (
        5,
        (0, 0, 0, 0),
        None,
        None,
    )


def test_stock_that_nobody_ever_counted_is_not_called_none(client, admin_user):
    material("oak", on_hand=0)
    Material.objects.create(code="felt", name="felt", unit="kg")
    assert (need("oak").counted, need("felt").counted) == (True, False)
    client.force_login(admin_user)
    assert "never counted" in client.get(reverse("production:materials")).content.decode()


def test_scrap_is_bought_with_what_is_needed(lamp):
    takes(lamp, material(), Decimal("0.9"), scrap=10)
    line(lamp, 4, due=date(2026, 3, 25))  # finished by 22 March, in the third week from 2 March
    netting.run(NOW)
    assert need().weeks == (0, 0, 0, 4)  # 0.9 × 4 / (1 − 0.1); not planned: due on Monday, 23 March
    assert need().purchase.quantity == 4


def test_a_planned_step_takes_its_material_when_it_begins(lamp):
    takes(lamp, material(on_hand=3), 1)
    line(lamp, 5, due=date(2026, 3, 25))
    netting.run(NOW)
    planning.run(NOW)
    found = need()
    assert found.weeks == (5, 0, 0, 0)  # begun today, 2 March
    assert found.short_on == date(2026, 3, 2)
    assert found.purchase == purchasing.Purchase(Decimal(2), date(2026, 3, 2), date(2026, 3, 9))
    assert found.too_late


def test_what_can_wait_is_ordered_as_late_as_its_delivery_allows(lamp):
    takes(lamp, material(lead_days=5), 2)
    line(lamp, 3, due=date(2026, 3, 20))  # due at the shop on 18 March
    netting.run(NOW)
    found = need()
    assert found.short_on == date(2026, 3, 18)
    assert found.purchase == purchasing.Purchase(Decimal(6), date(2026, 3, 13), date(2026, 3, 18))
    assert not found.too_late


def test_a_week_is_bought_together(lamp):
    takes(lamp, material(), 1)
    for day, pieces in ((18, 1), (24, 2), (31, 4)):
        line(lamp, pieces, due=date(2026, 3, day) + timedelta(days=2))
    netting.run(NOW)
    assert need().purchase.quantity == 1 + 2  # of 18 and 24 March
    assert need().later == 4


def test_the_safety_stock_is_filled_up_though_nothing_runs_short(lamp):
    material(on_hand=3, safety_stock=10)
    assert (need().short_on, need().purchase.quantity) == (None, 7)


def test_forecast_work_takes_material_too(lamp):
    takes(lamp, material(), 1)
    forecast({(lamp, NEXT_MONDAY): 5.0})
    netting.run(NOW)
    assert sum(need().weeks) + need().later == 5


def test_a_finished_first_step_takes_nothing_more_and_a_cancelled_order_never_did(lamp):
    takes(lamp, material(), 1)
    line(lamp, 5)
    netting.run(NOW)
    assert need().purchase.quantity == 5
    Job.objects.update(status="done")
    assert need().purchase is None


def test_a_later_step_takes_no_material():
    saw = center()
    lamp = product("lamp", (saw, {"name": "Saw"}), (saw, {"name": "Pack"}))
    takes(lamp, material(), 1)
    line(lamp, 5)
    netting.run(NOW)
    assert need().purchase.quantity == 5


def test_what_runs_short_first_stands_first(lamp):
    for code, on_hand in (("ash", 9), ("birch", 0), ("cork", 2)):
        takes(lamp, material(code, on_hand), 1)
    line(lamp, 2)
    line(lamp, 3, due=date(2026, 4, 20))
    netting.run(NOW)
    assert [one.material.code for one in purchasing.needs(NOW)] == ["birch", "cork", "ash"]


def test_many_materials_and_orders_cost_few_questions(lamp, django_assert_num_queries):
    for number in range(20):
        takes(lamp, material(f"m{number}"), 1)
        line(lamp, 1, due=date(2026, 3, 20) + timedelta(weeks=number))
    netting.run(NOW)
    with django_assert_num_queries(4):  # materials, first steps; the plant's time zone, twice
        assert len(purchasing.needs(NOW)) == 20


def test_the_page_says_what_to_buy(lamp, admin_client):
    takes(lamp, material(), 1)
    line(lamp, 5)
    netting.run(NOW)
    shown = admin_client.get(reverse("production:materials")).content.decode()
    assert "Runs short" in shown
    assert ">5 <span" in shown
    assert "order by" in shown


def test_an_empty_page_says_where_materials_come_from(admin_client):
    shown = admin_client.get(reverse("production:materials")).content.decode()
    assert "There are no materials yet" in shown


def test_customers_do_not_see_materials(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("alice"))
    assert client.get(reverse("production:materials")).status_code == 403
