"""The doctor finds what is wrong, says what it means and what mends it."""

import os
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection

from config import embedded_redis, examining, heartbeat, keys
from config.examining import Ailment
from config.safekeeping import saving, swapping
from forecasting import artefacts
from forecasting.models import TrainingRun
from journal.models import Delivery, Transition
from orders.models import Product
from production.models import Plan
from tests import factories
from tests.factories import NOW
from tests.production import workshop

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.REDIS_URL = ""
    return tmp_path


def ailment(check, now=NOW):
    with pytest.raises(Ailment) as found:
        check(now)
    assert found.value.means
    return f"{found.value.what} {found.value.mend}"


def published(as_of):
    return Plan.objects.create(status="published", as_of=as_of, created_at=as_of, solver="rules")


def test_a_disk_that_is_nearly_full_is_said(monkeypatch):
    nearly_full = SimpleNamespace(free=7 << 20)
    monkeypatch.setattr("config.examining.shutil.disk_usage", lambda path: nearly_full)
    assert "Only 7 MB are free" in ailment(examining.room)


def test_a_key_that_others_can_read_is_said_with_the_command(data_dir):
    path = keys.kept_at("FIELD_KEY", data_dir)
    path.write_text("x")
    path.chmod(0o644)
    assert f"chmod 600 '{path}'" in ailment(examining.secrets)
    path.chmod(0o600)
    assert "private" in examining.secrets(NOW)


def test_of_a_healthy_database_it_says_no_more_than_it_looked_at():
    said = {"sqlite": "sqlite, whole", "postgresql": "postgresql, answers"}
    assert examining.database(NOW) == said[connection.vendor]


def test_missing_migrations_are_counted(monkeypatch):
    monkeypatch.setattr("config.preparing.pending_migrations", lambda: ["orders.0002"])
    assert "1 are missing. manage.py migrate" in ailment(examining.migrations)


def test_a_restore_that_was_cut_off_is_said():
    assert "none" in examining.restoring(NOW)
    swapping.note_path().write_text("{}")
    assert "cut off half-way" in ailment(examining.restoring)


def test_a_redis_that_is_away_is_said(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert "Redis does not answer" in ailment(examining.broker)
    assert "cannot be asked" in examining.workers(NOW)


def test_a_shop_that_does_not_run_needs_no_worker():
    assert "does not run" in examining.workers(NOW)
    assert "manage.py up" in examining.broker(NOW)


@pytest.mark.parametrize(("minutes", "ill"), [(2, False), (4, True), (None, True)])
def test_a_worker_is_missed_after_three_minutes(settings, monkeypatch, minutes, ill):
    settings.REDIS_URL = "redis://127.0.0.1:1"
    seen = None if minutes is None else NOW - timedelta(minutes=minutes)
    monkeypatch.setattr(heartbeat, "last", lambda address: seen)
    if ill:
        assert "have not been heard of" in ailment(examining.workers)
    else:
        assert examining.workers(NOW) == "seen 120 s ago"


@pytest.mark.redis
def test_what_a_worker_notes_is_read_back(settings):
    settings.REDIS_URL = os.environ["REDIS_URL"]
    assert embedded_redis.answers(settings.REDIS_URL)
    heartbeat.note(settings.REDIS_URL, NOW)
    assert heartbeat.last(settings.REDIS_URL) == NOW


def test_a_mail_that_could_not_be_sent_is_counted():
    assert examining.duties(NOW) == "none failed"
    Delivery.objects.create(
        dedup_key="a", recipient="alice@example.org", subject="s", status="failed", due_at=NOW
    )
    assert "1 mails could not be sent" in ailment(examining.duties)


def test_a_model_that_was_changed_on_disk_is_named(data_dir):
    path, digest = artefacts.save("run-1", {"means": np.arange(3.0)}, {})
    times = dict.fromkeys(("data_cut", "requested_at", "lease_until"), NOW)
    TrainingRun.objects.create(
        kind="forecast", status="champion", artefact=path, artefact_digest=digest, **times
    )
    assert examining.artefacts(NOW) == "1 match their rows"
    (data_dir / path).write_bytes(b"x")
    assert "models/run-1.npz" in ailment(examining.artefacts)
    (data_dir / path).unlink()
    assert "models/run-1.npz" in ailment(examining.artefacts)


def test_a_clock_behind_what_has_happened_is_said(settings):
    assert "Europe/Berlin" in examining.clock(NOW)
    Transition.objects.create(kind="order", object_id=1, to_status="placed", at=NOW, by="Alice")
    assert "timedatectl" in ailment(examining.clock, NOW - DAY)
    settings.PLANT_TIME_ZONE = "Moon/Base"
    assert "Moon/Base" in ailment(examining.clock)


def test_a_shop_with_orders_needs_a_backup_of_the_last_two_days(data_dir):
    assert "nothing to lose" in examining.backups(NOW)
    factories.order([factories.line()])
    assert "never one" in ailment(examining.backups)
    saving.note(data_dir / "b.tar.gz", NOW)
    assert "b.tar.gz" in examining.backups(NOW + DAY)
    assert "The last one is of 2026-03-02" in ailment(examining.backups, NOW + 3 * DAY)


def test_a_shop_without_products_or_machines_is_not_ill():
    assert examining.products(NOW) == "none is on sale yet"


def test_a_product_without_options_that_has_steps_and_machines_can_be_made():
    workshop.product("lamp", (workshop.center(), {}))
    assert examining.products(NOW) == "1 on sale can be made"


def test_a_choice_that_nothing_can_make_is_named_with_what_mends_it():
    only_oak = {"condition": {"colour": ["oak"]}}
    workshop.product("lamp", (workshop.center(), only_oak), colours=("oak", "ash"))
    said = ailment(examining.products)
    assert "1 of 1 on sale cannot be made" in said
    assert "“lamp”: No step applies to this choice: Colour: ash. Widen the condition" in said
    assert "Shop set-up, the product's page" in said


def test_of_many_products_without_a_routing_the_first_five_are_named():
    for number in range(7):
        workshop.product(f"lamp {number}")
    Product.objects.filter(name="lamp 0").update(listed=False)
    said = ailment(examining.products)
    assert said.startswith("6 of 6 on sale cannot be made")
    assert [f"“lamp {number}”: Nobody" in said for number in range(7)] == [
        False,
        *[True] * 5,
        False,
    ]
    assert "And 1 more." in said


def test_a_plan_is_old_after_two_days_when_something_waits():
    assert "nothing waits" in examining.plan(NOW)
    factories.order([factories.line()])
    assert "There is no plan" in ailment(examining.plan)
    published(NOW)
    assert "as of 2026-03-02" in examining.plan(NOW + DAY)
    assert "manage.py cycle" in ailment(examining.plan, NOW + 3 * DAY)


def test_one_ill_finding_makes_the_status_one(capsys, monkeypatch):
    def ill(now):
        raise Ailment("It squeaks.", "Somebody hears it.", "oil it")

    monkeypatch.setattr(
        "config.management.commands.doctor.CHECKS", {"door": ill, "roof": lambda now: "tight"}
    )
    with pytest.raises(SystemExit) as left:
        call_command("doctor")
    assert left.value.code == 1
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "PROBLEM  door: It squeaks.",
        "         It means: Somebody hears it.",
        "         Mend it:  oil it",
        "ok       roof: tight",
    ]
