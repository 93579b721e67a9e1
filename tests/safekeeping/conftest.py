"""Shops to save and to restore."""

import shutil

import pytest

from tests.shops import manage, moving_between_shops


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A database that has its tables and nothing in them; made once."""
    folder = tmp_path_factory.mktemp("empty")
    status, said = manage(folder, "migrate", "--verbosity=0")
    assert status == 0, said
    return folder / "tailorline.sqlite3"


@pytest.fixture
def move_in(tmp_path, settings, empty_database, django_db_blocker):
    """Makes a shop in a folder, if it is new, and has this process work there."""
    with django_db_blocker.unblock(), moving_between_shops(settings) as work_in:

        def move_in(name):
            folder = tmp_path / name
            if not folder.exists():
                folder.mkdir()
                shutil.copy(empty_database, folder)
            work_in(folder)
            return folder

        yield move_in
