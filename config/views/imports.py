"""Order logs of other systems: upload, check, correct, import, and take the report away."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.importing import runs, wording
from config.importing.lifecycle import IMPORT_RUN
from config.importing.listing import FLAGGED, REFUSED
from config.models import ImportRun
from config.views import import_files
from config.views.import_forms import (
    LimitedUpload,
    MappingForm,
    ReadingForm,
    StartForm,
    UploadForm,
)
from config.views.import_words import ACT, READ, Shown, counted
from journal.access import staff_name, staff_only
from journal.models import Transition
from journal.moving import IllegalStep, Stale, timeline

A_PAGE = 30
MOST_LINES = 50  # of a list on a page; the rest is in its file
SETTLED = ("checked", "failed", "cancelled")  # a person may change how the file is read


@require_safe
@staff_only(READ)
def import_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(ImportRun.objects.all(), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [Shown(run) for run in page.object_list],
        "may_act": request.user.has_perm(ACT),
    }
    return render(request, "config/imports.html", context)


@staff_only(ACT)
@csrf_exempt  # the body is read by a handler of our own; `_receive` checks the token
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    handler = LimitedUpload(request)
    request.upload_handlers = [handler]
    return _receive(request, handler)


@csrf_protect
def _receive(request: HttpRequest, handler: LimitedUpload) -> HttpResponse:
    if request.method != "POST":
        return render(request, "config/import_new.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    valid = form.is_valid()
    if handler.too_large:
        form = UploadForm(request.POST, request.FILES)
        form.errors["file"] = form.error_class(
            [
                _(
                    "The file is larger than 300 MB. Pack it as .gz, or export shorter periods "
                    "and bring one after the other: what is here already is not taken twice."
                )
            ]
        )
    elif valid:
        run = _received(request, form)
        return redirect("imports:run", run.pk)
    return render(request, "config/import_new.html", {"form": form}, status=422)


def _received(request: HttpRequest, form: UploadForm) -> ImportRun:
    file = cast("UploadedFile[Any]", form.cleaned_data["file"])
    return runs.receive(
        runs.Upload(file.name or "upload", file.chunks()),
        ticket=form.cleaned_data["ticket"],
        mapping=form.cleaned_data["mapping"],
        by=staff_name(request),
        now=timezone.now(),
    )


@require_safe
@staff_only(READ)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    return _page(request, get_object_or_404(ImportRun, pk=run_id))


@require_safe
@staff_only(READ)
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The bar alone, asked for every two seconds; once it is done the whole page is new."""
    row = get_object_or_404(ImportRun, pk=run_id)
    answer = render(request, "config/_import_progress.html", _progress(request, row))
    if not row.in_hand:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@staff_only(ACT)
def mapping(request: HttpRequest, run_id: int) -> HttpResponse:
    """Check again with what a person said the columns mean."""
    row = get_object_or_404(ImportRun, pk=run_id)
    if not _may_change(row) or not row.reading:
        return _too_late(request, row)
    form = MappingForm(request.POST, entries=row.mapping, reading=row.reading)
    if not form.is_valid():
        return _page(request, row, mapping=form)
    return _step(
        request, row, lambda by, now: runs.check_again(row, by=by, now=now, mapping=form.changed)
    )


@require_POST
@staff_only(ACT)
def reading(request: HttpRequest, run_id: int) -> HttpResponse:
    """Check again, the file read in another way and its columns guessed anew."""
    row = get_object_or_404(ImportRun, pk=run_id)
    form = ReadingForm(request.POST, reading=row.reading)
    if not form.is_valid():
        return _page(request, row, reading=form)
    said = {"sheet": "", "encoding": "", **form.cleaned_data}
    return _step(request, row, lambda by, now: runs.check_again(row, by=by, now=now, **said))


