import os
import socket
import subprocess
import sys

import pytest
from celery.schedules import crontab
from django.test import override_settings

from config import preparing, processes, zones
from config.beginning import plants
from config.celery import app
from config.views import health
from production.models import Plant


def test_a_second_start_on_the_same_folder_is_refused_with_the_first_ones_number(tmp_path):
    first = processes.claim_folder(tmp_path)
    with pytest.raises(processes.Occupied, match=f"process {os.getpid()}"):
        processes.claim_folder(tmp_path)
    first.close()
    processes.claim_folder(tmp_path).close()


def test_a_taken_port_is_refused_with_the_next_one_as_advice():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(processes.Occupied, match=f"Port {port} on 127.0.0.1"):
            processes.check_port("127.0.0.1", port)
    processes.check_port("127.0.0.1", port)


def test_an_impossible_port_is_refused():
    with pytest.raises(processes.Occupied, match="Port 70000"):
        processes.check_port("127.0.0.1", 70_000)


def test_a_port_that_is_no_number_is_refused_in_one_sentence(tmp_path):
    env = {**os.environ, "DATA_DIR": str(tmp_path), "PORT": "eight"}
    command = [sys.executable, "manage.py", "up"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    said = (done.stdout + done.stderr).strip()
    assert said == "Tailorline cannot start. PORT is a number, as 8000, not 'eight'."
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),  # noqa: S104 -- only written
        ("::", "http://[::1]:8000/"),
    ],
)
def test_the_address_is_one_that_a_browser_here_can_open(bind, address):
    with override_settings(BIND=bind, PORT=8000):
        assert processes.address() == address


def test_every_queue_has_a_worker_and_training_has_its_own():
    commands = [program.command for program in processes.everything({})]
    queues = [word for command in commands for word in command if word.startswith("--queues")]
    assert queues == ["--queues=default,planning,printing", "--queues=training"]


def test_workers_calculate_on_one_thread_each():
    env = processes.environment("redis://localhost")
    assert env["OMP_NUM_THREADS"] == env["OPENBLAS_NUM_THREADS"] == "1"


def test_celery_is_set_so_that_nothing_is_lost():
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert not conf.task_publish_retry
    assert conf.broker_transport_options["max_retries"] == 1


def test_every_tick_of_the_clock_expires_before_the_next():
    for entry in app.conf.beat_schedule.values():
        schedule = entry["schedule"]
        next_tick = 24 * 3600 if isinstance(schedule, crontab) else schedule
        assert entry["options"]["expires"] <= next_tick


@pytest.mark.django_db
def test_a_migrated_database_has_nothing_to_do():
    assert preparing.pending_migrations() == []
    assert preparing.migrate() == 0


def test_static_files_are_collected_once(tmp_path, settings):
    source = tmp_path / "source"
    source.mkdir()
    (source / "shop.css").write_text("body { color: #16202c }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    assert preparing.collect_static()
    assert not preparing.collect_static()
    assert (tmp_path / "collected" / "shop.css").exists()


def test_a_live_process_says_ok(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_shop_without_broker_is_not_ready_and_says_why(client, settings):
    settings.REDIS_URL = ""
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "broker": "not set"}


@pytest.mark.django_db
def test_a_shop_with_all_it_needs_is_ready(client, settings, monkeypatch):
    settings.REDIS_URL = "redis://localhost:1"
    monkeypatch.setattr("config.embedded_redis.answers", lambda url: True)
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_shop_whose_database_is_behind_is_not_ready(client, monkeypatch):
    health._migrated.cache_clear()
    monkeypatch.setattr(health, "pending_migrations", lambda: ["orders.0002"])
    assert client.get("/readyz").json()["database"] == "migrations pending"


@pytest.mark.django_db
def test_a_start_tells_times_as_the_plant_does(tmp_path, settings, monkeypatch):
    monkeypatch.delenv("PLANT_TIME_ZONE", raising=False)
    settings.DATA_DIR = tmp_path
    plants.keep_zone()
    assert zones.chosen(tmp_path) == "Europe/Berlin"
    Plant.objects.create(name="Works", time_zone="Asia/Shanghai")
    plants.keep_zone()
    assert zones.chosen(tmp_path) == "Asia/Shanghai"
    monkeypatch.setenv("PLANT_TIME_ZONE", "UTC")
    assert zones.chosen(tmp_path) == "UTC"
