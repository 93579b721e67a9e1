"""Letters of item codes become options of one product, where the names say that they are."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from config.importing.choosing import MAPPINGS
from journal.tables import find_sources
from orders import catalogue
from orders.importing import fitting_mapping, read_log, sort_lines, write_log
from orders.importing.variants import Fact, Variant, read_codes
from orders.models import OptionValue, OrderLine, Product, Return

NOW = datetime(2011, 12, 9, 18, tzinfo=UTC)
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
FLOWERS = (
    "1,84801A,PINK HYDRANGEA ART FLOWER,2,2011-10-03 09:00:00,2.10,7,France\n"
    "1,84801A,PINK HYDRANGEA ART FLOWER,1,2011-10-03 09:00:00,2.10,7,France\n"
    "1,84801B,WHITE HYDRANGEA ART FLOWER,4,2011-10-03 09:00:00,2.50,7,France\n"
)
GLOBE = (
    "2,10002,INFLATABLE POLITICAL GLOBE,1,2011-10-04 09:00:00,0.85,7,France\n"
    "2,10002R,ROBOT PENCIL SHARPENER,1,2011-10-04 09:00:00,5.17,7,France\n"
)
RETURN = "C3,84801B,WHITE HYDRANGEA ART FLOWER,-1,2011-10-05 09:00:00,2.50,7,France\n"
LATER = (
    "4,84801C,BLUE HYDRANGEA ART FLOWER,1,2011-11-05 09:00:00,2.10,7,France\n"
    "4,84801D,GARDEN GNOME,1,2011-11-05 09:00:00,9.00,7,France\n"
)


def mapping():
    found = fitting_mapping(HEADER.strip().split(","), MAPPINGS)
    assert found
    return found


def fact(description, lines=1):
    return Fact(description, {"EUR": (1.0, lines)}, NOW, lines)


@pytest.fixture
def bring(tmp_path):
    def bring(lines, rules=None):
        rules = rules or mapping()
        path = tmp_path / "log.csv"
        path.write_text(HEADER + lines)
        [source] = find_sources(path)
        log = sort_lines(read_log(path, rules, source=source), rules)
        return write_log(log, rules, open_since=None, now=NOW, progress=lambda lines: None)

    return bring


def test_letters_with_like_names_are_one_product():
    read = read_codes(
        {"84801A": fact("PINK ART FLOWER"), "84801B": fact("WHITE ART FLOWER")}, mapping()
    )
    assert read == {"84801A": Variant("84801", "a"), "84801B": Variant("84801", "b")}


def test_a_letter_alone_is_an_option_already():
    assert read_codes({"85123A": fact("HEART")}, mapping()) == {"85123A": Variant("85123", "a")}


def test_a_code_without_a_letter_is_the_plain_one_beside_others():
    read = read_codes({"22200": fact("FRAME DAISY"), "22200B": fact("FRAME DAISY BLUE")}, mapping())
    assert read["22200"] == Variant("22200", "plain")


def test_a_letter_with_another_name_is_a_product_of_its_own():
    read = read_codes(
        {"10002": fact("POLITICAL GLOBE", 372), "10002R": fact("SHARPENER")}, mapping()
    )
    assert read == {"10002": Variant("10002"), "10002R": Variant("10002R")}


def test_the_code_that_sells_best_speaks_for_the_product():
    read = read_codes(
        {"84247C": fact("BLUE CARD", 9), "84247D": fact("RED CARD"), "84247G": fact("GIFT WRAP")},
        mapping(),
    )
    assert [read[code].product for code in sorted(read)] == ["84247", "84247", "84247G"]


@pytest.mark.django_db
def test_variants_are_options_with_their_own_names_and_prices(bring):
    report = bring(FLOWERS + GLOBE)
    assert (report.products, report.variants) == (3, 2)
    flower = Product.objects.get(sku="84801")
    assert (flower.name, flower.base_price) == ("HYDRANGEA ART FLOWER", Decimal("2.10"))
    [group] = catalogue.sheet(flower.pk).groups
    assert (group.code, group.required) == ("variant", True)
    assert [(v.code, v.label, v.price_delta) for v in group.values] == [
        ("a", "A · PINK", Decimal("0.00")),
        ("b", "B · WHITE", Decimal("0.40")),
    ]


@pytest.mark.django_db
def test_a_line_holds_the_variant_that_was_bought(bring):
    bring(FLOWERS)
    lines = OrderLine.objects.order_by("position")
    assert [line.configuration.values for line in lines] == [
        {"variant": "a"},
        {"variant": "a"},
        {"variant": "b"},
    ]
    assert [line.unit_price for line in lines] == [
        Decimal("2.10"),
        Decimal("2.10"),
        Decimal("2.50"),
    ]


@pytest.mark.django_db
def test_what_was_bought_is_a_choice_that_can_be_made_again(bring):
    bring(FLOWERS)
    line = OrderLine.objects.latest("position")
    sheet = catalogue.sheet(line.configuration.product_id)
    assert catalogue.check(sheet, line.configuration.values) == {"variant": "b"}


@pytest.mark.django_db
def test_a_return_finds_the_sale_of_its_own_variant(bring):
    bring(FLOWERS + RETURN)
    assert Return.objects.get().line.configuration.values == {"variant": "b"}


@pytest.mark.django_db
def test_a_longer_log_adds_letters_to_the_product_that_is_there(bring):
    bring(FLOWERS)
    report = bring(FLOWERS + LATER)
    assert (report.products, report.variants, report.lines) == (1, 1, 2)
    assert Product.objects.get(sku="84801D").name == "GARDEN GNOME"
    assert OptionValue.objects.get(code="c").group.product.sku == "84801"


@pytest.mark.django_db
def test_the_same_log_again_changes_nothing(bring):
    bring(FLOWERS + GLOBE + LATER)
    assert not bring(FLOWERS + GLOBE + LATER).changed


@pytest.mark.django_db
def test_what_was_imported_as_a_product_of_its_own_stays_one(bring):
    bring(FLOWERS, replace(mapping(), variants=None))
    assert bring(FLOWERS.replace("1,8", "5,8")).products == 0
    assert sorted(OrderLine.objects.values_list("configuration__product__sku", "quantity")) == [
        ("84801A", 1),
        ("84801A", 1),
        ("84801A", 2),
        ("84801A", 2),
        ("84801B", 4),
        ("84801B", 4),
    ]


# What only came back


GNOME_BACK = "C5,21000,GARDEN GNOME,-1,2011-10-05 09:00:00,4.00,7,France\n"
GNOME_SOLD = "6,21000,GARDEN GNOME,1,2011-10-20 09:00:00,9.00,7,France\n"


@pytest.mark.django_db
def test_what_only_came_back_has_no_price_until_it_is_sold(bring):
    bring(GNOME_BACK)
    gnome = Product.objects.get()
    assert (gnome.name, gnome.base_price, gnome.listed) == ("GARDEN GNOME", Decimal(0), False)
    assert gnome.currency == mapping().currency
    assert Return.objects.get().product == gnome
    bring(GNOME_BACK + GNOME_SOLD)
    gnome.refresh_from_db()
    assert gnome.base_price == Decimal("9.00")
    bring(GNOME_BACK + GNOME_SOLD.replace("6,", "7,").replace("9.00", "11.00"))
    gnome.refresh_from_db()
    assert gnome.base_price == Decimal("9.00")  # what is there stays


@pytest.mark.django_db
def test_what_was_paid_back_does_not_move_the_price_of_a_product(bring):
    bring(GNOME_SOLD + GNOME_BACK + GNOME_BACK.replace("C5", "C6"))
    assert Product.objects.get().base_price == Decimal("9.00")


@pytest.mark.django_db
def test_a_variant_that_only_came_back_costs_what_its_product_does(bring):
    bring(RETURN)
    bring(RETURN + FLOWERS)
    flower = Product.objects.get()
    assert flower.base_price == Decimal("2.10")
    assert {value.code: value.price_delta for value in OptionValue.objects.all()} == {
        "a": Decimal("0.00"),
        "b": Decimal("0.00"),
    }


@pytest.mark.django_db
def test_a_price_that_staff_gave_what_only_came_back_stays(bring):
    bring(GNOME_BACK)
    Product.objects.update(base_price=Decimal(7))
    bring(GNOME_BACK + GNOME_SOLD)
    assert Product.objects.get().base_price == Decimal(7)
