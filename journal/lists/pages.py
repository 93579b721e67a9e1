"""The door of a list: its page, its files, and the views that staff keep of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from journal.access import View, staff_only
from journal.lists import exporting, saving
from journal.lists.described import Column, Link, Listing, Text, Value
from journal.lists.exporting import A_SHEET, MOST_ROWS, Export
from journal.lists.filters import ListFilter
from journal.lists.paging import MOST_SHOWN, LongPaginator
from journal.models import SavedView

MOST_LINKS = 3  # in one cell; files name them all
FILES: dict[str, tuple[str, Callable[[Export], StreamingHttpResponse]]] = {
    "csv": ("CSV", exporting.as_csv),
    "xlsx": ("XLSX", exporting.as_xlsx),
}


class Heading(NamedTuple):
    column: Column[Any]
    url: str
    sorted: str


class Cell(NamedTuple):
    header: Text
    kind: str
    value: Value
    word: Text
    url: str
    links: list[tuple[str, str]]
    more_links: int
    currency: str
    late: bool


class ShownRow(NamedTuple):
    cells: list[Cell]
    late: bool


class Tab(NamedTuple):
    view: SavedView
    url: str
    current: bool


@dataclass(frozen=True)
class Chosen:
    """What an address asks of a list."""

    filters: ListFilter
    sort: str
    rows: "QuerySet[Any]"

    @property
    def is_valid(self) -> bool:
        return bool(self.filters.is_valid())


class ViewForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=60)
    shared = forms.BooleanField(label=gettext_lazy("For all staff"), required=False)
    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)


def list_page(listing: Listing[Any]) -> View[[]]:
    """The view of a list. GET shows it, with `as=csv` or `as=xlsx` as a file; POST keeps a view."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @staff_only(listing.permission)
    def view(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        if request.method == "POST":
            return _keep(request, listing)
        chosen = choose(listing, request.GET)
        if request.GET.get("as") in FILES and chosen.is_valid:
            return _file(request, listing, chosen)
        return _page(request, listing, chosen)

    return view


def choose(listing: Listing[Any], address: QueryDict) -> Chosen:
    filters = listing.filters(address, queryset=listing.rows())
    sort = listing.sort_key(address.get("sort", ""))
    return Chosen(filters, sort, filters.qs.order_by(*listing.ordering(sort)))


# The page


def _page(request: HttpRequest, listing: Listing[Any], chosen: Chosen) -> HttpResponse:
    paginator = LongPaginator(chosen.rows)
    page = paginator.get_page(request.GET.get("page"))
    rows = listing.fetch(list(page), timezone.now())
    columns = _columns(request, listing)
    query = saving.canonical(request.GET)
    tabs = _tabs(request, listing, query)
    context = {
        "listing": listing,
        "form": chosen.filters.form,
        "page": page,
        "found": rows,
        "more_than": MOST_SHOWN if paginator.has_more else None,
        "headings": [_heading(column, chosen.sort, request.GET) for column in columns],
        "rows": [_shown(columns, row) for row in rows],
        "filtered": bool(query),
        "exports": [
            (label, f"?{_with(request.GET, 'as', key)}") for key, (label, _) in FILES.items()
        ],
        "tabs": tabs,
        **_own_views(request, tabs, query),
    }
    return render(request, "lists/list.html", context)


def _columns(request: HttpRequest, listing: Listing[Any]) -> list[Column[Any]]:
    """What the page shows; nobody is led to a page that would refuse them."""
    may = request.user.has_perm
    return [
        column if not column.opens or may(column.opens) else column.without_links()
        for column in listing.columns
        if not column.only_exported
    ]


def _heading(column: Column[Any], sort: str, address: QueryDict) -> Heading:
    """A sorted column turns around; the others begin at their small end."""
    if not column.order:
        return Heading(column, "", "")
    sorted_by = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
    following = f"-{column.key}" if sorted_by == "ascending" else column.key
    return Heading(column, f"?{_with(address, 'sort', following)}", sorted_by)


def _with(address: QueryDict, name: str, value: str) -> str:
    changed = address.copy()
    changed.pop("page", None)
    changed[name] = value
    return changed.urlencode()


def _shown(columns: Iterable[Column[Any]], row: Any) -> ShownRow:
    cells = _cells(columns, row)
    return ShownRow(cells, any(cell.late for cell in cells))


def _cells(columns: Iterable[Column[Any]], row: Any) -> list[Cell]:
    return [_cell(column, row) for column in columns]


def _cell(column: Column[Any], row: Any) -> Cell:
    links = column.links(row) if column.links else []
    return Cell(
        header=column.header,
        kind=column.kind,
        value=column.value(row),
        word=column.word(row) if column.word else "",
        url=column.url(row) if column.url else "",
        links=_links(column, links[:MOST_LINKS]),
        more_links=max(0, len(links) - MOST_LINKS),
        currency=column.currency(row) if column.currency else "",
        late=bool(column.late and column.late(row)),
    )


def _links(column: Column[Any], links: Iterable[Link]) -> list[tuple[str, str]]:
    return [
        (link.text, reverse(column.linked, args=[link.key]) if column.linked else "")
        for link in links
    ]


# Files


def _file(
    request: HttpRequest, listing: Listing[Any], chosen: Chosen
) -> HttpResponse | StreamingHttpResponse:
    _label, write = FILES[request.GET["as"]]
    ids = list(chosen.rows.values_list("pk", flat=True))
    zone = timezone.get_current_timezone_name()
    export = Export(listing, ids, timezone.now(), get_language() or "en", zone)
    try:
        return write(export)
    except exporting.TooManyRows:
        messages.error(request, _too_many())
        return redirect(f"{request.path}?{saving.canonical(request.GET)}")


def _too_many() -> str:
    return _(
        "These are more than %(most)s rows, too many for one XLSX file (Excel itself ends at"
        " %(sheet)s). Take CSV, which has no limit, or filter further."
    ) % {"most": f"{MOST_ROWS:,}", "sheet": f"{A_SHEET:,}"}


# Kept views


def _tabs(request: HttpRequest, listing: Listing[Any], query: str) -> list[Tab]:
    views = SavedView.objects.of(listing.name).open_to(request.user.pk)
    return [Tab(view, f"?{view.query}", view.query == query) for view in views]


def _own_views(request: HttpRequest, tabs: Iterable[Tab], query: str) -> dict[str, Any]:
    """The form that keeps this view, and the one that changes it where it is kept already."""
    here = next((tab.view for tab in tabs if tab.current), None)
    may_share = request.user.has_perm(saving.SHARE)
    kept = here if here and saving.may_change(request.user, here) else None
    start: dict[str, object] = {"query": query}
    if kept:
        start |= {"name": kept.name, "shared": kept.shared}
    form = ViewForm(initial=start, auto_id="view_%s")
    return {"here": kept, "may_share": may_share, "view_form": form}


def _keep(request: HttpRequest, listing: Listing[Any]) -> HttpResponse:
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The view was not kept: give it a name of at most 60 letters."))
        return redirect(request.get_full_path())
    try:
        query = _kept(request, listing, form.cleaned_data)
    except saving.NotYours:
        messages.error(request, _("Only who made this view may change it. Nothing was changed."))
        return redirect(request.get_full_path())
    except saving.NameTaken:
        messages.error(request, _("You have another view of this name. Nothing was changed."))
        return redirect(request.get_full_path())
    return redirect(f"{request.path}?{query}" if query else request.path)


def _kept(request: HttpRequest, listing: Listing[Any], asked: dict[str, Any]) -> str:
    """Do what was asked for; the query of the view to go on with."""
    user: Any = request.user
    action, name, shared = request.POST.get("action"), asked["name"], asked["shared"]
    if action not in {"change", "delete"}:
        query = saving.canonical(QueryDict(asked["query"]))
        saving.save(user, listing.name, name, query, shared=shared)
        messages.success(request, _("The view is kept."))
        return query
    views = SavedView.objects.of(listing.name).open_to(user.pk)
    view = get_object_or_404(views, pk=request.POST.get("view"))
    if action == "delete":
        saving.delete(user, view)
        messages.success(request, _("The view is gone."))
    else:
        may_share = user.has_perm(saving.SHARE)
        saving.change(user, view, name, shared=shared if may_share else view.shared)
        messages.success(request, _("The view is changed."))
    return view.query
