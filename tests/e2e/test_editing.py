"""The editor in a browser: what would come of a change is seen first, in one row or in many."""

from __future__ import annotations

import pytest
from django.urls import reverse

from journal.models import Revision
from orders.models import Product
from tests.production.workshop import center, product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shelf(transactional_db):
    """Three products for 10.00 each."""
    saw = center("saw", machines=2)
    for sku in ("chair", "pendant", "pendant-tall"):
        product(sku, (saw, {}))


def prices():
    return {sku: str(price) for sku, price in Product.objects.values_list("sku", "base_price")}


def test_the_editor_shows_what_would_come_while_one_types(shelf, person, visit):
    tab = visit(person("staff")).new_page()
    tab.goto(reverse("edit", args=["product", "chair"]))
    tab.get_by_label("Price", exact=True).first.fill("12.50")
    tab.keyboard.press("Tab")
    tab.get_by_text("Price: 10.00 → 12.50").wait_for(timeout=8000)
    assert tab.get_by_text("€12.50").is_visible()
    assert prices()["chair"] == "10.00"
    tab.get_by_label("Price", exact=True).first.fill("ten")
    tab.keyboard.press("Tab")
    tab.get_by_text("“ten” is no number").wait_for(timeout=8000)
    assert tab.get_by_label("Price", exact=True).first.input_value() == "ten"


def test_a_page_saved_as_it_came_keeps_every_line(shelf, person, visit):
    Product.objects.update(description="Of oak.\nOiled twice.")
    tab = visit(person("staff")).new_page()
    for address in (
        reverse("edit", args=["product", "chair"]),
        reverse("edit-rows", args=["products"]),
    ):
        tab.goto(address)
        tab.get_by_role("button", name="Save").click()
        tab.get_by_text("Nothing was changed.").wait_for(timeout=8000)
    assert not Revision.objects.exists()


def test_prices_are_typed_down_a_column_without_a_mouse(shelf, person, visit):
    tab = visit(person("staff")).new_page()
    tab.goto(reverse("edit-rows", args=["products"]))
    tab.get_by_label("Price: chair", exact=True).focus()
    for price in ("11", "12", "13"):
        tab.keyboard.press("Control+a")
        tab.keyboard.type(price)
        tab.keyboard.press("ArrowDown")
    tab.get_by_text("Price: 10.00 → 13.00").wait_for(timeout=8000)
    assert set(prices().values()) == {"10.00"}
    tab.get_by_role("button", name="Save").press("Enter")
    tab.get_by_text("Saved.").wait_for(timeout=8000)
    assert prices() == {"chair": "11.00", "pendant": "12.00", "pendant-tall": "13.00"}


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("name", "args", "price"),
    [("edit", ["product", "chair"], "Price"), ("edit-rows", ["products"], "Price: chair")],
)
def test_enter_checks_and_saves_nothing(shelf, person, visit, javascript, name, args, price):
    tab = visit(person("staff"), java_script_enabled=javascript).new_page()
    tab.goto(reverse(name, args=args))
    tab.get_by_label(price, exact=True).first.fill("12.50")
    tab.keyboard.press("Enter")
    tab.get_by_text("Price: 10.00 → 12.50").wait_for(timeout=8000)
    assert tab.get_by_label(price, exact=True).first.input_value() == "12.50"
    assert prices()["chair"] == "10.00"


@pytest.mark.parametrize("javascript", [True, False])
def test_all_pendants_become_dearer_and_cheap_again(shelf, person, visit, javascript):
    tab = visit(person("staff"), java_script_enabled=javascript).new_page()
    tab.goto(reverse("edit-rows", args=["products"]))
    main = tab.locator("main")
    main.get_by_label("Words in the row").fill("pendant")
    main.get_by_role("button", name="Find").click()
    main.get_by_label("Column", exact=True).select_option(label="Price")
    main.get_by_role("button", name="Change it in all 2 rows found").click()
    main.get_by_label("What to do").select_option(
        label="Raise by so many percent (lower with a minus)"
    )
    main.get_by_label("Value, percent or amount").fill("5")
    main.get_by_role("button", name="See what would change").click()
    main.get_by_text("2 rows would change").wait_for(timeout=8000)
    assert main.get_by_text("Price: 10.00 → 10.50").count() == 2
    assert set(prices().values()) == {"10.00"}
    main.get_by_role("button", name="Change 2 rows").click()
    tab.get_by_text("2 rows were written.").wait_for(timeout=8000)
    assert prices() == {"chair": "10.00", "pendant": "10.50", "pendant-tall": "10.50"}
    assert Revision.objects.values("batch").distinct().count() == 1
    main.get_by_role("button", name="Undo").click()
    tab.get_by_text("The change was undone").wait_for(timeout=8000)
    assert set(prices().values()) == {"10.00"}
