"""One browser for the session, one context a page; who visits and in which language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    # `make test` on a bare machine has no Playwright and still collects this folder.
    from playwright.sync_api import Browser, BrowserContext

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        pytest.skip("Chromium is not installed")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django mistakes for async code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def person(transactional_db: None) -> Callable[[str], Any]:
    """The user who visits as customer, staff or terminal; nobody for anonymous."""

    def make(who: str) -> Any:
        if who == "anonymous":
            return None
        inside = who in {"staff", "terminal"}
        return get_user_model().objects.create_user(
            "bob" if inside else "alice",
            "bob@example.com" if inside else "alice@example.com",
            first_name="Bob" if inside else "Alice",
            is_staff=inside,
            is_superuser=inside,
        )

    return make


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    """`visit(user, language)` opens a browser context of that person."""
    opened: list[BrowserContext] = []

    def open_context(user: Any, language: str = "en", **options: Any) -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url, locale={"zh-hans": "zh-CN"}.get(language, language), **options
        )
        cookies = {django_settings.LANGUAGE_COOKIE_NAME: language}
        if user is not None:
            type(user).objects.filter(pk=user.pk).update(language=language)
            client = Client()
            client.force_login(user)
            session = django_settings.SESSION_COOKIE_NAME
            cookies[session] = client.cookies[session].value
        context.add_cookies(
            [{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()]
        )
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
