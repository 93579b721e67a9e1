import pytest

from journal import dispatch
from orders import lifecycle as order_lines
from production import netting, promising, withdrawing
from production.models import Job, WorkOrder
from tests.production.workshop import NOW, center, line, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp():
    promising._Kept.plan_key = None
    return product("lamp", (center(), {}))


def cancel(one):
    order_lines.cancel(one.order_id, "changed her mind", by="staff:carol", at=NOW)
    dispatch.drain(NOW)


def test_a_cancelled_order_takes_back_its_work_order_at_once(lamp):
    alices = line(lamp, 3)
    netting.run(NOW)
    cancel(alices)
    assert WorkOrder.objects.get().status == "cancelled"
    assert Job.objects.get().status == "cancelled"


def test_a_work_order_that_others_share_is_kept_for_them(lamp):
    alices, _bobs = line(lamp, 3), line(lamp, 2, who="Bob")
    netting.run(NOW)
    cancel(alices)
    assert (WorkOrder.objects.get().status, WorkOrder.objects.get().quantity) == ("firmed", 5)
    netting.run(NOW)
    assert WorkOrder.objects.get().quantity == 2


def test_a_work_order_that_somebody_has_claimed_is_left_to_the_floor(lamp):
    alices = line(lamp, 3)
    netting.run(NOW)
    Job.objects.update(status="dispatched")
    cancel(alices)
    assert WorkOrder.objects.get().status == "firmed"


def test_hearing_of_a_cancelled_order_twice_does_no_harm(lamp):
    alices = line(lamp, 3)
    netting.run(NOW)
    cancel(alices)
    order = WorkOrder.objects.get()
    assert withdrawing.order_cancelled(alices.order_id, by="system", at=NOW) == []
    assert WorkOrder.objects.get() == order
