"""Staff edit a product, a cell or a calendar on one page, and see first what would come of it."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from journal.models import Revision
from orders.models import OptionGroup, OptionValue, Product
from production.models import Machine, Operation, Shift
from tests.production.workshop import center, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp():
    return product("lamp", (center("saw", machines=2), {}), colours=("red", "blue"))


@pytest.fixture
def alice(signed_in):
    return signed_in("admin")


def inputs(html):
    """What a browser would send of the page's form, as it stands."""
    form = html[html.index('name="stamp"') - 200 :]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', form))
    found |= {
        name: (re.findall(r'<option value="([^"]*)" selected', body) or [""])[0]
        for name, body in re.findall(r'<select[^>]*? name="([^"]+)".*?>(.*?)</select>', form)
    }
    return {n: unescape(value) for n, value in found.items() if not n.endswith("-remove")}


def name_of(form, ending, value):
    [name] = [name for name, one in form.items() if name.endswith(ending) and one == value]
    return name


def page(client, kind="product", name="lamp"):
    answer = client.get(reverse("edit", args=[kind, name]))
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, form, do="save", kind="product", name="lamp", **more):
    return client.post(reverse("edit", args=[kind, name]), {**form, "do": do}, **more)


def test_a_page_sent_back_as_it_came_changes_nothing(alice, lamp):
    answer = post(alice, inputs(page(alice)))
    assert answer.status_code == 302
    assert not Revision.objects.exists()


def test_alice_raises_a_price(alice, lamp):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "12.50"
    assert post(alice, form).status_code == 302
    lamp.refresh_from_db()
    assert lamp.base_price == Decimal("12.50")
    [kept] = Revision.objects.all()
    assert kept.sheet == "products"
    assert (kept.before or {})["price"] == "10.00"
    assert (kept.after or {})["price"] == "12.50"


def test_a_check_shows_what_would_come_and_saves_nothing(alice, lamp):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "12.50"
    answer = post(alice, form, do="check")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Price: 10.00 → 12.50" in shown
    assert "€12.50" in shown
    assert "Everything that can be chosen can be made." in shown
    lamp.refresh_from_db()
    assert lamp.base_price == 10
    assert not Revision.objects.exists()


