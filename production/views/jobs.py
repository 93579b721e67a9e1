"""The list of jobs: every step of every work order, wherever it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from journal.lists.described import Column, Empty, Link, Listing
from journal.lists.filters import FromDay, ListFilter, OnlyFilter, UntilDay
from journal.lists.pages import list_page
from production.models import Job, Machine, Pegging, Plan, PlanEntry, WorkCenter, WorkOrder

UNTRANSLATED = {"translate": "no"}  # names of cells and machines
EVERYTHING = "all"
WORDS = dict(Job.Status.choices)  # `get_status_display` translates all of them for every row
# long texts that no column shows
HEAVY = (
    "work_order__frozen",
    "work_order__configuration__values",
    "work_order__configuration__product__description",
)
FINISHED = (Job.Status.DONE, Job.Status.FAILED, Job.Status.CANCELLED)


class StateFilter(filters.ChoiceFilter):  # type: ignore[misc]  # django-filter has no types
    """Unfinished jobs, unless something else is asked for."""

    def filter(self, qs: Any, value: str) -> Any:
        if value == EVERYTHING:
            return qs
        # not `status__in` of the others: SQLite would collect and sort them all by that index
        return qs.filter(status=value) if value else qs.exclude(status__in=FINISHED)


class JobFilter(ListFilter):
    q = filters.CharFilter(method="search", label=_("Order or SKU"))
    status = StateFilter(
        choices=[*Job.Status.choices, (EVERYTHING, _("All states"))],
        label=_("State"),
        empty_label=_("Unfinished"),
    )
    cell = filters.ModelChoiceFilter(
        field_name="work_center",
        queryset=WorkCenter.objects.all(),
        to_field_name="code",
        label=_("Cell"),
        empty_label=_("All cells"),
        widget=forms.Select(attrs=UNTRANSLATED),
    )
    machine = filters.ModelChoiceFilter(
        method="on_machine",
        queryset=Machine.objects.order_by("code"),
        to_field_name="code",
        label=_("Machine"),
        empty_label=_("All machines"),
        widget=forms.Select(attrs=UNTRANSLATED),
    )
    due_from = FromDay("work_order__due", label=_("Due from"))
    due_until = UntilDay("work_order__due", label=_("Due until"))
    late = OnlyFilter(method="only_late", label=_("Only late work"))

    class Meta:
        model = Job
        fields: list[str] = []

    def search(self, found: Any, name: str, value: str) -> Any:
        for_orders = Pegging.objects.filter(order_line__order__number__icontains=value)
        orders = WorkOrder.objects.filter(
            Q(number__icontains=value)
            | Q(configuration__product__sku__icontains=value)
            | Q(pk__in=for_orders.values("work_order"))
        )
        return found.filter(work_order__in=orders.values("pk"))

    def on_machine(self, found: Any, name: str, value: Machine) -> Any:
        """Given to the machine, or planned for it."""
        planned = PlanEntry.objects.filter(plan__status=Plan.Status.PUBLISHED, machine=value)
        return found.filter(Q(machine=value) | Q(machine=None, pk__in=planned.values("job")))

    def only_late(self, found: Any, name: str, value: bool | None) -> Any:
        late = found.filter(work_order__due__lt=timezone.now()).exclude(status__in=FINISHED)
        return late if value else found


def listed_jobs(ids: Sequence[int], now: datetime) -> "QuerySet[Job]":
    """Each with what it makes, for whom, on which machine and from when, as planned."""
    entry = PlanEntry.objects.filter(plan__status=Plan.Status.PUBLISHED, job=OuterRef("pk"))
    pegs = Pegging.objects.select_related("order_line__order").order_by("pk")
    numbers = pegs.only("work_order", "order_line__order__number")
    return (
        Job.objects.filter(pk__in=ids)
        .select_related("work_order__configuration__product", "work_center", "machine")
        .defer(*HEAVY)
        .prefetch_related(Prefetch("work_order__pegging", numbers, to_attr="pegs"))
        .annotate(
            planned_start=Subquery(entry.values("setup_start")[:1]),
            machine_name=Coalesce("machine__name", Subquery(entry.values("machine__name")[:1])),
        )
    )


def _orders(job: Any) -> list[Link]:
    lines = [peg.order_line for peg in job.work_order.pegs if peg.order_line]
    numbers = {line.order_id: line.order.number or "" for line in lines}
    return [Link(number, pk) for pk, number in numbers.items()]


def _is_late(job: Job) -> bool:
    return job.status not in FINISHED and job.work_order.due < timezone.now()


JOBS: Listing[Any] = Listing(
    name="jobs",
    title=_("Jobs"),
    lead=_("Every step of every work order, most urgent first."),
    permission="production.view_job",
    columns=[
        Column(
            "job",
            _("Job"),
            lambda one: f"{one.work_order.number} · {one.name}",
            order=["work_order__number", "sequence", "attempt"],
            url=lambda one: reverse("production:work-order", args=[one.work_order_id]),
            opens="production.view_workorder",
        ),
        Column("sku", _("SKU"), lambda one: one.work_order.configuration.product.sku),
        Column("product", _("Product"), lambda one: one.work_order.configuration.product.label),
        Column(
            "status",
            _("State"),
            lambda one: one.status,
            kind="status",
            order=["status", "pk"],
            word=lambda one: WORDS[one.status],
            late=_is_late,
        ),
        Column(
            "cell",
            _("Cell"),
            lambda one: one.work_center.name,
            order=["work_center", "status", "pk"],
        ),
        Column("machine", _("Machine"), lambda one: one.machine_name),
        Column("pieces", _("Pieces"), lambda one: one.quantity, kind="number"),
        Column("good", _("Good"), lambda one: one.good, kind="number", only_exported=True),
        Column("scrap", _("Scrap"), lambda one: one.scrap, kind="number", only_exported=True),
        Column("planned", _("Planned"), lambda one: one.planned_start, kind="moment"),
        Column(
            "due",
            _("Due"),
            lambda one: one.work_order.due,
            kind="moment",
            order=["work_order__due", "work_order__number", "sequence", "attempt"],
        ),
        Column(
            "orders",
            _("Orders"),
            lambda one: None,
            kind="links",
            links=_orders,
            linked="orders:staff-order",
            opens="orders.view_order",
        ),
    ],
    filters=JobFilter,
    rows=lambda: Job.objects.all(),
    load=listed_jobs,
    order="due",
    empty=Empty(
        _("No jobs yet"),
        _("Jobs appear here when a confirmed order comes into a plan."),
        _("Nothing matches these filters. Clear them to see all unfinished jobs."),
        "queue",
        _("Open the schedule"),
        "production:schedule",
    ),
)
jobs = list_page(JOBS)
