"""The house stands as drawn: floors, outlets, pure packages, and who may start background work."""

import ast
from pathlib import Path

import grimp
import pytest
from django.apps import apps
from django.conf import settings
from importlinter.cli import lint_imports

ROOT = Path(settings.BASE_DIR)
FLOORS = ("config", "recommendations", "production", "forecasting", "orders", "journal")

# What an app may be used through, from another app. `config` puts the floors together: exempt.
OUTLETS = {
    "journal": {
        "journal.access",
        "journal.alone",
        "journal.deliveries",
        "journal.dispatch",
        "journal.fingerprints",
        "journal.footing",
        "journal.idempotency",
        "journal.leasing",
        "journal.lists",
        "journal.loading",
        "journal.models",
        "journal.moving",
        "journal.problems",
        "journal.sheets",
        "journal.tables",
        "journal.telling",
    },
    "orders": {
        "orders.catalogue",
        "orders.demand",
        "orders.waiting",
        "orders.wishes",
        "orders.behaviour",
        "orders.lifecycle",
        "orders.quoting",
        "orders.sheets",
        "orders.factory",
        "orders.visiting",
    },
    "forecasting": {"forecasting.outlook", "forecasting.runs", "forecasting.artefacts"},
    "production": {"production.availability"},
    "recommendations": set(),
}
DOORS = ("views", "api", "admin", "receivers", "management", "tasks", "apps", "urls")
PURE = (
    "forecasting/methods",
    "recommendations/rankers",
    "production/scheduling",
    "production/simulation",
    "production/replenishment",
)
NO_HOME = {"utils", "helpers", "common", "core", "services", "manager", "misc"}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*FLOORS, include_external_packages=False, cache_dir=None)


def test_imports_only_go_down_and_pure_packages_stay_pure(monkeypatch):
    # its logging would switch off every logger that there is
    monkeypatch.setattr("importlinter.cli._configure_logging", lambda verbose: None)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_apps_use_each_other_only_through_outlets(graph):
    trespassing = {
        (importer, imported)
        for imported in graph.modules
        for importer in graph.find_modules_that_directly_import(imported)
        if _app(importer) not in ("config", _app(imported)) and imported not in _open(imported)
    }
    assert trespassing == set()


def test_actions_never_import_tasks(graph):
    starters = {
        (importer, f"{app}.tasks")
        for app in FLOORS
        if f"{app}.tasks" in graph.modules
        for importer in graph.find_modules_that_directly_import(f"{app}.tasks")
        if importer.split(".")[1].split("_")[0] not in DOORS
    }
    assert starters == set()


def test_foreign_keys_between_apps_run_downward():
    height = {app: len(FLOORS) - place for place, app in enumerate(FLOORS)}
    upward = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in height
        for field in model._meta.get_fields()
        if field.many_to_one or field.one_to_one or field.many_to_many
        if not field.auto_created and field.related_model is not None
        if height.get(field.related_model._meta.app_label, 0) > height[model._meta.app_label]
    }
    assert upward == set()


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_never_ask_for_the_time(package):
    asked = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date", "timezone"}
    }
    assert asked == set()


def test_every_module_has_a_home():
    homeless = {
        str(path.relative_to(ROOT))
        for app in FLOORS
        for path in (ROOT / app).rglob("*")
        if path.stem in NO_HOME
    }
    assert homeless == set()


def _app(module):
    return module.split(".")[0]


def _open(module):
    """The outlets of the module's app, with everything inside a package that is an outlet."""
    outlets = OUTLETS.get(_app(module), set())
    return {module for outlet in outlets if module == outlet or module.startswith(f"{outlet}.")}
