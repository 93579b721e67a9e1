"""The shop's own sheets as a person brings them: a folder of CSV files, looked at or written."""

from config.sheets import SHOP
from journal.sheets import apply, check, read_files
from tests import factories


def look(folder, **files):
    """The plan of some files, given by name; the folder holds nothing else then."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return check(SHOP, read_files([folder], SHOP))


def bring(folder, **files):
    """Write files that have no bad row; returns the batch."""
    plan = look(folder, **files)
    assert [str(one) for one in plan.problems] == []
    return apply(SHOP, plan, at=factories.NOW, by="staff:alice")


def told(plan):
    return [(one.sheet, one.line, one.column) for one in plan.problems]
