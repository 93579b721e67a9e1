"""What the shop could not do by itself, in plain words, and the way to have it tried again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from journal import deliveries, dispatch
from journal.access import staff_only

TRY_AGAIN = "journal.change_handling"
MAILS = "mails"  # what is tried again instead of a receiver

# receiver: (what failed, what it means)
WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    "orders.mail_confirmation": (
        gettext_lazy("Mails that confirm an order"),
        gettext_lazy("These customers do not know yet that their order is confirmed."),
    ),
    "orders.mail_cancellation": (
        gettext_lazy("Mails that say that an order is cancelled"),
        gettext_lazy("These customers do not know yet that their order is cancelled."),
    ),
    "orders.mail_parcel": (
        gettext_lazy("Mails that say that a parcel has left"),
        gettext_lazy("These customers do not know yet that their parcel is on its way."),
    ),
    "orders.mail_slip": (
        gettext_lazy("Mails that say that a date has moved"),
        gettext_lazy("These customers still count on an earlier date."),
    ),
    "production.work_begun": (
        gettext_lazy("Telling orders that their work has begun"),
        gettext_lazy("Customers see an older state of their order."),
    ),
    "production.work_completed": (
        gettext_lazy("Telling orders that their goods are made"),
        gettext_lazy("These orders do not move on to packing, and customers see an older state."),
    ),
    "production.order_cancelled": (
        gettext_lazy("Stopping work for cancelled orders"),
        gettext_lazy("Machines may still make goods that nobody wants any more."),
    ),
    "production.disturbed": (
        gettext_lazy("Mending the plan after a breakdown or a change of orders"),
        gettext_lazy("The plan is mended later, when the watcher looks; until then it stands."),
    ),
    "production.machine_back": (
        gettext_lazy("Mending the plan after a machine has come back"),
        gettext_lazy("The plan is mended later, when the watcher looks; until then it stands."),
    ),
    "production.remade": (
        gettext_lazy("Mending the plan for pieces that must be made again"),
        gettext_lazy("The plan is mended later, when the watcher looks; until then it stands."),
    ),
    "config.enqueue_import": (
        gettext_lazy("Starting imports"),
        gettext_lazy("Files that were uploaded wait; what is in the shop stays as it is."),
    ),
    "forecasting.enqueue": (
        gettext_lazy("Starting training runs"),
        gettext_lazy("Runs that were asked for wait; forecasts and suggestions stay as they are."),
    ),
}
GIVEN_UP = (
    gettext_lazy("Mails that could not be sent"),
    gettext_lazy("These people have not heard from the shop, and it has stopped trying."),
)
OTHERS = (
    gettext_lazy("Work that follows a change"),
    gettext_lazy("What was changed is kept; what should follow from it has not happened."),
)


@dataclass(frozen=True)
class Shown:
    receiver: str
    what: str
    means: str
    count: int
    since: datetime
    error: str


def shown() -> list[Shown]:
    """The alarms of the dashboard: mails given up on, then what is still tried, oldest first."""
    told = [(alarm, WORDS.get(alarm.receiver, OTHERS)) for alarm in dispatch.alarms()]
    return [
        *_mails(),
        *(
            Shown(alarm.receiver, str(what), str(means), alarm.count, alarm.since, alarm.error)
            for alarm, (what, means) in told
        ),
    ]


def _mails() -> Iterator[Shown]:
    if mails := deliveries.given_up():
        what, means = GIVEN_UP
        yield Shown(MAILS, str(what), str(means), mails.count, mails.since, mails.error)


@require_POST
@staff_only(TRY_AGAIN)
def try_again(request: HttpRequest) -> HttpResponse:
    receiver, now = request.POST.get("receiver", ""), timezone.now()
    if receiver == MAILS:
        messages.info(request, _sent_again(deliveries.try_again(now=now)))
        return redirect("dashboard")
    count = dispatch.try_again(receiver, now=now)
    text = ngettext(
        "%(count)d task is tried again now. Load this page in a minute: what works is gone.",
        "%(count)d tasks are tried again now. Load this page in a minute: what works is gone.",
        count,
    )
    messages.info(request, text % {"count": count})
    return redirect("dashboard")


def _sent_again(count: int) -> str:
    text = ngettext(
        "%(count)d mail is on its way again. If it cannot be sent, it comes back here.",
        "%(count)d mails are on their way again. What cannot be sent comes back here.",
        count,
    )
    return text % {"count": count}
