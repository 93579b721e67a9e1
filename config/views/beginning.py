"""The wizard: from an empty shop to its first plan, one page a step, each saved on its own."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config import navigation, zones
from config.beginning import hours as week_hours
from config.beginning import plants, starters, steps, writing
from config.beginning.closing import payoffs
from config.beginning.forms import (
    CellForms,
    HoursForm,
    OrderForm,
    PlantForm,
    ProductForm,
    QuestionForms,
    StepForms,
    TableForm,
    filled,
    first_day,
)
from config.beginning.saving import NotSaved, save
from config.models import Beginning
from config.sheets import SHOP
from journal.access import staff_name, staff_only
from journal.models import User
from journal.sheets import NotApplied, Table, undo
from orders.models import OrderLine, Product
from production import replanning
from production.calendars import plant_zone
from production.due_dates import due_board
from production.models import Plant, WorkCenter
from production.views.due import named_groups

MAY_BEGIN = "config.change_beginning"
LEAD_DAYS = 14
page = require_http_methods(["GET", "POST"])


def _show(request: HttpRequest, code: str, context: dict[str, Any], *forms_: Any) -> HttpResponse:
    """A step's page between the step before it and the one after it."""
    known = steps.steps_of(Beginning.load())
    place = next(number for number, step in enumerate(known) if step.code == code)
    bad = any(form.is_bound and not form.is_valid() for form in forms_)
    context |= {
        "step": known[place],
        "steps": [step.name for step in known],
        "place": place + 1,
        "before": known[place - 1] if place else None,
        "after": known[place + 1] if place + 1 < len(known) else None,
    }
    name = f"config/beginning/{code}.html"
    return render(request, name, context, status=422 if bad else 200)


def _onward(request: HttpRequest, code: str) -> HttpResponse:
    """To the next step, or to this one again where more is to be added."""
    messages.success(request, _("Saved."))
    if "more" in request.POST:
        return redirect(f"begin-{code}")
    known = steps.steps_of(Beginning.load())
    place = next(number for number, step in enumerate(known) if step.code == code)
    return redirect(known[place + 1].url_name if place + 1 < len(known) else "begin-next")


def _saved(request: HttpRequest, form: forms.Form, tables: list[Table]) -> str | None:
    """The batch that was written; None, and the reasons in the form, where nothing was."""
    try:
        return save(tables, by=staff_name(request), at=timezone.now())
    except NotSaved as reason:
        for problem in reason.problems:
            form.add_error(None, problem)
        return None


def _today(now: datetime) -> date:
    return now.astimezone(plant_zone()).date()


@require_GET
@staff_only(MAY_BEGIN)
def overview(request: HttpRequest) -> HttpResponse:
    known = steps.steps_of(Beginning.load())
    open_steps = [step for step in known if not step.done]
    context = {"all": known, "following": open_steps[0] if open_steps else None}
    return render(request, "config/beginning/overview.html", context)


# (a) the plant


@page
@staff_only(MAY_BEGIN)
def plant(request: HttpRequest) -> HttpResponse:
    known = Plant.objects.order_by("pk").first()
    initial = {
        "name": known.name if known else "",
        "time_zone": known.time_zone if known else settings.PLANT_TIME_ZONE,
        "currency": Beginning.load().currency,
        "language": translation.get_language(),
    }
    form = PlantForm(request.POST or None, initial=initial)
    if not (request.method == "POST" and form.is_valid()):
        return _show(request, "plant", {"form": form, "zone_given": zones.is_given()}, form)
    data = form.cleaned_data
    by, now = staff_name(request), timezone.now()
    plants.name_plant(data["name"], data["time_zone"], by=by, at=now)
    Beginning.objects.update_or_create(pk=1, defaults={"currency": data["currency"]})
    User.objects.filter(username=request.user.get_username()).update(language=data["language"])
    translation.activate(data["language"])
    if data["time_zone"] != settings.PLANT_TIME_ZONE:
        text = _("Pages tell times in %(zone)s until the shop is started again.")
        messages.info(request, text % {"zone": settings.PLANT_TIME_ZONE})
    return _onward(request, "plant")


# (b) where to start


@page
@staff_only(MAY_BEGIN)
def start(request: HttpRequest) -> HttpResponse:
    beginning = Beginning.load()
    form = forms.Form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = request.POST.get("start", "")
        if _begin_with(request, form, beginning, wanted):
            if wanted == steps.TABLES and (address := navigation.address("setup")):
                return redirect(address)
            return _onward(request, "start")
    context = {
        "form": form,
        "starters": starters.starters(),
        "chosen": beginning.start,
        "may_undo": bool(beginning.batch),
        "tables_url": navigation.address("setup"),
        "is_empty": not (Product.objects.exists() or WorkCenter.objects.exists()),
    }
    return _show(request, "start", context, form)


def _begin_with(request: HttpRequest, form: forms.Form, beginning: Beginning, wanted: str) -> bool:
    """Note the choice; a set is written at once, whole or not at all."""
    batch: str | None = beginning.batch
    chosen = starters.starter(wanted)
    if chosen:
        batch = _saved(request, form, starters.tables(chosen, beginning.currency))
    elif wanted not in (steps.TABLES, steps.SCRATCH):
        form.add_error(None, _("Choose one of these."))
    if form.errors or batch is None:
        return False
    Beginning.objects.update_or_create(pk=1, defaults={"start": wanted, "batch": batch})
    return True


