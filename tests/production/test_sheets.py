"""The workshop as tables: hours, cells, machines, materials, what products are made of and how."""

from datetime import date, time
from decimal import Decimal
from functools import partial

import pytest

from config.sheets import SHOP
from journal.sheets import undo
from production import routings
from production.models import (
    BOM,
    Calendar,
    Machine,
    Material,
    Operation,
    Plant,
    Routing,
    Shift,
    StockMove,
)
from production.sheets.making import MINUTES
from tests import factories, tables
from tests.tables import told

pytestmark = pytest.mark.django_db

NOW = factories.NOW

CALENDARS = "calendar,start,end,weekdays\nDay,07:00,15:30,mon-fri\nDay,08:00,12:00,sat\n"
HOLIDAYS = "calendar,day,reason\nDay,2026-12-25,Christmas\n"
CELLS = "cell,name,kind,calendar\nprint,Printers,print,Day\n"
MACHINES = 'machine,name,cell,capabilities,set_up_for\np1,Printer 1,print,"fdm, enclosed",pla\n'
MATERIALS = "material,name,unit,cost,stock\npla,PLA,kg,22.5,60\n"
BOMS = "product,line,material,quantity,when,scrap_percent\nLAMP,10,pla,0.16,material=oak,4\n"
ROUTINGS = """product,step,name,cell,capability,when,setup_by,run_minutes,lag_minutes,good_percent
LAMP,10,Print,print,fdm,height=20..40,"material, finish",6..10,30,97
LAMP,20,Check,print,,,,2.5,,
"""
FLOOR = {
    "calendars": CALENDARS,
    "holidays": HOLIDAYS,
    "cells": CELLS,
    "machines": MACHINES,
    "materials": MATERIALS,
    "boms": BOMS,
    "routings": ROUTINGS,
}


@pytest.fixture(autouse=True)
def lamp():
    return factories.lamp()


@pytest.fixture
def look(tmp_path):
    return partial(tables.look, tmp_path)


@pytest.fixture
def bring(tmp_path):
    return partial(tables.bring, tmp_path)


def test_a_workshop_of_seven_tables_can_make_what_it_says_and_a_second_import_changes_nothing(
    bring, look, lamp
):
    bring(**FLOOR)
    made = routings.freeze(routings.makings()[lamp.pk], {"material": "oak", "height": "30"}, 2)
    print_step, check_step = made["operations"]
    # 8 minutes a piece, the middle of 6 to 10, for two pieces of which 97 % pass: 16.49, rounded up
    assert (print_step["run_minutes"], print_step["minutes"]) == ("8.00", 17)
    assert (check_step["name"], check_step["minutes"]) == ("Check", 5)
    assert made["materials"] == [
        {"material": "pla", "quantity_per_unit": "0.1600", "scrap_percent": "4.00"}
    ]
    assert Plant.objects.count() == 1
    assert Shift.objects.filter(calendar__name="Day").count() == 6
    assert Machine.objects.get().capabilities == ["fdm", "enclosed"]
    assert look(**FLOOR).changes == []


def test_a_workshop_can_be_taken_back_whole(bring):
    batch = bring(**FLOOR)
    undo(SHOP, batch, by="staff:bob", at=NOW)
    for model in (Calendar, Machine, Material, BOM, Routing, Operation, StockMove):
        assert not model.objects.exists()


def test_a_material_that_never_had_a_unit_is_changed_removed_and_put_back_without_one(bring, look):
    Material.objects.create(code="oak", name="Oak", unit="", cost=Decimal(62), lead_days=14)
    bring(materials="material,name,unit,cost\noak,Oak,,65\n")
    assert Material.objects.values_list("unit", "cost").get() == ("", Decimal(65))
    batch = bring(materials="material,remove\noak,yes\n")
    assert not Material.objects.exists()
    undo(SHOP, batch, by="staff:bob", at=NOW)
    back = Material.objects.values_list("code", "name", "unit", "cost", "lead_days").get()
    assert back == ("oak", "Oak", "", Decimal(65), 14)
    [problem] = look(materials="material,name,unit\nash,Ash,\n").problems
    assert (problem.column, problem.text) == ("unit", "This cell is needed. Fill it in.")


@pytest.mark.parametrize("cell", ["6..10", "6-10", "6–10", "6 to 10", "6 .. 10"])
def test_a_guess_of_minutes_is_a_range_with_its_middle(cell):
    minutes = MINUTES.read(cell, ".")
    assert minutes == (Decimal(8), Decimal(6), Decimal(10))
    assert MINUTES.text(minutes) == "6..10"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("2026-10-06 00:00:00", "the spreadsheet made one of a range"),
        ("10..6", "larger number"),
        ("0", "more than 0"),
        ("a while", "no number"),
    ],
)
def test_minutes_that_cannot_be_meant_are_told_what_to_write(cell, says):
    with pytest.raises(ValueError, match=says):
        MINUTES.read(cell, ".")


def test_a_guess_gives_way_to_a_number(bring):
    bring(**FLOOR)
    bring(routings="product,step,run_minutes\nLAMP,10,7.25\n")
    step = Operation.objects.get(sequence=10)
    assert (step.run_minutes, step.run_minutes_low, step.run_minutes_high) == (
        Decimal("7.25"),
        None,
        None,
    )
    assert step.capability == "fdm"


