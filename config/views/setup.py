"""Set-up by tables: take them out, bring them in, look first, apply, take back."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from config import uploaded
from config.sheets import SHOP
from journal.access import staff_name, staff_only
from journal.sheets import (
    ENDINGS,
    Change,
    NotApplied,
    Plan,
    Sheet,
    apply,
    as_csv,
    as_xlsx,
    batch_of,
    check,
    last_batch,
    read_files,
    undo,
)
from journal.tables import UnreadableFile, told

MAY_SET_UP = "production.change_operation"
MOST_SHOWN = 100
MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 30
ALL = "all"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data or [None]
        cleaned = [super(_FilesField, self).clean(one, initial) for one in files]
        if len(cleaned) > MOST_FILES or sum(file.size for file in cleaned) > MOST_BYTES:
            raise forms.ValidationError(
                _("At most %(files)d files with 20 MB together. Bring the rest afterwards.")
                % {"files": MOST_FILES}
            )
        _refuse_unread(cleaned)
        return cleaned


def _refuse_unread(files: "list[UploadedFile[Any]]") -> None:
    """A file that nobody would read is named, and none takes another's place."""
    seen: set[str] = set()
    for file in files:
        name = uploaded.kept_name(file).casefold()
        if not name.endswith(ENDINGS):
            text = _("“%(file)s” is neither CSV nor Excel (.xlsx). Save it as one of them.")
        elif name.startswith("."):
            text = _("“%(file)s” is no name for a table. Rename the file.")
        elif name in seen:
            text = _("Two files are called “%(file)s”. Rename one, or bring it afterwards.")
        else:
            seen.add(name)
            continue
        raise forms.ValidationError(text % {"file": file.name})


class UploadForm(forms.Form):
    tables = _FilesField(
        label=gettext_lazy("Files"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), one or several. Nothing is written yet: you see first what "
            "would change."
        ),
        widget=_Files(attrs={"accept": ".csv,.xlsx"}),
    )


@dataclass(frozen=True)
class Shown:
    """One sheet on the overview."""

    sheet: Sheet
    rows: int
    may_change: bool


@require_GET
@staff_only(MAY_SET_UP)
def setup(request: HttpRequest) -> HttpResponse:
    return _overview(request, UploadForm())


def _overview(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    shown = [
        Shown(sheet, sheet.count(), request.user.has_perm(sheet.change))
        for sheet in SHOP.sheets
        if request.user.has_perm(sheet.view)
    ]
    context = {"shown": shown, "form": form, "last": last_batch()}
    return render(request, "setup/setup.html", context, status=status)


@require_GET
@staff_only(MAY_SET_UP)
def download(request: HttpRequest, name: str, ending: str) -> HttpResponse:
    """A sheet, or all that one may see, as a file."""
    if name != ALL and not SHOP.knows(name):
        raise Http404
    wanted = [sheet for sheet in SHOP.sheets if name in (ALL, sheet.code)]
    sheets = [sheet for sheet in wanted if request.user.has_perm(sheet.view)]
    if not sheets:
        raise PermissionDenied
    if ending == "csv" and name != ALL:
        answer = HttpResponse(as_csv(sheets[0]), content_type="text/csv; charset=utf-8")
    elif ending == "xlsx":
        answer = HttpResponse(as_xlsx(sheets), content_type=XLSX)
    else:
        raise Http404
    file = "shop" if name == ALL else name
    answer["Content-Disposition"] = f'attachment; filename="{file}.{ending}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@staff_only(MAY_SET_UP)
def upload(request: HttpRequest) -> HttpResponse:
    """Keep the files; the next page says what they would do."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _overview(request, form, status=422)
    return redirect("setup-check", uploaded.keep(form.cleaned_data["tables"], timezone.now()))


@require_GET
@staff_only(MAY_SET_UP)
def look(request: HttpRequest, token: str) -> HttpResponse:
    """What the kept files would change; nothing is written."""
    try:
        plan = _plan(token)
    except uploaded.Forgotten:
        messages.warning(request, _forgotten())
        return redirect("setup")
    except UnreadableFile as error:
        context: dict[str, Any] = {"unreadable": told(error.said)}
        return render(request, "setup/check.html", context, status=422)
    return render(request, "setup/check.html", _looked(request, plan, token))


def _plan(token: str) -> Plan:
    return check(SHOP, read_files([uploaded.find(token)], SHOP))


def _looked(request: HttpRequest, plan: Plan, token: str) -> dict[str, Any]:
    changed = [_told(change) for change in islice(plan.changes, MOST_SHOWN)]
    return {
        "plan": plan,
        "token": token,
        "problems": plan.problems[:MOST_SHOWN],
        "more_problems": max(0, len(plan.problems) - MOST_SHOWN),
        "changed": changed,
        "more_changes": max(0, len(plan.changes) - MOST_SHOWN),
        "forbidden": [sheet.label for sheet in _forbidden(request, plan)],
    }


def _forbidden(request: HttpRequest, plan: Plan) -> list[Sheet]:
    """The sheets in the files that this person may not change."""
    return [one.sheet for one in plan.sheets if not request.user.has_perm(one.sheet.change)]


def _told(change: Change) -> dict[str, Any]:
    """A change as the page shows it; a new row says what it holds, a removed one what it held."""
    return {
        "sheet": change.sheet.label,
        "row": " / ".join(change.key),
        "is_new": change.before is None,
        "is_removed": change.after is None,
        "fields": [one for one in change.fields if one[0] not in change.sheet.keys],
    }


@require_POST
@staff_only(MAY_SET_UP)
def write(request: HttpRequest, token: str) -> HttpResponse:
    """Apply exactly what was looked at: another answer today is looked at again."""
    try:
        plan = _plan(token)
    except uploaded.Forgotten:
        messages.warning(request, _forgotten())
        return redirect("setup")
    except UnreadableFile:  # the look says what is wrong with it
        return redirect("setup-check", token)
    if _forbidden(request, plan):
        raise PermissionDenied
    if plan.digest != request.POST.get("digest", ""):
        messages.warning(
            request, _("The shop changed meanwhile. Nothing was written; please look again.")
        )
        return redirect("setup-check", token)
    try:
        batch = apply(SHOP, plan, at=timezone.now(), by=staff_name(request))
    except NotApplied as error:
        messages.error(request, str(error))
        return redirect("setup-check", token)
    uploaded.forget(token)
    messages.success(request, _written(len(plan.changes) if batch else 0))
    return redirect("setup")


@require_POST
@staff_only(MAY_SET_UP)
def take_back(request: HttpRequest) -> HttpResponse:
    """Undo an import, by who may change what it wrote."""
    batch = batch_of(request.POST.get("batch", ""))
    if batch is None:
        messages.error(request, _("There is no such import. Nothing was changed."))
        return redirect("setup")
    sheets = [SHOP.sheet(code) for code in batch.sheets if SHOP.knows(code)]
    if not all(request.user.has_perm(sheet.change) for sheet in sheets):
        raise PermissionDenied
    try:
        undo(SHOP, batch.batch, by=staff_name(request), at=timezone.now())
    except NotApplied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The import was undone: everything is as it was before it."))
    return redirect("setup")


def _forgotten() -> str:
    return _("These files are not kept any more. Nothing was written; please bring them again.")


def _written(rows: int) -> str:
    if not rows:
        return _("Nothing changed: the shop was like this already.")
    text = ngettext("%(rows)d row was written.", "%(rows)d rows were written.", rows)
    return text % {"rows": rows}
