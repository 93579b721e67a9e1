"""A key is there and sound, or nothing starts and a person reads why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.keys import KEYS, kept_at, secret
from tests.shops import ROOT

PYTHON = (sys.executable, "-m")
MANAGE = (sys.executable, "manage.py")
DOORS = {
    "check": (*MANAGE, "check"),
    "doctor": (*MANAGE, "doctor"),
    "up": (*MANAGE, "up"),
    "restore": (*MANAGE, "restore", "shop.tar.gz"),
    "web": (*PYTHON, "uvicorn", "config.asgi:application", "--port", "0"),
    "worker": (*PYTHON, "celery", "-A", "config", "worker"),
    "beat": (*PYTHON, "celery", "-A", "config", "beat"),
}


@pytest.fixture(autouse=True)
def _no_keys_of_this_machine(monkeypatch):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def refused(tmp_path, name="FIELD_KEY"):
    with pytest.raises(ImproperlyConfigured) as reason:
        secret(name, tmp_path)
    said = str(reason.value)
    assert "Nothing was changed" in said
    assert "\n" not in said
    return said


def test_a_key_is_made_once_and_then_kept(tmp_path):
    made = secret("FIELD_KEY", tmp_path)
    assert len(made) == 64
    assert secret("FIELD_KEY", tmp_path) == made


def test_a_variable_that_is_empty_is_not_set(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELD_KEY", "")
    monkeypatch.setenv("FIELD_KEY_FILE", "")
    assert secret("FIELD_KEY", tmp_path) == kept_at("FIELD_KEY", tmp_path).read_text()


def test_the_key_of_a_file_is_read_without_its_last_line_break(tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("oak and ash\n")
    monkeypatch.setenv("FIELD_KEY_FILE", str(tmp_path / "mine"))
    assert secret("FIELD_KEY", tmp_path) == "oak and ash"


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "holds no text"),
        (b"oak\nash\n", "holds more than one line"),
        (b"oak\0ash", "holds more than one line"),
    ],
)
def test_a_file_that_holds_no_key_is_named_and_none_is_made(
    tmp_path, monkeypatch, name, content, says
):
    (tmp_path / "mine").write_bytes(content)
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "mine"))
    assert refused(tmp_path, name).startswith(f"The file {tmp_path}/mine of {name}_FILE {says}")
    assert not kept_at(name, tmp_path).exists()


@pytest.mark.parametrize(
    ("place", "says"), [("nowhere", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_named_and_none_is_made(tmp_path, monkeypatch, place, says):
    monkeypatch.setenv("FIELD_KEY_FILE", str(tmp_path / place))
    assert f"cannot be read: {says}" in refused(tmp_path)
    assert not kept_at("FIELD_KEY", tmp_path).exists()


def test_a_file_that_its_reader_may_not_open_is_named(tmp_path, monkeypatch):
    def closed(path, encoding):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", closed)
    monkeypatch.setenv("FIELD_KEY_FILE", "/run/secrets/field_key")
    assert "/run/secrets/field_key of FIELD_KEY_FILE cannot be read: Perm" in refused(tmp_path)


def test_a_kept_key_that_was_emptied_is_not_made_anew(tmp_path):
    kept_at("FIELD_KEY", tmp_path).touch()
    assert refused(tmp_path).startswith(f"The file {tmp_path}/field_key is empty")
    assert kept_at("FIELD_KEY", tmp_path).read_text() == ""


def test_a_folder_that_cannot_keep_a_key_is_named(tmp_path):
    (tmp_path / "shop").touch()
    said = refused(tmp_path / "shop")
    assert f"FIELD_KEY cannot be kept in {tmp_path}/shop/field_key" in said


@pytest.mark.parametrize("door", DOORS)
def test_whatever_is_started_says_in_one_paragraph_which_key_is_wrong(tmp_path, door):
    key_file = tmp_path / "secrets"
    env = {**os.environ, "DATA_DIR": str(tmp_path), "FIELD_KEY_FILE": str(key_file)}
    done = subprocess.run(
        DOORS[door], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    [said] = (done.stdout + done.stderr).strip().splitlines()
    assert said.startswith(f"Tailorline cannot start. The file {key_file} of FIELD_KEY_FILE cannot")
    assert done.returncode == 1