@require_POST
@staff_only(ACT)
def again(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(ImportRun, pk=run_id)
    return _step(request, row, lambda by, now: runs.check_again(row, by=by, now=now))


@require_POST
@staff_only(ACT)
def start(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(ImportRun, pk=run_id)
    form = StartForm(request.POST)
    if not form.is_valid():
        return _page(request, row, start=form)
    since = form.cleaned_data["open_since"]
    return _step(request, row, lambda by, now: runs.start(row, open_since=since, by=by, now=now))


@require_POST
@staff_only(ACT)
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    row = get_object_or_404(ImportRun, pk=run_id)
    try:
        runs.cancel(row, by=staff_name(request), now=timezone.now())
        messages.success(request, _("Stopped. Whole orders that were written are kept."))
    except (IllegalStep, Stale):
        messages.info(request, _("The run was over before it could be stopped."))
    return redirect("imports:run", row.pk)


def _step(request: HttpRequest, row: ImportRun, take: Callable[[str, Any], None]) -> HttpResponse:
    """Take a step and show the run; who presses twice sees what the first press began."""
    try:
        take(staff_name(request), timezone.now())
    except runs.UploadGone:
        messages.error(request, _("The file was deleted after 30 days. Upload it again."))
    except (IllegalStep, Stale, runs.Unanswered):
        return _too_late(request, row)
    return redirect("imports:run", row.pk)


def _too_late(request: HttpRequest, row: ImportRun) -> HttpResponse:
    messages.info(request, _("Nothing was changed: this is how the import stands now."))
    return redirect("imports:run", row.pk)


# What the page tells


def _page(
    request: HttpRequest,
    row: ImportRun,
    *,
    mapping: Form | None = None,
    reading: Form | None = None,
    start: Form | None = None,
) -> HttpResponse:
    may_act, lists = request.user.has_perm(ACT), runs.lists_of(row)
    may_change = may_act and _may_change(row)
    context = {
        **_progress(request, row),
        "facts": Shown(row).facts,
        "counts": row.counts,
        "reasons": counted(row),
        "refused": list(islice(_refused(row), MOST_LINES)),
        "flagged": [_flagged(line) for line in lists.first(FLAGGED, MOST_LINES)],
        "most": MOST_LINES,
        "mapping": (mapping or _mapping_form(row)) if may_change else None,
        "reading": (reading or _reading_form(row)) if may_change else None,
        "start": (start or StartForm(initial={"open_since": row.open_since})) if may_act else None,
        "may_repeat": may_change and row.status in ("failed", "cancelled"),
        "transitions": _timeline(row),
        "labels": dict(ImportRun.Status.choices),
        "kept_for": runs.KEPT_FOR.days,
    }
    wrong = any(form and form.is_bound and form.errors for form in (mapping, reading, start))
    return render(request, "config/import_run.html", context, status=422 if wrong else 200)


def _progress(request: HttpRequest, row: ImportRun) -> dict[str, Any]:
    return {
        "shown": Shown(row),
        "run": row,
        "may_act": request.user.has_perm(ACT),
        "progress_url": reverse("imports:progress", args=[row.pk]),
        "cancel_url": reverse("imports:cancel", args=[row.pk]),
    }


def _may_change(row: ImportRun) -> bool:
    return row.kept and row.status in SETTLED


def _mapping_form(row: ImportRun) -> Form | None:
    return MappingForm(entries=row.mapping, reading=row.reading) if row.reading else None


def _reading_form(row: ImportRun) -> Form | None:
    said = {"sheet": row.sheet, "encoding": row.encoding}
    form = ReadingForm(reading=row.reading, initial=said)
    return form if form.fields else None


def _refused(row: ImportRun) -> Iterator[dict[str, str]]:
    """Refused lines with what to do; those that were set apart as the mapping says are none."""
    for line in runs.lists_of(row).rows(REFUSED):
        if not line["kind"]:
            yield {**line, "why": wording.not_taken(line)}


def _flagged(line: dict[str, str]) -> dict[str, str]:
    return {**line, "why": wording.flag(line["flag"])}


def _timeline(row: ImportRun) -> list[Transition]:
    steps = list(timeline(IMPORT_RUN, row.pk))
    for step in steps:
        step.why = _("The worker was not heard of.") if step.why.startswith("its worker") else ""
    return steps


app_name = "imports"
urlpatterns = [
    path("", import_list, name="list"),
    path("new/", new, name="new"),
    path("<int:run_id>/", run, name="run"),
    path("<int:run_id>/progress/", progress, name="progress"),
    path("<int:run_id>/mapping/", mapping, name="mapping"),
    path("<int:run_id>/reading/", reading, name="reading"),
    path("<int:run_id>/again/", again, name="again"),
    path("<int:run_id>/start/", start, name="start"),
    path("<int:run_id>/cancel/", cancel, name="cancel"),
    path("<int:run_id>/report.csv", import_files.report, name="report"),
    path("<int:run_id>/refused.csv", import_files.lines, {"what": REFUSED}, name="refused"),
    path("<int:run_id>/flagged.csv", import_files.lines, {"what": FLAGGED}, name="flagged"),
]