def test_a_routing_that_somebody_wrote_is_no_templates_any_more(bring, lamp):
    routings.build_from_template([lamp.pk], "packed")
    bring(routings="product,step,run_minutes\nLAMP,10,0.5\n")
    assert Routing.objects.get().template == ""
    assert routings.build_from_template([lamp.pk], "painted") == 0


def test_a_count_becomes_the_difference_and_counting_again_changes_nothing(bring, look):
    bring(materials=MATERIALS)
    pla = Material.objects.get()
    StockMove.objects.create(
        material=pla, quantity=Decimal("-2.5"), reason="Used", dedup_key="use-1", at=NOW
    )
    [change] = look(materials=MATERIALS).changes
    assert change.fields == [("stock", "57.5", "60")]
    bring(materials=MATERIALS)
    assert sum(StockMove.objects.values_list("quantity", flat=True)) == 60
    assert look(materials=MATERIALS).changes == []
    assert look(materials="material,stock\npla,\n").changes == []


def test_material_that_was_used_stays(bring, look):
    bring(materials=MATERIALS)
    gone = "material,remove\npla,yes\n"
    assert look(materials=gone).is_clean
    StockMove.objects.create(
        material=Material.objects.get(), quantity=-1, reason="Used", dedup_key="use-1", at=NOW
    )
    assert told(look(materials=gone)) == [("materials", 2, "remove")]


def test_the_set_up_of_a_machine_is_read_once_and_then_known_better(bring, look):
    bring(calendars=CALENDARS, cells=CELLS, machines=MACHINES)
    Machine.objects.update(setup_family="petg")
    assert look(machines=MACHINES).changes == []


@pytest.mark.parametrize(
    ("sheet", "content", "column"),
    [
        ("routings", ROUTINGS.replace("fdm", "sla"), "capability"),
        ("routings", ROUTINGS.replace("material, finish", "stuff"), "setup_by"),
        ("routings", ROUTINGS.replace("height=20..40", "material=20..40"), "when"),
        ("routings", ROUTINGS.replace(",97", ",107"), "good_percent"),
        ("routings", ROUTINGS.replace("print,fdm", "paint,fdm"), "cell"),
        ("boms", BOMS.replace("material=oak", "material=gold"), "when"),
        ("boms", BOMS.replace("0.16", "0"), "quantity"),
        ("boms", BOMS.replace(",4\n", ",100\n"), "scrap_percent"),
        ("boms", BOMS.replace("pla", "abs"), "material"),
        ("machines", MACHINES.replace("print,", "mill,"), "cell"),
        ("cells", CELLS.replace(",Day", ",Night"), "calendar"),
        ("holidays", "calendar,day,start\nDay,2026-12-24,08:00\n", "end"),
        ("calendars", CALENDARS.replace("mon-fri", "always"), "weekdays"),
    ],
)
def test_a_bad_cell_of_the_workshop_is_named_by_its_column(look, sheet, content, column):
    plan = look(**FLOOR | {sheet: content})
    assert (sheet, 2, column) in told(plan)


def test_two_shifts_that_begin_at_once_are_one_too_many(look):
    plan = look(calendars=CALENDARS + "Day,07:00,12:00,fri\n")
    assert told(plan) == [("calendars", 4, "weekdays")]


def test_days_and_hours_of_a_calendar_are_what_the_table_says(bring):
    bring(calendars=CALENDARS, holidays=HOLIDAYS)
    bring(calendars="calendar,start,end,weekdays\nDay,07:00,15:30,mon\n")
    shifts = Shift.objects.values_list("weekday", "start", "end")
    assert set(shifts) == {(0, time(7), time(15, 30)), (5, time(8), time(12))}
    assert Calendar.objects.get().exceptions.get().day == date(2026, 12, 25)


def test_a_calendar_stays_while_a_cell_runs_by_it(bring, look):
    bring(calendars=CALENDARS, cells=CELLS)
    gone = "calendar,start,end,remove\nDay,07:00,15:30,yes\nDay,08:00,12:00,yes\n"
    plan = look(calendars=gone)
    assert told(plan) == [("calendars", 2, "remove"), ("calendars", 3, "remove")]
    bring(calendars="calendar,start,end,remove\nDay,08:00,12:00,yes\n")
    assert Shift.objects.count() == 5


def test_lines_that_share_a_number_are_rows_of_their_own(bring, lamp):
    bring(materials=MATERIALS)
    bom = BOM.objects.create(product=lamp)
    for quantity in (1, 2):
        bom.lines.create(material=Material.objects.get(), quantity=quantity)
    assert [key[1] for key in SHOP.sheet("boms").load()] == ["0", "1"]
    bring(boms="product,line,quantity\nLAMP,1,3\n")
    assert sorted(bom.lines.values_list("quantity", flat=True)) == [1, 3]


def test_the_first_count_of_a_material_can_be_taken_back(bring):
    Material.objects.create(code="oak", name="Oak", unit="m2")
    batch = bring(materials="material,stock\noak,60\n")
    assert sum(StockMove.objects.values_list("quantity", flat=True)) == 60
    undo(SHOP, batch, by="staff:bob", at=NOW)
    assert sum(StockMove.objects.values_list("quantity", flat=True)) == 0
