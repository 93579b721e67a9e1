"""What every page of the editor does with a form that was sent: check it, show it, save it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from config.editing import form, preview, wording
from config.sheets import SHOP
from journal.access import staff_name
from journal.sheets import NotApplied, Plan, apply


def typed(request: HttpRequest) -> dict[str, str] | None:
    """The form as it came, with more blank rows where they were asked for."""
    if request.method != "POST":
        return None
    return form.with_more({name: str(value) for name, value in request.POST.items()})


def answer(
    request: HttpRequest, template: str, page: dict[str, Any], said: dict[str, str] | None
) -> HttpResponse:
    """The page, and what would come of what was typed; once saved, the page anew."""
    page["references"] = form.references(page["parts"])
    if said is None or "more" in said:
        return render(request, template, page)
    plan = form.judge(page["parts"])
    page |= {"plan": plan, "changes": wording.changes_in_words(plan)}
    page["problems"] = form.problems(page["parts"], plan)
    page["moved"] = said.get("stamp") != page["stamp"]
    if said.get("do") == "save" and plan.is_clean and not page["moved"]:
        return _save(request, template, plan, page)
    return _preview(request, template, plan, page)


def _preview(request: HttpRequest, template: str, plan: Plan, page: dict[str, Any]) -> HttpResponse:
    """What was typed, what is wrong with it, and how things would stand."""
    if plan.is_clean and plan.changes:
        try:
            page["after"] = preview.after(plan, by=staff_name(request), now=timezone.now())
        except NotApplied as refusal:
            page["refusal"] = str(refusal)
    if request.headers.get("HX-Request"):
        return render(request, "editing/_preview.html", page)
    bad = not plan.is_clean or "refusal" in page or page["moved"]
    return render(request, template, page, status=422 if bad else 200)


def _save(request: HttpRequest, template: str, plan: Plan, page: dict[str, Any]) -> HttpResponse:
    try:
        batch = apply(SHOP, plan, at=timezone.now(), by=staff_name(request))
    except NotApplied as refusal:
        page["refusal"] = str(refusal)
        return render(request, template, page, status=422)
    messages.success(request, _("Saved.") if batch else _("Nothing was changed."))
    return redirect(request.get_full_path())
