"""A new owner walks from an empty shop to a published plan, as docs/starting.md tells it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from config import first_account
from journal.models import Revision
from orders.models import OrderLine
from production import tasks
from production.models import Plan, PlanEntry

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Walk:
    """One owner in one tab; counts what a person has to do."""

    tab: Page
    typed: int = 0
    clicked: int = 0
    began: float = field(default_factory=time.monotonic)

    def write(self, label: str, text: str, nth: int = 0) -> None:
        self.tab.locator("main").get_by_label(label).nth(nth).fill(text)
        self.typed += 1

    def choose(self, label: str, text: str, nth: int = 0) -> None:
        self.tab.locator("main").get_by_label(label).nth(nth).select_option(label=text)
        self.typed += 1

    def press(self, name: str) -> None:
        self.tab.locator("main").get_by_role("button", name=name, exact=False).first.click()
        self.clicked += 1

    def follow(self, name: str) -> None:
        self.tab.locator("main").get_by_role("link", name=name, exact=False).first.click()
        self.clicked += 1

    def see(self, heading: str) -> None:
        self.tab.get_by_role("heading", name=heading, level=1, exact=True).wait_for(timeout=8000)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def open_shop(walk: Walk, link: str) -> None:
    walk.tab.goto(link)
    walk.write("User name", "alice")
    walk.write("E-mail", "alice@example.com")
    walk.write("Password", "tulip-7-harbour")
    walk.press("Open the shop")
    walk.see("Set up your shop")
    walk.follow("Your plant")
    walk.write("Name of the plant", "Alice & Bob")
    walk.press("Save and go on")
    walk.see("Where to start")


def from_scratch(walk: Walk) -> None:
    walk.press("Begin from scratch")
    walk.see("Working hours")
    walk.press("Save and go on")
    walk.see("Cells and machines")
    for number, (name, kind) in enumerate((("Saw", "Flexible line"), ("Packing", "Packing"))):
        walk.write("Name", name, number)
        walk.choose("Kind", kind, number)
    walk.press("Save and go on")
    walk.see("First product")
    walk.write("Name", "Shelf")
    walk.write("Family", "Shelves")
    walk.write("Price", "69")
    walk.tab.locator("#id_question-0-name").fill("Wood")
    walk.tab.locator("#id_question-0-answers").fill("Oak, Walnut +24")
    for number, (name, cell, minutes) in enumerate(
        (("Cut", "Saw", "6-10"), ("Pack", "Packing", "3-5"))
    ):
        walk.tab.locator(f"#id_step-{number}-name").fill(name)
        walk.tab.locator(f"#id_step-{number}-cell").select_option(label=cell)
        walk.tab.locator(f"#id_step-{number}-minutes").fill(minutes)
    walk.typed += 8
    walk.press("Save and go on")


def from_a_set(walk: Walk) -> None:
    walk.press("Begin with this set: Engraved gifts")
    walk.see("Working hours")
    walk.press("Save and go on")
    walk.see("Cells and machines")
    walk.press("Save and go on")
    walk.see("First product")
    walk.follow("These are enough to go on")


def to_the_plan(walk: Walk, product: str) -> None:
    walk.see("Open orders")
    walk.choose("Product", product)
    walk.write("Quantity", "3")
    walk.write("Customer", "Carol")
    walk.press("Take the order")
    walk.tab.get_by_role("heading", name="Load of the cells").wait_for(timeout=8000)
    walk.follow("First plan")
    walk.see("First plan")
    walk.press("Publish the first plan")
    walk.tab.get_by_text("The new plan is published").wait_for(timeout=60_000)
    walk.follow("Open the schedule")
    walk.see("Schedule")


@pytest.fixture
def at_once(monkeypatch):
    """The worker plans while the browser waits."""

    def send(name, kwargs=None, **_options):
        if name == tasks.replan.name:
            tasks.replan(**kwargs)

    monkeypatch.setattr("production.replanning.current_app.send_task", send)


@pytest.mark.parametrize(
    ("begin", "product", "typed"), [(from_scratch, "Shelf", 22), (from_a_set, "Metal pen", 7)]
)
@pytest.mark.parametrize("javascript", [True, False])
def test_a_new_owner_reaches_a_published_plan(
    visit, at_once, tmp_path, settings, begin, product, typed, javascript
):
    settings.DATA_DIR = tmp_path
    settings.PLANT_TIME_ZONE = "Europe/Berlin"
    link = first_account.token(timezone.now() - timedelta(seconds=5))
    walk = Walk(visit(None, java_script_enabled=javascript).new_page())
    open_shop(walk, reverse("first-account", args=[link]))
    begin(walk)
    to_the_plan(walk, product)
    assert walk.tab.get_by_text(product).first.is_visible()
    assert Plan.objects.get(status="published").metrics["refused"] == 0
    assert PlanEntry.objects.filter(job__work_order__pegging__order_line__isnull=False).exists()
    assert OrderLine.objects.get().status == "planned"
    assert Revision.objects.exists()
    assert walk.typed == typed
    assert walk.seconds < 60
