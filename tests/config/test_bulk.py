"""Staff change one column of many rows at once: found, looked at, saved, taken back."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from journal.models import Revision
from orders.models import OptionGroup, OptionValue, Product, ProductFamily
from production.models import Machine, Material
from tests.production.workshop import product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]


@pytest.fixture
def alice(signed_in):
    return signed_in("admin")


def address(column, sheet="products", query=""):
    return reverse("change-all", args=[sheet]) + f"?q={query}&column={column}"


def wish(client, column, way, text="", sheet="products", query="", **more):
    said = {"way": way, "text": text, "do": "check", **more}
    return client.post(address(column, sheet, query), said)


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
    refused = shown[shown.index('role="alert"') : shown.index("1 row could change")]
    assert '<strong translate="no">pendant</strong>' in refused
    assert "pendant-tall" not in refused  # 19.99 − 15 is a price
    assert prices() == {"pendant": "10.00", "pendant-tall": "19.99", "chair": "49.90"}


@pytest.mark.parametrize(
    ("column", "way", "text", "said"),
    [
        ("name", "percent", "5", "percent is not one of the available choices"),
        ("sold_from", "add", "5", "add is not one of the available choices"),
        ("price", "percent", "", "Write a number."),
        ("price", "add", "much", "“much” is no number."),
        ("name", "set", "", "Write the value"),
    ],
    ids=["words", "days", "nothing", "no-number", "no-value"],
)
def test_a_wish_without_sense_is_told_at_its_field(alice, column, way, text, said):
    answer = wish(alice, column, way, text)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_key_cannot_be_wished_away(alice):
    assert wish(alice, "product", "set", "sofa").status_code == 404
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
    assert list(Machine.objects.values_list("active", flat=True)) == [False, False]


def test_all_that_was_found_is_changed_not_only_what_is_shown(alice):
    Material.objects.bulk_create(
        Material(code=f"m{number}", name="Oak", unit="m", lead_days=7) for number in range(120)
    )
    shown = wish(alice, "lead_days", "add", "3", sheet="materials").content.decode()
    assert "120 rows would change" in shown
    assert shown.count("7 → 10") == 20
    assert "100 more are not shown." in shown
    save(alice, "lead_days", "add", "3", sheet="materials")
    assert set(Material.objects.values_list("lead_days", flat=True)) == {10}


def test_the_queries_do_not_grow_with_the_rows(alice, django_assert_num_queries):
    def stocked(start, end):
        made = (Material(code=f"m{number}", name="Oak", unit="m") for number in range(start, end))
        Material.objects.bulk_create(made)

    stocked(0, 3)
    with CaptureQueriesContext(connection) as few:
        wish(alice, "name", "set", "Ash", sheet="materials")
    stocked(3, 1000)
    with django_assert_num_queries(len(few)):
        wish(alice, "name", "set", "Ash", sheet="materials")


def test_who_may_not_change_a_table_changes_no_row_of_it(signed_in):
    planner = signed_in("planner")
    assert planner.get(address("name", "families")).status_code == 403
    assert wish(planner, "name", "set", "Alice's", sheet="families").status_code == 403
    assert not ProductFamily.objects.filter(name="Alice's").exists()


def offered(client, column, sheet="products"):
    shown = client.get(address(column, sheet)).content.decode()
    return re.findall(r'<option value="(\w+)"', shown[shown.index('name="way"') :])


def test_only_what_makes_sense_for_a_column_is_offered(alice):
    assert offered(alice, "price") == ["set", "percent", "add"]  # and is never empty
    assert offered(alice, "sold_from") == ["set", "empty"]
    assert offered(alice, "description") == ["set", "empty"]
    assert offered(alice, "listed") == ["set", "empty", "yes", "no"]
    assert offered(alice, "scrap_percent", "boms") == ["set", "percent", "add", "empty"]
    assert "empty" not in offered(alice, "stock", "materials")  # it would change nothing


def test_a_day_is_set_and_emptied(alice):
    save(alice, "sold_from", "set", "2026-03-31", query="chair")
    assert Product.objects.get(sku="chair").sold_from == date(2026, 3, 31)
    save(alice, "sold_from", "empty")
    assert not Product.objects.exclude(sold_from=None).exists()


def test_a_number_is_rounded_to_the_decimals_of_its_column(alice):
    Material.objects.create(code="oil", name="Oil", unit="l", lead_days=7, safety_stock="0.333")
    for column, percent in (("lead_days", "50"), ("safety_stock", "50")):
        save(alice, column, "percent", percent, sheet="materials", query="oil")
    save(alice, "stock", "set", "7", sheet="materials", query="oil")
    save(alice, "stock", "percent", "50", sheet="materials", query="oil")
    oil = Material.objects.get(code="oil")
    assert oil.lead_days == 11  # 10.5
    assert oil.safety_stock == Decimal("0.500")  # 0.4995
    assert oil.moves.aggregate(Sum("quantity"))["quantity__sum"] == Decimal("10.5")


def test_bad_rows_are_named_beside_the_good_ones_and_cannot_be_saved(alice):
    shown = wish(alice, "price", "add", "-15").content.decode()
    assert "2 rows could change" in shown
    assert "Price: 19.99 → 4.99" in shown
    assert "It must be 0 or more." in shown
    assert 'value="save"' not in shown


def test_rows_for_which_a_column_means_nothing_are_left_alone(alice):
    product("lamp", colours=("red", "blue"))
    shown = wish(alice, "price", "add", "2", sheet="options").content.decode()
    assert "1 of them has no such column and stays as it is." in shown  # the question
    assert "2 rows would change" in shown
    save(alice, "price", "add", "2", sheet="options")
    assert set(OptionValue.objects.values_list("price_delta", flat=True)) == {2}
    assert OptionGroup.objects.get().price_delta == 0


def test_there_is_no_such_table(alice):
    assert alice.get("/staff/edit/nothing/rows/all/").status_code == 404
