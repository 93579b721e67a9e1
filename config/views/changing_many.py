"""Change many rows of a table at once: find them, say what shall change, look, save."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from config.editing import bulk, wording
from config.editing.bulk import RECKONED, SET, WAYS, Wish
from config.sheets import SHOP
from config.views.setup import MAY_SET_UP
from journal.access import staff_name, staff_only
from journal.sheets import NotApplied, Plan, Sheet, apply, check
from journal.sheets.kinds import BadCell, read_decimal

MOST_SHOWN = 50


class WishForm(forms.Form):
    column = forms.ChoiceField(label=gettext_lazy("Column"))
    way = forms.ChoiceField(
        label=pgettext_lazy("to a column", "What to do"), choices=list(WAYS.items())
    )
    text = forms.CharField(
        label=gettext_lazy("Value, percent or amount"),
        required=False,
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = bulk.changeable(sheet)
        names = [(one.code, wording.column_name(one.code)) for one in columns]
        self.fields["column"] = forms.ChoiceField(label=_("Column"), choices=names)
        self.numbers = {one.code for one in columns if one.kind.is_number}

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        way, text = said.get("way"), said.get("text", "").strip()
        if way in RECKONED and "column" in said:
            if said["column"] not in self.numbers:
                self.add_error("way", _("This column holds no numbers: set it, or empty it."))
            try:
                said["amount"] = read_decimal(text, "")
            except BadCell as error:
                self.add_error("text", str(error) if text else _("Write a number."))
        elif way == SET and not text:
            self.add_error("text", _("Write the value, or choose to empty the cell."))
        return said

    def wish(self) -> Wish:
        said = self.cleaned_data
        text = said["text"].strip() if said["way"] == SET else ""
        return Wish(said["column"], said["way"], text, said.get("amount", Wish.amount))


@require_http_methods(["GET", "POST"])
@staff_only(MAY_SET_UP)
def change_many(request: HttpRequest, code: str) -> HttpResponse:
    sheet = _sheet(request, code)
    query = request.GET.get("q", "").strip()
    rows = bulk.found(sheet, query)
    form = WishForm(request.POST or None, sheet=sheet)
    page: dict[str, Any] = {
        "sheet": sheet,
        "q": query,
        "form": form,
        "may_change": request.user.has_perm(sheet.change),
        "columns": [column.code for column in sheet.columns],
        "rows": [list(sheet.texts(row).values()) for row in rows[:MOST_SHOWN]],
        "count": len(rows),
        "more": max(0, len(rows) - MOST_SHOWN),
    }
    if request.method != "POST":
        return render(request, "editing/many.html", page)
    if not page["may_change"]:
        raise PermissionDenied
    if not form.is_valid():
        return render(request, "editing/many.html", page, status=422)
    asked = bulk.table(sheet, rows, form.wish())
    plan = check(SHOP, [asked])
    changes = wording.changes_in_words(plan)
    page |= {"plan": plan, "changes": changes, "more_changes": max(0, len(changes) - MOST_SHOWN)}
    page["refused"] = bulk.refused(plan, asked)
    return _save(request, plan, page) if request.POST.get("do") == "save" else _shown(request, page)


def _sheet(request: HttpRequest, code: str) -> Sheet:
    if not SHOP.knows(code):
        raise Http404
    sheet = SHOP.sheet(code)
    if not request.user.has_perm(sheet.view):
        raise PermissionDenied
    return sheet


def _shown(request: HttpRequest, page: dict[str, Any]) -> HttpResponse:
    status = 200 if page["plan"].is_clean and "refusal" not in page else 422
    return render(request, "editing/many.html", page, status=status)


def _save(request: HttpRequest, plan: Plan, page: dict[str, Any]) -> HttpResponse:
    """Write exactly what was looked at; where the shop moved on, show it anew."""
    if plan.digest != request.POST.get("digest", ""):
        page["refusal"] = _("The shop changed meanwhile. Nothing was written; please look again.")
        return _shown(request, page)
    try:
        apply(SHOP, plan, at=timezone.now(), by=staff_name(request))
    except NotApplied as refusal:
        page["refusal"] = str(refusal)
        return _shown(request, page)
    rows = len(plan.changes)
    text = ngettext("%(rows)d row was written.", "%(rows)d rows were written.", rows)
    messages.success(request, text % {"rows": rows})
    return redirect("edit-history")
