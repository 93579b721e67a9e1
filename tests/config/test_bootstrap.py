import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A clone in a folder whose name has spaces."""
    home = tmp_path / "Alice's new shop"
    home.mkdir()
    monkeypatch.setattr(bootstrap, "HOME", home)
    monkeypatch.setattr(bootstrap, "VENV", home / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", home / ".venv" / "bin" / "python")
    return home


def test_an_empty_lock_is_installed_once_and_not_again(folder):
    shutil.copy(bootstrap.__file__, folder / "bootstrap.py")
    (folder / "requirements.txt").write_text("# nothing\n")
    command = [sys.executable, str(folder / "bootstrap.py")]

    first = subprocess.run(command, capture_output=True, text=True, check=True)
    second = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "Installed." in first.stdout
    assert (folder / ".venv" / "bin" / "python").exists()
    assert second.stdout == ""


def test_a_lock_that_is_missing_is_named(folder, capsys):
    assert bootstrap.main(["requirements-peers.txt"]) == 1
    assert "requirements-peers.txt is not part of this version" in capsys.readouterr().err


def test_an_old_python_is_told_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(bootstrap, "answers", lambda python, code="pass": False)
    with pytest.raises(bootstrap.CannotInstall, match=r"needs Python 3\.11 or later"):
        bootstrap.find_python()


def test_a_python_without_pip_is_told_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(bootstrap, "answers", lambda python, code="pass": "pip" not in code)
    with pytest.raises(bootstrap.CannotInstall, match="apt install python3-venv"):
        bootstrap.make_venv("python3.11")


def test_a_small_disk_is_noticed_before_anything_is_downloaded(folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 2**20))
    with pytest.raises(bootstrap.CannotInstall, match="1 MB left"):
        bootstrap.check_space()


def test_a_disk_that_fills_up_on_the_way_is_told_in_plain_words(folder):
    fills_up = "print('OSError: [Errno 28] No space left on device'); raise SystemExit(1)"
    with pytest.raises(bootstrap.CannotInstall, match="the disk is full"):
        bootstrap.run([sys.executable, "-c", fills_up])


def test_a_venv_whose_python_is_gone_is_made_anew(folder):
    (folder / ".venv").mkdir()
    (folder / ".venv" / "pyvenv.cfg").write_text("home = /gone\n")
    bootstrap.remove_broken_venv()
    assert not (folder / ".venv").exists()


def test_a_folder_that_is_no_venv_is_left_alone(folder):
    notes = folder / ".venv" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("keep me")
    with pytest.raises(bootstrap.CannotInstall, match="Move it away"):
        bootstrap.remove_broken_venv()
    assert notes.exists()


def test_every_path_of_the_makefile_is_relative():
    text = (Path(bootstrap.__file__).parent / "Makefile").read_text()
    assert "$(CURDIR)" not in text
    assert "$(PWD)" not in text
