"""Cells, the machines in them, and how long it takes to change them over."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.sheets import Book, Change, Changes, Column, Fault, Link, TableSheet, kinds
from orders.sheets import chinese
from production.models import Calendar, Machine, Plant, SetupRule, WorkCenter


class Cells(TableSheet):
    code = "cells"
    label = gettext_lazy("Cells")
    purpose = gettext_lazy("Machines that stand together and do the same kind of work.")
    view, change = "production.view_workcenter", "production.change_workcenter"
    after = ("calendars",)
    model, order = WorkCenter, ("position", "code")
    keys = ("cell",)
    paths = {"cell": "code"}
    links = {"calendar": Link("calendar", Calendar, "name")}
    columns = (
        Column("cell", kinds.code(40)),
        Column("name", kinds.text(120), required=True),
        chinese("name", 120),
        Column("kind", kinds.choice(WorkCenter.Kind.choices), required=True),
        Column("calendar", kinds.text(80), required=True, refers="calendars"),
        Column("position", kinds.whole(), default=0),
    )

    def write(self, changes: Changes) -> None:
        if not Plant.objects.exists():
            Plant.objects.create(name=_("Main plant"), time_zone=settings.PLANT_TIME_ZONE)
        super().write(changes)

    def first_fields(
        self, change: Change, linked: Mapping[str, Any], changes: Changes
    ) -> dict[str, Any]:
        return {"plant_id": linked["plant"]}

    def linked(self) -> dict[str, Any]:
        first = Plant.objects.order_by("pk").values_list("pk", flat=True).first()
        return {**super().linked(), "plant": first}


class Machines(TableSheet):
    code = "machines"
    label = gettext_lazy("Machines")
    purpose = gettext_lazy("What stands in each cell, and what it can do.")
    view, change = "production.view_machine", "production.change_workcenter"
    after = ("cells",)
    model, order = Machine, ("work_center__position", "work_center__code", "code")
    keys = ("machine",)
    paths = {"machine": "code", "set_up_for": "setup_family"}
    links = {"cell": Link("work_center", WorkCenter, "code")}
    columns = (
        Column("machine", kinds.code(40)),
        Column("name", kinds.text(120), required=True),
        Column("cell", kinds.code(40), required=True, refers="cells"),
        Column("capabilities", kinds.words(60), default=[]),
        Column("set_up_for", kinds.text(60), default="", first_only=True),
        Column("active", kinds.yes_no(), default=True),
    )


class Changeovers(TableSheet):
    code = "changeovers"
    label = gettext_lazy("Change-overs")
    purpose = gettext_lazy("Minutes of set-up between two families of work in a cell.")
    view, change = "production.view_setuprule", "production.change_setuprule"
    after = ("cells",)
    model, order = SetupRule, ("work_center__position", "work_center__code", "pk")
    keys = ("cell", "from_family", "to_family")
    links = {"cell": Link("work_center", WorkCenter, "code")}
    columns = (
        Column("cell", kinds.code(40), refers="cells"),
        Column("from_family", kinds.text(60), default=""),
        Column("to_family", kinds.text(60), default=""),
        Column("minutes", kinds.whole(), required=True),
    )

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in changes:
            row = change.row
            if row["from_family"] and row["from_family"] == row["to_family"] and row["minutes"]:
                text = _("Nothing is changed over between equal families. Write 0.")
                yield Fault(change, "minutes", text)


CELLS, MACHINES, CHANGEOVERS = Cells(), Machines(), Changeovers()