def test_what_is_shown_while_typing_is_only_the_preview(alice, lamp):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "twelve"
    answer = post(alice, form, do="", headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "<form" not in shown
    assert "“twelve” is no number" in shown


def test_a_bad_condition_is_named_at_its_input_and_nothing_is_written(alice, lamp):
    form = inputs(page(alice))
    step = name_of(form, "-run_minutes", "10")
    form[step.replace("-run_minutes", "-when")] = "colour=green"
    form[name_of(form, "-price", "10.00")] = "12.50"
    answer = post(alice, form)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="e-{step.replace("-run_minutes", "-when")}"' in shown
    assert "has no value “green”" in shown
    assert 'value="colour=green"' in shown
    lamp.refresh_from_db()
    assert lamp.base_price == 10


def test_a_condition_that_leaves_a_choice_without_steps_is_told_before_it_is_saved(alice, lamp):
    form = inputs(page(alice))
    step = name_of(form, "-run_minutes", "10")
    form[step.replace("-run_minutes", "-when")] = "colour=red"
    shown = post(alice, form, do="check").content.decode()
    assert "No step applies to this choice: Colour: blue" in shown
    assert Operation.objects.get().condition == {}


def test_a_removed_machine_that_steps_need_is_told_before_it_is_saved(alice, lamp):
    Machine.objects.last().delete()
    form = inputs(page(alice, "cell", "saw"))
    [machine] = [
        name for name in form if name.startswith("machines-") and name.endswith("-active")
    ][:1]
    form[machine] = "no"
    shown = post(alice, form, "check", "cell", "saw").content.decode()
    assert "has no machine: add one to the cell saw" in shown
    assert Machine.objects.get().active


def test_a_shift_can_be_added_to_a_calendar(alice, lamp):
    form = inputs(page(alice, "calendar", "of saw"))
    [new] = [name[: -len("start")] for name in form if re.search(r"calendars-new\d+-start$", name)][
        :1
    ]
    form |= {f"{new}start": "18:00", f"{new}end": "20:00", f"{new}weekdays": "mon, tue"}
    assert post(alice, form, "save", "calendar", "of saw").status_code == 302
    assert Shift.objects.filter(start="18:00").count() == 2


def test_a_row_can_be_removed_and_brought_back(alice, lamp):
    form = inputs(page(alice))
    html = page(alice)
    row = next(part for part in html.split("<tr") if ">blue<" in part)
    [box] = re.findall(r'name="(options-\w+-remove)"', row)
    assert post(alice, {**form, box: "yes"}).status_code == 302
    assert not OptionValue.objects.filter(code="blue").exists()
    batch = Revision.objects.get().batch
    alice.post(reverse("edit-undo"), {"batch": batch})
    assert OptionValue.objects.filter(code="blue").exists()


def test_who_saves_second_is_told_and_keeps_the_input(alice, lamp):
    form = inputs(page(alice))
    Product.objects.update(base_price=11)
    price = name_of(form, "-price", "10.00")
    answer = post(alice, {**form, price: "12.50"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody changed this meanwhile" in shown
    assert 'value="12.50"' in shown
    assert Product.objects.get().base_price == 11


def test_more_rows_keep_what_was_typed(alice, lamp):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "12.50"
    shown = alice.post(reverse("edit", args=["product", "lamp"]), {**form, "more": "rules"})
    html = shown.content.decode()
    assert len(set(re.findall(r'name="rules-(new\d+)-', html))) == 7
    assert 'value="12.50"' in html


def asked_of(form, mark):
    """The columns of options for which a row has an input."""
    start = f"options-{mark}-"
    return {name[len(start) :] for name in form if name.startswith(start)}


def mark_of(html, word):
    row = next(part for part in html.split("<tr") if f">{word}<" in part and "options-" in part)
    return re.findall(r'name="options-(\w+?)-', row)[0]


def test_a_question_and_its_answers_are_asked_only_what_has_a_meaning_for_them(alice, lamp):
    html = page(alice)
    form = inputs(html)
    names = {"name", "name_zh_hans", "position"}
    assert asked_of(form, mark_of(html, "colour")) == names | {"kind", "required", "default"}
    assert asked_of(form, mark_of(html, "blue")) == names | {"price", "active", "attributes"}
    # nobody knows yet what a new row shall be
    assert {"kind", "minimum", "active", "option", "value"} <= asked_of(form, "new3")


def test_what_was_typed_stays_where_it_loses_its_meaning(alice, lamp):
    form = inputs(page(alice))
    typed = {"option": "size", "name": "Size", "kind": "number", "unit": "cm", "minimum": "60"}
    form |= {f"options-new3-{column}": text for column, text in typed.items()}
    form["options-new3-kind"] = "select"
    html = post(alice, form, do="check").content.decode()
    shown = inputs(html)
    assert shown["options-new3-minimum"] == "60"
    assert shown["options-new3-unit"] == "cm"
    assert "options-new3-step" not in shown
    assert "options-new3-active" not in shown


def test_a_page_of_questions_sent_back_as_it_came_changes_nothing(alice, lamp):
    number = {"kind": "number", "minimum": 60, "maximum": 120, "step": 5, "unit": "cm"}
    OptionGroup.objects.create(product=lamp, code="width", name="Width", **number, price_delta=2)
    assert post(alice, inputs(page(alice))).status_code == 302
    assert not Revision.objects.exists()


def test_a_product_with_very_many_answers_can_be_saved(alice, lamp):
    group = OptionGroup.objects.get()
    OptionValue.objects.bulk_create(
        OptionValue(group=group, code=f"c{number}", name=f"Colour {number}")
        for number in range(300)
    )
    form = inputs(page(alice))
    assert len(form) > 1000
    form[name_of(form, "-name", "Colour 299")] = "Amber"
    assert post(alice, form).status_code == 302
    assert OptionValue.objects.get(code="c299").name == "Amber"


def test_a_product_that_is_not_there_is_made_by_its_page(alice, lamp):
    form = inputs(page(alice, name="vase"))
    [row] = [name[: -len("name")] for name in form if re.fullmatch(r"products-\w+-name", name)]
    form |= {f"{row}name": "Vase", f"{row}family": "lamps", f"{row}price": "7"}
    assert post(alice, form, name="vase").status_code == 302
    assert Product.objects.get(sku="vase").base_price == 7


def test_planners_change_how_things_are_made_but_not_what_is_sold(signed_in, lamp):
    client = signed_in("planner")
    form = inputs(page(client))
    assert not [name for name in form if name.startswith("products-")]
    form[name_of(form, "-run_minutes", "10")] = "6..10"
    assert post(client, form).status_code == 302
    assert Operation.objects.get().run_minutes == 8


def test_operators_do_not_edit(signed_in, lamp):
    client = signed_in("operator")
    assert client.get(reverse("edit", args=["product", "lamp"])).status_code == 403
    assert client.get(reverse("edit-index")).status_code == 403


def test_the_history_says_who_changed_what(alice, lamp):
    form = inputs(page(alice))
    form[name_of(form, "-price", "10.00")] = "12.50"
    post(alice, form)
    shown = alice.get(reverse("edit-history"), {"q": "lamp"}).content.decode()
    assert "staff:admin" in shown
    assert "Price: 10.00 → 12.50" in shown
    assert (
        "Nothing was changed yet"
        in alice.get(reverse("edit-history"), {"q": "vase"}).content.decode()
    )


def test_what_there_is_to_edit_is_found_by_name(alice, lamp):
    shown = alice.get(reverse("edit-index"), {"q": "LAM"}).content.decode()
    assert reverse("edit", args=["product", "lamp"]) in shown
    assert reverse("edit", args=["cell", "saw"]) not in shown


def test_a_kind_that_does_not_exist_is_not_found(alice):
    assert alice.get(reverse("edit", args=["planet", "mars"])).status_code == 404
