"""What the pages of imports show to the gates: files that were brought and really read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from config.importing import runs, working
from config.models import ImportRun

HEADER = "Rechnungsnummer;Artikelnummer;Bezeichnung;Menge;Datum;Einzelpreis (EUR);Kundennummer\n"
SALES = "".join(f"R{n};LA01;Lampe Anna;2;{10 + n}.12.2011 10:00;40,00;K{n}\n" for n in range(1, 15))
ODD = (
    "R20;LA01;Lampe Anna;900;28.12.2011 11:00;40,00;K3\n"
    "S2;LA01;Lampe Anna;-1;28.12.2011 12:00;40,00;K1\n"
    "R21;LA01;Lampe Anna;viele;28.12.2011 13:00;40,00;K2\n"
    "R22;LA02;Lampe Bert mit einem sehr langen Namen;1;gestern;12,50;K2\n"
)
LOG = HEADER + SALES + ODD
TARGETS = ("mapping", "reading", "again", "start", "cancel")


def brought(log: str = LOG) -> ImportRun:
    upload = runs.Upload("werkstatt-2011-bis-2024.csv", [log.encode()])
    run = runs.receive(upload, ticket=uuid4(), mapping=None, by="staff:bob", now=timezone.now())
    working.check(run.pk, clock=timezone.now)
    run.refresh_from_db()
    return run


def asking() -> ImportRun:
    return brought(LOG.replace("Artikelnummer", "X"))


def damaged() -> ImportRun:
    return brought(LOG[:-20])


def imported() -> ImportRun:
    run = brought()
    runs.start(run, open_since=None, by="staff:bob", now=timezone.now())
    working.carry(run.pk, clock=timezone.now)
    run.refresh_from_db()
    return run


def running() -> ImportRun:
    run = brought()
    runs.start(run, open_since=None, by="staff:bob", now=timezone.now())
    until = timezone.now() + timedelta(weeks=1)
    said = {"step": "writing", "lines_done": 8000, "lines_total": 20000, "lease_until": until}
    ImportRun.objects.filter(status="running").update(status="cancelled")  # of the other language
    ImportRun.objects.filter(pk=run.pk).update(status="running", **said)
    return run


def page_of(make: Callable[[], ImportRun]) -> Callable[[Any], str]:
    return lambda user: reverse("imports:run", args=[make().pk])


def list_of_some(user: Any) -> str:
    imported()
    damaged()
    return reverse("imports:list")
