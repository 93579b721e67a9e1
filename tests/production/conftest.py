"""What several tests of production stand on."""

import pytest
from django.db import connection, connections


@pytest.fixture
def file_database(transactional_db, tmp_path):
    """On SQLite tests live in memory, which threads cannot share as they share a file."""
    if connection.vendor != "sqlite":
        yield
        return
    in_memory, settings = connections["default"], connections.settings["default"]
    connection.cursor().execute(f"VACUUM INTO '{tmp_path / 'floor.sqlite3'}'")
    connections.settings["default"] = {**settings, "NAME": str(tmp_path / "floor.sqlite3")}
    del connections["default"]
    yield
    connections["default"].close()
    connections.settings["default"] = settings
    connections["default"] = in_memory
