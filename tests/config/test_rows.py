"""Staff edit all rows of a table, a page at a time, as they edit one thing."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse

from journal.models import Revision
from orders.models import Product, ProductFamily
from production.models import Material
from tests.config.test_editing import inputs, name_of
from tests.production.workshop import center, product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]


@pytest.fixture
def alice(signed_in):
    return signed_in("admin")


def address(sheet="products", query=""):
    return reverse("edit-rows", args=[sheet]) + query


def page(client, sheet="products", query=""):
    answer = client.get(address(sheet, query))
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, form, sheet="products", query="", do="save", **more):
    return client.post(address(sheet, query), {**form, "do": do}, **more)


def prices():
    return {sku: str(price) for sku, price in Product.objects.values_list("sku", "base_price")}


def many_materials(count):
    Material.objects.bulk_create(
        Material(code=f"m{number:04}", name=f"Oak {number}", unit="m") for number in range(count)
    )


@pytest.mark.parametrize("sheet", ["products", "routings", "calendars", "machines", "families"])
def test_a_page_sent_back_as_it_came_changes_nothing(alice, sheet):
    assert post(alice, inputs(page(alice, sheet)), sheet).status_code == 302
    assert not Revision.objects.exists()


def test_prices_of_two_products_are_one_change_and_one_undo(alice):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "11"
    form[name_of(form, "-price", "49.90")] = "50"
    assert post(alice, form).status_code == 302
    assert prices() == {"pendant": "11.00", "pendant-tall": "19.99", "chair": "50.00"}
    [batch] = set(Revision.objects.values_list("batch", flat=True))
    alice.post(reverse("edit-undo"), {"batch": batch})
    assert prices() == {"pendant": "10.00", "pendant-tall": "19.99", "chair": "49.90"}


def test_a_search_shows_only_rows_that_hold_its_words(alice):
    form = inputs(page(alice, query="?q=TALL"))
    assert [value for name, value in form.items() if name.endswith("-price")] == ["19.99"]
    both = inputs(page(alice, query="?q=10.00 pendant"))
    assert [value for name, value in both.items() if name.endswith("-price")] == ["10.00"]
    assert "No row holds these words." in page(alice, query="?q=sofa")


def test_what_tells_a_row_from_others_is_no_input_and_stays(alice):
    form = inputs(page(alice))
    assert not [name for name in form if name.endswith("-product")]
    price = name_of(form, "-price", "49.90")
    post(alice, {**form, price.replace("-price", "-product"): "sofa"})
    assert set(prices()) == {"pendant", "pendant-tall", "chair"}


def test_a_row_that_the_search_no_longer_finds_is_saved_too(alice):
    form = inputs(page(alice, query="?q=tall"))
    form[name_of(form, "-name", "pendant-tall")] = "Long one"
    form[name_of(form, "-price", "19.99")] = "21"
    Product.objects.filter(sku="chair").update(name="Tall chair")  # and one more is found by now
    assert post(alice, form, query="?q=tall").status_code == 302
    assert Product.objects.get(sku="pendant-tall").name == "Long one"
    assert prices()["pendant-tall"] == "21.00"


def test_a_check_shows_what_would_come_and_saves_nothing(alice):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "12.50"
    shown = post(alice, form, do="check").content.decode()
    assert "Price: 10.00 → 12.50" in shown
    assert "€12.50" in shown
    assert "Everything that can be chosen can be made." in shown
    assert prices()["pendant"] == "10.00"
    assert not Revision.objects.exists()


def test_a_machine_that_moves_away_is_missed_in_the_cell_that_it_leaves(alice):
    center("paint")
    form = inputs(page(alice, "machines"))
    for name in [name for name in form if name.endswith("-cell")]:
        form[name] = "paint"
    shown = post(alice, form, "machines", do="check").content.decode()
    assert "has no machine: add one to the cell saw" in shown
    assert "Price from" not in shown  # no price hangs on a machine


def test_a_bad_cell_is_named_at_its_input_and_nothing_is_written(alice):
    form = inputs(page(alice))
    bad = name_of(form, "-price", "10.00")
    form |= {bad: "ten", name_of(form, "-price", "49.90"): "50"}
    answer = post(alice, form)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="e-{bad}"' in shown
    assert 'value="ten"' in shown
    assert '<strong translate="no">pendant</strong> Price: “ten” is no number' in shown
    assert prices()["chair"] == "49.90"


def test_who_saves_second_is_told_and_keeps_the_input(alice):
    form = inputs(page(alice))
    mine = name_of(form, "-price", "10.00")
    Product.objects.filter(sku="chair").update(base_price=48)  # Bob was faster
    answer = post(alice, {**form, mine: "12.50"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody changed this meanwhile" in shown
    assert 'value="12.50"' in shown
    assert prices() == {"pendant": "10.00", "pendant-tall": "19.99", "chair": "48.00"}


def test_a_row_that_bob_removed_is_missed_and_not_made_again(alice):
    form = inputs(page(alice))
    form[name_of(form, "-price", "49.90")] = "50"
    Product.objects.filter(sku="chair").delete()
    answer = post(alice, form)
    assert answer.status_code == 422
    assert "1 row was removed meanwhile" in answer.content.decode()
    assert not Product.objects.filter(sku="chair").exists()


def test_a_row_is_removed_by_its_box(alice):
    many_materials(2)
    html = page(alice, "materials")
    row = next(part for part in html.split("<tr") if ">m0001<" in part)
    [box] = re.findall(r'name="(materials-\w+-remove)"', row)
    assert post(alice, {**inputs(html), box: "yes"}, "materials").status_code == 302
    assert [one.code for one in Material.objects.all()] == ["m0000"]


def test_new_rows_can_be_added(alice):
    form = inputs(page(alice, "families"))
    form[name_of(form, "-name", "Lamps")] = ""
    more = alice.post(address("families"), {**form, "more": "families"}).content.decode()
    assert "Fill it in." not in more  # who asks for rows is not told off yet
    form = inputs(more)
    form[name_of({k: v for k, v in form.items() if "new" not in k}, "-name", "")] = "Lamps"
    [row] = [name[: -len("family")] for name in form if re.search(r"new\d+-family$", name)][:1]
    form |= {f"{row}family": "chairs", f"{row}name": "Chairs"}
    assert post(alice, form, "families").status_code == 302
    assert ">chairs<" in page(alice, "families")


def test_a_page_has_fifty_rows_and_the_next_one_the_others(alice):
    many_materials(120)
    first, third = page(alice, "materials"), page(alice, "materials", "?page=3")
    assert first.count("-unit") == third.count("-unit") * 50 / 20
    assert ">m0049<" in first
    assert ">m0050<" not in first
    assert ">m0119<" in third


def test_a_second_page_is_saved_as_such(alice):
    many_materials(60)
    form = inputs(page(alice, "materials", "?page=2"))
    form[name_of(form, "-name", "Oak 55")] = "Ash"
    assert post(alice, form, "materials", "?page=2").status_code == 302
    assert [one.code for one in Material.objects.filter(name="Ash")] == ["m0055"]


def test_the_queries_do_not_grow_with_the_rows(alice, django_assert_max_num_queries):
    many_materials(3000)
    with django_assert_max_num_queries(15):
        html = page(alice, "materials", "?q=oak")
    form = inputs(html)
    form[name_of(form, "-name", "Oak 7")] = "Ash"
    with django_assert_max_num_queries(60):
        assert post(alice, form, "materials", "?q=oak").status_code == 302


def test_who_may_not_change_a_table_sees_it_without_inputs(signed_in):
    planner = signed_in("planner")
    html = page(planner, "families")
    assert "You may look at it only." in html
    assert ">Lamps<" in html
    assert not [name for name in inputs(html) if name.startswith("families-")]
    assert "Change it in" not in html
    assert post(planner, {"stamp": ""}, "families").status_code == 403


def test_who_may_not_see_a_table_does_not_see_its_rows(client):
    bob = get_user_model().objects.create_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="change_operation"))
    client.force_login(bob)
    assert client.get(address("families")).status_code == 403
    assert address("families") not in client.get(reverse("edit-index")).content.decode()


def test_operators_see_no_rows(signed_in):
    assert signed_in("operator").get(address()).status_code == 403


def test_names_are_offered_while_one_types_unless_there_are_too_many(alice):
    assert 'id="all-families"' in page(alice)
    ProductFamily.objects.bulk_create(
        ProductFamily(code=f"f{number}", name="More") for number in range(1000)
    )
    assert 'id="all-families"' not in page(alice)


def test_the_tables_are_found_from_where_one_edits(alice):
    for name in ("edit-index", "setup"):
        assert f'href="{address("options")}"' in alice.get(reverse(name)).content.decode()


def test_a_product_may_be_called_rows(alice):
    product("rows")
    assert alice.get(reverse("edit", args=["product", "rows"])).status_code == 200
    assert alice.get("/staff/edit/nothing/rows/").status_code == 404
