"""All rows of a table: a page of them as inputs, and one change for all that a search finds."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from config.editing import bulk, finding, wording
from config.editing import form as inputs
from config.editing.bulk import RECKONED, SET, Wish
from config.sheets import SHOP
from config.views import answering
from config.views.setup import MAY_SET_UP
from journal.access import staff_name, staff_only
from journal.sheets import Column, NotApplied, Plan, Sheet, apply, check
from journal.sheets.kinds import BadCell, read_decimal

A_PAGE = 50
MOST_SHOWN = 20


class SheetInPath:
    """A table of the shop by its code, in an address."""

    regex = "|".join(sheet.code for sheet in SHOP.sheets)

    def to_python(self, value: str) -> Sheet:
        return SHOP.sheet(value)

    def to_url(self, value: str) -> str:
        return value


@require_http_methods(["GET", "POST"])
@staff_only(MAY_SET_UP)
def rows(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """A page of rows; a form that was sent is about the rows that it names."""
    _only_with(request, sheet.view)
    said = answering.typed(request)
    if said is not None:
        _only_with(request, sheet.change)
    query = _words(request)
    page: Any = SimpleLazyObject(lambda: _page(request, sheet, query))
    if said is None:
        shown, gone = list(page.object_list), 0
    else:
        keys = finding.keys_of(sheet, said.get("rows", ""), A_PAGE)
        shown = finding.named(sheet, keys)
        gone = len(keys) - len(shown)
    may_change = request.user.has_perm(sheet.change)
    part = inputs.part(sheet, shown, said, may_change=may_change, given={}, blank=0)
    context: dict[str, Any] = {
        "sheet": sheet,
        "q": query,
        "columns": _named(bulk.changeable(sheet)),
        "page": page,
        "part": part,
        "parts": [part],
        "stamp": inputs.stamp({sheet.code: shown}),
        "gone": gone,
    }
    return answering.answer(request, "editing/rows.html", context, said)


def _page(request: HttpRequest, sheet: Sheet, query: str) -> Page[Any]:
    found: Any = finding.with_words(sheet, query)
    return Paginator(found, A_PAGE).get_page(request.GET.get("page"))


def _only_with(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _words(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()


def _named(columns: list[Column]) -> list[tuple[str, str]]:
    return [(one.code, wording.column_name(one.code)) for one in columns]


class WishForm(forms.Form):
    """What shall become of one column; only what makes sense for it is offered."""

    way = forms.ChoiceField(label=pgettext_lazy("to a column", "What to do"))
    text = forms.CharField(
        label=gettext_lazy("Value, percent or amount"),
        required=False,
        max_length=5000,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, column: Column, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.column = column
        cast("forms.ChoiceField", self.fields["way"]).choices = list(bulk.ways(column).items())
        if not column.kind.is_number:
            self.fields["text"].label = _("Value")
        if column.kind.choices:
            self.fields["text"].widget = forms.Select(choices=[("", "–"), *column.kind.choices])

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        way, text = said.get("way"), said.get("text", "").strip()
        if way in RECKONED:
            try:
                said["amount"] = read_decimal(text, "")
            except BadCell as error:
                self.add_error("text", str(error) if text else _("Write a number."))
        elif way == SET and not text:
            self.add_error("text", _("Write the value that all rows shall have."))
        return said

    def wish(self) -> Wish:
        said = self.cleaned_data
        text = said["text"].strip() if said["way"] == SET else ""
        return Wish(self.column.code, said["way"], text, said.get("amount", Wish.amount))


@require_http_methods(["GET", "POST"])
@staff_only(MAY_SET_UP)
def change_all(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """One column of all rows that a search finds: wished for, looked at, saved."""
    _only_with(request, sheet.view)
    _only_with(request, sheet.change)
    query, column = _words(request), _column(request, sheet)
    found = list(finding.with_words(sheet, query))
    wished = WishForm(request.POST or None, column=column)
    page: dict[str, Any] = {
        "sheet": sheet,
        "q": query,
        "back": _back(sheet, query),
        "column": column.code,
        "columns": _named(bulk.changeable(sheet)),
        "form": wished,
        "count": len(found),
        "without": bulk.without(sheet, found, column),
    }
    if request.method != "POST" or not wished.is_valid():
        return _shown(request, page, bad=request.method == "POST")
    asked = bulk.table(sheet, found, wished.wish())
    plan = check(SHOP, [asked])
    changes = wording.changes_in_words(plan)
    page |= {"plan": plan, "changes": changes, "refused": bulk.refused(plan, asked)}
    page["more_changes"] = max(0, len(changes) - MOST_SHOWN)
    page["more_refused"] = max(0, len(plan.problems) - MOST_SHOWN)
    if request.POST.get("do") == "save":
        return _save(request, plan, page)
    return _shown(request, page, bad=not plan.is_clean)


def _column(request: HttpRequest, sheet: Sheet) -> Column:
    """The column that the address asks for; the first one where it asks for none."""
    columns = {one.code: one for one in bulk.changeable(sheet)}
    code = request.GET.get("column", next(iter(columns)))
    if code not in columns:
        raise Http404
    return columns[code]


def _back(sheet: Sheet, query: str) -> str:
    address = reverse("edit-rows", args=[sheet.code])
    return f"{address}?{urlencode({'q': query})}" if query else address


def _shown(request: HttpRequest, page: dict[str, Any], *, bad: bool) -> HttpResponse:
    return render(request, "editing/change_all.html", page, status=422 if bad else 200)


def _save(request: HttpRequest, plan: Plan, page: dict[str, Any]) -> HttpResponse:
    """Write exactly what was looked at; where the shop moved on, show it anew."""
    if plan.digest != request.POST.get("digest", ""):
        page["refusal"] = _("The shop changed meanwhile. Nothing was written; please look again.")
        return _shown(request, page, bad=True)
    try:
        apply(SHOP, plan, at=timezone.now(), by=staff_name(request))
    except NotApplied as refusal:
        page["refusal"] = str(refusal)
        return _shown(request, page, bad=True)
    count = len(plan.changes)
    text = ngettext("%(rows)d row was written.", "%(rows)d rows were written.", count)
    messages.success(request, text % {"rows": count})
    return redirect("edit-history")
