"""A cycle does only what changed: what stands is what a full one would publish."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from config import cycle
from config.models import CycleRun
from journal import fingerprints
from production.models import (
    Plan,
)
from tests.config.nightly.nights import (
    TONIGHT,
    WEEK,
    did,
    live,
    night,
)
from tests.production.workshop import NOW, line

pytestmark = pytest.mark.django_db


def test_the_first_cycle_does_everything(first):
    assert did(first) == {
        "collect": "collected",
        "score": "scored",
        "forecast": "forecast",
        "suggestions": "ranked",
        "net": "netted",
        "plan": "planned",
        "gap": "measured",
    }


def test_a_cycle_after_which_nothing_happened_leaves_everything_and_says_so(first):
    plan, forecast, ranking = Plan.objects.get().pk, live(), live("ranking")
    said = []
    row = cycle.run(
        NOW + timedelta(hours=1), say=lambda step, what, seconds: said.append((step, what))
    )
    assert did(row) | {"collect": "", "score": "", "net": "", "gap": ""} == {
        "collect": "",
        "score": "",
        "forecast": "forecast_stands",
        "suggestions": "ranking_stands",
        "net": "",
        "plan": "plan_stands",
        "gap": "",
    }
    words = dict(said)
    assert "nothing changed in the 30 full weeks of 12 products" in words["forecast"]
    assert "nobody ordered or looked at anything new" in words["suggestions"]
    assert "nothing to be made has changed" in words["plan"]
    assert (live(), live("ranking"), Plan.objects.get().pk) == (forecast, ranking, plan)


def test_what_stands_is_what_a_full_cycle_would_publish(first):
    at = NOW + timedelta(hours=1)
    _, little = night(at)
    codes, everything = night(at, everything=True)
    assert codes["forecast"] == "forecast"
    assert codes["suggestions"] == "ranked"
    assert codes["plan"] == "planned"
    assert little == everything


def test_all_does_everything_on_the_command_line(first):
    said = StringIO()
    call_command("cycle", as_of=NOW.date(), everything=True, stdout=said)
    assert set(did(CycleRun.objects.first()).values()) >= {"forecast", "ranked", "planned"}
    assert "stands" not in said.getvalue()


def test_after_a_day_with_an_order_little_is_done_and_the_same_is_published(shop, first):
    line(shop[1], 4, placed=NOW + timedelta(hours=5), values={"colour": "blue"}, who="Carol")
    codes, little = night()
    assert codes["forecast"] == "forecast_stands"  # this week is not over
    assert codes["suggestions"] == "ranking_renewed"
    assert codes["plan"] == "planned_alone"
    codes, everything = night(everything=True)
    assert codes["plan"] == "planned"
    assert little == everything


def test_the_next_full_week_is_learned_from_and_compared_anew(first):
    codes, _ = night(NOW + WEEK)
    assert (codes["forecast"], codes["suggestions"], codes["plan"]) == (
        "forecast",
        "ranked",
        "planned",
    )


@pytest.mark.parametrize("how", [{"seed": 7}, {"products": "half"}])
def test_other_parameters_do_everything(shop, first, how):
    if "products" in how:
        how = {"products": [lamp.pk for lamp in shop[:6]]}
    codes, _ = night(**how)
    assert (codes["forecast"], codes["suggestions"]) == ("forecast", "ranked")


def test_another_program_does_everything(first, monkeypatch):
    monkeypatch.setattr(fingerprints, "of_program", lambda: "the next release")
    codes, _ = night()
    assert (codes["forecast"], codes["suggestions"], codes["plan"]) == (
        "forecast",
        "ranked",
        "planned",
    )


def test_the_program_is_another_with_any_source_that_is(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "journal.fingerprints.apps.get_app_configs", lambda: [App(tmp_path / "app")]
    )
    settings.BASE_DIR = tmp_path
    (tmp_path / "app" / "deep").mkdir(parents=True)
    source = tmp_path / "app" / "deep" / "one.py"
    found = set()
    for text in ("1", "2", "1"):
        source.write_text(text)
        fingerprints.of_program.cache_clear()
        found.add(fingerprints.of_program())
    (tmp_path / "requirements.txt").write_text("numpy==9")
    fingerprints.of_program.cache_clear()
    found.add(fingerprints.of_program())
    fingerprints.of_program.cache_clear()
    assert len(found) == 3


class App:
    def __init__(self, path):
        self.path = str(path)


@pytest.mark.parametrize("kind", ["forecast", "ranking"])
def test_a_damaged_model_is_made_anew(first, kind, settings):
    (settings.DATA_DIR / live(kind).artefact).write_bytes(b"cut short")
    row = cycle.run(TONIGHT)
    assert did(row)["forecast" if kind == "forecast" else "suggestions"] in ("forecast", "ranked")
