"""Every registered page, in both languages, themes and widths."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import translation
from pytest_django.live_server_helper import LiveServer

from tests.e2e import gate
from tests.e2e.registry import PAGES, Page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    Visit = Callable[..., BrowserContext]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENSHOTS = (
    Path(django_settings.BASE_DIR) / "screenshots" if os.environ.get("SCREENSHOTS") else None
)


def looks(
    context: BrowserContext, page: Page, address: str, language: str
) -> tuple[list[str], set[str]]:
    """Load once; switch theme and width in place. What is wrong, and the texts of the page."""
    tab = context.new_page()
    watch = gate.Watch(urlsplit(address).netloc)
    watch.follow(tab)
    answer = tab.goto(address, wait_until="load")
    wrong = [] if answer and answer.status == 200 else [f"status {answer and answer.status}"]
    for width in gate.WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        wrong += [f"{width}: {line}" for line in gate.fitting(tab)]
        for theme in gate.THEMES:
            tab.emulate_media(color_scheme=theme)
            wrong += [f"{width} {theme}: {line}" for line in gate.accessible(tab)]
            if SCREENSHOTS:
                gate.picture(tab, SCREENSHOTS, page.name, theme, language, width)
    allowed = page.budget or gate.BUDGETS[page.who]
    if sum(watch.sizes.values()) > allowed:
        wrong.append(f"{sum(watch.sizes.values())} bytes (gz) of {allowed}: {watch.sizes}")
    return [f"{language} {line}" for line in wrong + watch.problems], gate.texts(tab)


def judge(
    page: Page, user: Any, visit: Visit, live_server: LiveServer, *, translated: bool = True
) -> list[str]:
    wrong: list[str] = []
    seen: dict[str, set[str]] = {}
    for language in gate.LANGUAGES:
        with translation.override(language):
            address = live_server.url + page.build(user)
        found, seen[language] = looks(visit(user, language), page, address, language)
        wrong += found
    return wrong + (gate.untranslated(seen["en"], seen["zh-hans"]) if translated else [])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_passes_the_gate(page, person, visit, live_server):
    wrong = judge(page, person(page.who), visit, live_server)
    assert not wrong, "\n".join(wrong)


GALLERY = [
    Page("gallery-staff", lambda user: reverse("gallery-staff") + "?view=table", "staff"),
    Page("gallery-customer", lambda user: reverse("gallery-customer"), "customer"),
    Page("gallery-floor", lambda user: reverse("gallery-floor"), "terminal"),
]


@pytest.fixture
def gallery(settings):
    settings.ROOT_URLCONF = "tests.e2e.gallery"
    engine = {**settings.TEMPLATES[0]}
    engine["DIRS"] = [*engine["DIRS"], Path(__file__).parent / "templates"]
    settings.TEMPLATES = [engine]


@pytest.mark.parametrize("page", GALLERY, ids=lambda page: page.name)
def test_the_components_pass_the_gate(page, gallery, person, visit, live_server):
    # Its own trial texts are in no catalogue; the texts of real pages are compared above.
    wrong = judge(page, person(page.who), visit, live_server, translated=False)
    assert not wrong, "\n".join(wrong)


def test_the_gate_sees_what_is_wrong(visit):
    tab = visit(None).new_page()
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.set_content('<html lang="en"><title>t</title><img src="data:,"><pre>' + "w" * 400)
    assert any("image-alt" in line for line in gate.accessible(tab))
    assert gate.fitting(tab)


def test_only_words_that_read_the_same_in_both_languages_are_reported():
    english = {"Orders", "CSV", "12:05 CET", "Alice's lamp", "Save"}
    chinese = {"Orders", "CSV", "12:05 CET", "保存"}
    assert gate.untranslated(english, chinese) == ["not translated: Orders"]


def test_a_chosen_theme_survives_the_next_page(gallery, person, visit):
    tab = visit(person("staff"), color_scheme="light").new_page()
    tab.goto("/staff/gallery/")
    tab.get_by_role("button", name="Colours: as the system").click()
    tab.get_by_role("button", name="Colours: light").click()
    tab.goto("/staff/gallery/")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 27)"


def test_the_menu_of_a_telephone_opens_without_scripts(gallery, person, visit):
    small = {"width": 360, "height": 800}
    tab = visit(person("staff"), java_script_enabled=False, viewport=small).new_page()
    tab.goto("/staff/gallery/")
    menu = tab.get_by_role("navigation", name="Staff pages")
    assert not menu.is_visible()
    tab.get_by_role("link", name="Menu").click()
    assert menu.is_visible()
    menu.get_by_role("link", name="Close").click()
    assert not menu.is_visible()
