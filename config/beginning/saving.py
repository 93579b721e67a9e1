"""Write what a step of the wizard asked for: as rows of sheets, whole or not at all."""

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.text import slugify

from config.sheets import SHOP
from journal.sheets import Line, NotApplied, Problem, Table, apply, check


class NotSaved(Exception):
    """Nothing was written; `problems` say why, in plain words."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def rows(sheet: str, cells: Iterable[Mapping[str, str]]) -> Table:
    """Rows of a sheet that no file holds. A cell that a row lacks stays as it is."""
    lines = [Line(number, dict(row)) for number, row in enumerate(cells, 1)]
    shared = set.intersection(*(set(line.cells) for line in lines)) if lines else set()
    return Table(SHOP.sheet(sheet), "", tuple(shared), lines)


def save(tables: Sequence[Table], *, by: str, at: datetime) -> str:
    """The batch under which it can be undone, "" where nothing changed. Raises `NotSaved`."""
    plan = check(SHOP, [table for table in tables if table.lines])
    if plan.problems:
        raise NotSaved([_told(problem, tables) for problem in plan.problems])
    try:
        return apply(SHOP, plan, at=at, by=by)
    except NotApplied as reason:
        raise NotSaved([str(reason)]) from reason


def _told(problem: Problem, tables: Iterable[Table]) -> str:
    """A problem of a file with its line; one of a form with the row that it is about."""
    if problem.origin:
        return str(problem)
    for table in tables:
        for line in table.lines:
            if (table.sheet.code, line.number) == (problem.sheet, problem.line):
                about = line.cells.get("name") or line.cells[table.sheet.keys[-1]]
                return f"{about}: {problem.text}"
    return problem.text


def code_of(name: str, otherwise: str, taken: Container[str], longest: int = 40) -> str:
    """A code that nobody has, made from a name; a name without Latin letters gives `otherwise`.

    >>> code_of("Spray booth 1", "cell", set()), code_of("喷漆房", "cell", {"cell"})
    ('spray-booth-1', 'cell-2')
    """
    plain = slugify(unicodedata.normalize("NFKD", name))[: longest - 4].strip("-") or otherwise
    numbered = (f"{plain}-{number}" for number in range(2, 10_000))
    return plain if plain not in taken else next(one for one in numbered if one not in taken)
