"""What this machine can run, and what a skip means.

`make test` leaves out, by marker, what needs a server or a browser that is not here, and says so in
one line. With TEST_REQUIRE_ALL=1 nothing may be missing and a skip is a failure.
"""

import os
import shutil
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from config import embedded_redis

REQUIRE_ALL = os.environ.get("TEST_REQUIRE_ALL") == "1"
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
# How long an example takes says more about who else uses the machine than about the code.
hypothesis.settings.register_profile("shared machine", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("shared machine")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def left_out(config: pytest.Config) -> dict[str, str]:
    """The markers whose tests do not run here, each with its reason."""
    reasons = {}
    if not _uses_postgres():
        reasons["postgres"] = "the database is SQLite"
    if not settings.REDIS_URL or not embedded_redis.answers(settings.REDIS_URL):
        reasons["redis"] = "no Redis at REDIS_URL"
    if not find_spec("playwright") or not any(map(shutil.which, CHROMIUM)):
        reasons["browser"] = "no Chromium with Playwright"
    elif config.getoption("--database-only"):
        reasons["browser"] = "they run once, on SQLite"
    if not find_spec("pyarrow"):
        reasons["parquet"] = "no pyarrow: make parquet"
    if not config.getoption("-m"):
        reasons["trial"] = "make trials"
    return reasons


def _uses_postgres() -> bool:
    return "postgresql" in str(settings.DATABASES["default"]["ENGINE"])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only", action="store_true", help="only tests that use the database"
    )


def pytest_configure(config: pytest.Config) -> None:
    missing = {"redis", "browser"} & left_out(config).keys()
    if config.getoption("--database-only"):
        missing.discard("browser")
    if REQUIRE_ALL and missing:
        raise pytest.UsageError(f"TEST_REQUIRE_ALL=1, and these cannot run: {sorted(missing)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons = left_out(config)
    dropped = [item for item in items if _is_left_out(item, reasons, config)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]


def _is_left_out(item: pytest.Item, reasons: dict[str, str], config: pytest.Config) -> bool:
    if config.getoption("--database-only") and not _uses_database(item):
        return True
    return any(item.get_closest_marker(marker) for marker in reasons)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    reasons = "; ".join(f"{marker} ({why})" for marker, why in left_out(config).items())
    if reasons:
        terminalreporter.write_line(f"Left out here: {reasons}.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, and TEST_REQUIRE_ALL=1 allows none: {report.longrepr}"


@pytest.fixture(scope="session", autouse=True)
def _own_data_dir(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests write their files elsewhere than the shop of this folder."""
    folder: Path = tmp_path_factory.mktemp("data")
    settings.DATA_DIR = folder
    settings.MEDIA_ROOT = str(folder / "uploads")
    settings.EMAIL_FILE_PATH = str(folder / "mail")


@pytest.fixture(autouse=True)
def _own_cache() -> Generator[None, None, None]:
    """What one test remembers is not known to the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _own_language() -> Generator[None, None, None]:
    """A page that one test reads in another language or time zone does not set the next one's."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def signed_in(client: Client) -> Callable[..., Client]:
    """A browser in which somebody of a role is signed in."""

    def sign_in(role: str, *, name: str = "", staff: bool = True) -> Client:
        user = get_user_model().objects.create_user(name or role, is_staff=staff)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in