@require_POST
@staff_only(MAY_BEGIN)
def take_back(request: HttpRequest) -> HttpResponse:
    """The starter set goes again, as long as nothing hangs on it."""
    beginning = Beginning.load()
    try:
        undo(SHOP, beginning.batch, by=staff_name(request), at=timezone.now())
    except NotApplied as reason:
        messages.error(request, str(reason))
    else:
        Beginning.objects.filter(pk=1).update(start="", batch="")
        messages.success(request, _("The set is taken back."))
    return redirect("begin-start")


# (c) working hours


@page
@staff_only(MAY_BEGIN)
def hours(request: HttpRequest) -> HttpResponse:
    calendar, today = week_hours.main_calendar(), _today(timezone.now())
    week = week_hours.week_of(calendar)
    initial: dict[str, Any] = {
        f"{day}_{part}": shifts[0][place]
        for day, shifts in week.items()
        if shifts
        for place, part in enumerate(("start", "end"))
    }
    initial["holidays"] = week_hours.as_lines(week_hours.days_off(calendar, today))
    form = HoursForm(request.POST or None, initial=initial)
    many = any(len(shifts) > 1 for shifts in week.values())
    if request.method == "POST" and not many and form.is_valid():
        data = form.cleaned_data
        wanted = {
            day: (data[f"{day}_start"], data[f"{day}_end"])
            for day in week_hours.DAYS
            if data[f"{day}_start"] is not None
        }
        closed = week_hours.days_off_table(calendar, data["holidays"], today)
        if _saved(request, form, [week_hours.week_table(calendar, wanted), closed]) is not None:
            return _onward(request, "hours")
    return _show(request, "hours", {"form": form, "calendar": calendar, "many": many}, form)


# (d) cells and machines


@page
@staff_only(MAY_BEGIN)
def cells(request: HttpRequest) -> HttpResponse:
    rows = CellForms(request.POST or None, initial=writing.cells_now(), prefix="cell")
    form = forms.Form(request.POST or None)
    if request.method == "POST" and rows.is_valid() and form.is_valid():
        if not filled(rows):
            form.add_error(None, _("Fill in at least one line."))
        elif _saved(request, form, writing.cell_tables(filled(rows))) is not None:
            return _onward(request, "cells")
    return _show(request, "cells", {"rows": rows, "form": form}, rows, form)


# (e) a product


@page
@staff_only(MAY_BEGIN)
def product(request: HttpRequest) -> HttpResponse:
    known = [(cell.code, cell.name) for cell in WorkCenter.objects.all()]
    form = ProductForm(request.POST or None)
    questions = QuestionForms(request.POST or None, prefix="question")
    made_in = StepForms(request.POST or None, prefix="step", form_kwargs={"cells": known})
    valid = all(one.is_valid() for one in (form, questions, made_in))
    if request.method == "POST" and valid:
        if not filled(made_in):
            form.add_error(None, _("Say at least one step in which it is made."))
        elif _saved(request, form, _product_tables(form, questions, made_in)) is not None:
            return _onward(request, "product")
    context = {
        "form": form,
        "questions": questions,
        "made_in": made_in,
        "cells": known,
        "currency": Beginning.load().currency,
        "products": Product.objects.select_related("family").order_by("family", "name"),
    }
    return _show(request, "product", context, form, questions, made_in)


def _product_tables(form: ProductForm, questions: Any, made_in: Any) -> list[Table]:
    currency = Beginning.load().currency
    return writing.product_tables(form.cleaned_data, filled(questions), filled(made_in), currency)


# (f) open orders


@page
@staff_only(MAY_BEGIN)
def orders(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = _today(now)
    products = [(one.sku, one.label) for one in Product.objects.order_by("name")]
    chosen = starters.starter(Beginning.load().start)
    due = first_day(today, chosen.lead_days if chosen else LEAD_DAYS)
    is_table = "table" in request.POST
    typed = OrderForm(
        None if is_table else request.POST or None, products=products, initial={"due_on": due}
    )
    table = TableForm(
        request.POST if is_table else None,
        request.FILES if is_table else None,
        initial={"table": writing.example(today, due)},
    )
    form: OrderForm | TableForm = table if is_table else typed
    if request.method == "POST" and form.is_valid() and _take_orders(request, form, today):
        messages.success(request, _("Saved. The board below knows them already."))
        return redirect("begin-orders")
    board = due_board(now, most=10) if OrderLine.objects.open().exists() else None
    context = {
        "typed": typed,
        "table": table,
        "products": products,
        "board": board,
        "groups": named_groups(board) if board else [],
    }
    return _show(request, "orders", context, form)


def _take_orders(request: HttpRequest, form: OrderForm | TableForm, today: date) -> bool:
    data = form.cleaned_data
    try:
        if isinstance(form, OrderForm):
            tables = writing.order_tables(data, today)
        elif data["file"]:
            tables = writing.uploaded_tables(data["file"])
        else:
            tables = writing.pasted_tables(data["table"])
    except NotSaved as reason:
        form.add_error(None, str(reason))
        return False
    return _saved(request, form, tables) is not None


# (g) the first plan


@page
@staff_only(MAY_BEGIN)
def plan(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method == "POST":
        replanning.ask(by=staff_name(request), at=now)
        return redirect("begin-plan")
    asked = replanning.newest(now)
    context = {
        "replanning": asked,
        "done": round(100 * asked.share) if asked else 0,
        "open_lines": OrderLine.objects.open().count(),
    }
    return _show(request, "plan", context)


@require_GET
@staff_only(MAY_BEGIN)
def following(request: HttpRequest) -> HttpResponse:
    """What pays next, in the order in which it pays."""
    known = payoffs()
    undone = [one for one in known if not one.done]
    context = {
        "payoffs": known,
        "nearest": undone[0] if undone else None,
        "is_planned": not steps.is_beginning(),
    }
    return render(request, "config/beginning/next.html", context)
