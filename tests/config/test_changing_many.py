"""Staff change one column of many rows at once: found, looked at, saved, taken back."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from journal.models import Revision
from orders.models import Product
from production.models import Machine, Material
from tests.production.workshop import center, product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf():
    """Three products: two pendants for 10.00 and 19.99, a chair for 49.90."""
    cell = center("saw", machines=2)
    for sku, price in (("pendant", "10.00"), ("pendant-tall", "19.99"), ("chair", "49.90")):
        made = product(sku, (cell, {}))
        made.base_price = Decimal(price)
        made.save()


@pytest.fixture
def signed_in(client):
    def sign_in(role):
        user = get_user_model().objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def alice(signed_in):
    return signed_in("admin")


def address(sheet="products", query=""):
    return reverse("change-many", args=[sheet]) + (f"?q={query}" if query else "")


def wish(client, column, way, text="", sheet="products", query="", **more):
    said = {"column": column, "way": way, "text": text, "do": "check", **more}
    return client.post(address(sheet, query), said)


def save(client, *args, **kwargs):
    looked = wish(client, *args, **kwargs).content.decode()
    digest = re.findall(r'name="digest" value="([^"]+)"', looked)
    return wish(client, *args, **kwargs, do="save", digest=digest[0] if digest else "")


def prices():
    return {sku: str(price) for sku, price in Product.objects.values_list("sku", "base_price")}


def test_five_percent_on_the_pendants_leave_the_chair_alone(alice):
    assert save(alice, "price", "percent", "5", query="pendant").status_code == 302
    # 10.00 → 10.50; 19.99 × 1.05 = 20.9895
    assert prices() == {"pendant": "10.50", "pendant-tall": "20.99", "chair": "49.90"}


def test_half_a_cent_is_rounded_up(alice):
    Product.objects.filter(sku="pendant").update(base_price="0.50")
    save(alice, "price", "percent", "1", query="pendant")  # 0.505
    assert prices()["pendant"] == "0.51"


def test_an_amount_is_taken_off(alice):
    save(alice, "price", "add", "-0,90", query="chair")
    assert prices()["chair"] == "49.00"


def test_looking_saves_nothing_and_shows_what_would_be(alice):
    answer = wish(alice, "price", "percent", "5", query="pendant")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Price: 19.99 → 20.99" in shown
    assert "Change 2 rows" in shown
    assert prices()["pendant-tall"] == "19.99"
    assert not Revision.objects.exists()


def test_one_undo_takes_all_rows_back(alice):
    save(alice, "price", "add", "1", query="pendant")
    [batch] = set(Revision.objects.values_list("batch", flat=True))
    alice.post(reverse("edit-undo"), {"batch": batch})
    assert prices() == {"pendant": "10.00", "pendant-tall": "19.99", "chair": "49.90"}


def test_a_price_below_nothing_is_refused_and_no_row_is_written(alice):
    answer = save(alice, "price", "add", "-15", query="pendant")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "nothing was saved" in shown
    assert '<strong translate="no">pendant</strong>' in shown  # 19.99 − 15 is a price
    assert '<strong translate="no">pendant-tall</strong>' not in shown
    assert prices() == {"pendant": "10.00", "pendant-tall": "19.99", "chair": "49.90"}


@pytest.mark.parametrize(
    ("column", "way", "text", "said"),
    [
        ("name", "percent", "5", "This column holds no numbers"),
        ("price", "percent", "", "Write a number."),
        ("price", "add", "much", "much"),
        ("name", "set", "", "Write the value"),
    ],
    ids=["words", "nothing", "no-number", "no-value"],
)
def test_a_wish_without_sense_is_told_at_its_field(alice, column, way, text, said):
    answer = wish(alice, column, way, text)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_key_cannot_be_wished_away(alice):
    assert wish(alice, "product", "set", "sofa").status_code == 422
    assert set(prices()) == {"pendant", "pendant-tall", "chair"}


def test_a_needed_cell_is_not_emptied(alice):
    assert save(alice, "name", "empty").status_code == 422
    assert not Product.objects.filter(name="").exists()


def test_what_changed_since_the_look_is_shown_again(alice):
    looked = wish(alice, "price", "add", "1", query="pendant").content.decode()
    [digest] = re.findall(r'name="digest" value="([^"]+)"', looked)
    Product.objects.filter(sku="pendant").update(base_price="11.00")  # Bob was faster
    answer = wish(alice, "price", "add", "1", query="pendant", do="save", digest=digest)
    assert answer.status_code == 422
    assert "Price: 11.00 → 12.00" in answer.content.decode()
    assert prices()["pendant"] == "11.00"


def test_yes_and_no_of_other_tables_are_set_too(alice):
    save(alice, "active", "set", "no", sheet="machines", query="saw")
    assert not Machine.objects.filter(active=True).exists()


def test_all_that_was_found_is_changed_not_only_what_is_shown(alice):
    Material.objects.bulk_create(
        Material(code=f"m{number}", name="Oak", unit="m", lead_days=7) for number in range(120)
    )
    shown = alice.get(address("materials")).content.decode()
    assert "70 more are not shown, and are changed too." in shown
    save(alice, "lead_days", "add", "3", sheet="materials")
    assert set(Material.objects.values_list("lead_days", flat=True)) == {10}


def test_the_queries_do_not_grow_with_the_rows(alice, django_assert_max_num_queries):
    Material.objects.bulk_create(
        Material(code=f"m{number}", name="Oak", unit="m") for number in range(1000)
    )
    with django_assert_max_num_queries(30):
        wish(alice, "name", "set", "Ash", sheet="materials")


def test_who_may_not_change_a_table_sees_it_only(signed_in):
    planner = signed_in("planner")
    shown = planner.get(address("families"))
    assert shown.status_code == 200
    assert "You may look at it only." in shown.content.decode()
    assert wish(planner, "name", "set", "Lamps", sheet="families").status_code == 403


def test_there_is_no_such_table(alice):
    assert alice.get(address("nothing")).status_code == 404
