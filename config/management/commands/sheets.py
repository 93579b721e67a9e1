"""`manage.py sheets`: a shop as tables, out and in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.sheets import SHOP
from journal.sheets import (
    NotApplied,
    Plan,
    Sheet,
    apply,
    as_csv,
    as_xlsx,
    batch_of,
    check,
    last_batch,
    read_files,
    undo,
)
from journal.tables import UnreadableFile

MOST_SHOWN = 100
BY = "terminal"


class Command(BaseCommand):
    help = "Set up and keep the shop with tables (CSV or XLSX): list, export, check, import, undo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the sheets and their columns")
        export = verbs.add_parser("export", help="a sheet, or `all`, as .csv, .xlsx or a folder")
        export.add_argument("sheet", choices=[*(sheet.code for sheet in SHOP.sheets), "all"])
        export.add_argument("file", type=Path, nargs="?", help="default: CSV on the screen")
        for verb, does in (("check", "read and count, write nothing"), ("import", "write it")):
            one = verbs.add_parser(verb, help=does)
            one.add_argument("files", type=Path, nargs="+", help="files or folders")
        back = verbs.add_parser("undo", help="take an import back; the last one if none is named")
        back.add_argument("batch", nargs="?", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        doing = {
            "list": self._list,
            "export": self._export,
            "check": self._check,
            "import": self._import,
            "undo": self._undo,
        }
        try:
            doing[options["verb"]](options)
        except UnreadableFile as error:
            raise CommandError(f"{error} Nothing was written.") from error
        except NotApplied as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        for sheet in SHOP.sheets:
            self.stdout.write(f"{sheet.code}: {sheet.purpose}")
            for column in sheet.columns:
                mark = "key" if column.code in sheet.keys else "needed" if column.required else ""
                kind = f"of {column.refers}" if column.refers else column.kind.word
                self.stdout.write(f"  {column.code:<22} {kind:<16} {mark}".rstrip())

    def _export(self, options: dict[str, Any]) -> None:
        one = options["sheet"]
        sheets = SHOP.sheets if one == "all" else [SHOP.sheet(one)]
        target: Path | None = options["file"]
        if target is None:
            if len(sheets) > 1:
                raise CommandError("Name a folder or an .xlsx file for all sheets.")
            self.stdout.write(as_csv(sheets[0]), ending="")
            return
        try:
            self._save(sheets, target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(sheets)} sheets were written to {target}.")

    def _save(self, sheets: Any, target: Path) -> None:
        if target.suffix.casefold() == ".xlsx":
            target.write_bytes(as_xlsx(sheets))
        elif len(sheets) == 1:
            target.write_text(as_csv(sheets[0]), encoding="utf-8")
        else:
            target.mkdir(parents=True, exist_ok=True)
            for sheet in sheets:
                _write(target / f"{sheet.code}.csv", sheet)

    def _check(self, options: dict[str, Any]) -> None:
        self._say(self._plan(options))
        self.stdout.write("A check: nothing was written.")

    def _import(self, options: dict[str, Any]) -> None:
        plan = self._plan(options)
        self._say(plan)
        if plan.problems:
            raise CommandError("Correct the rows above. Nothing was written.")
        batch = apply(SHOP, plan, at=timezone.now(), by=BY)
        if not batch:
            self.stdout.write("Nothing changes: the shop is already like this.")
            return
        self.stdout.write(f"Written. `sheets undo {batch}` takes it back.")

    def _plan(self, options: dict[str, Any]) -> Plan:
        return check(SHOP, read_files(options["files"], SHOP))

    def _say(self, plan: Plan) -> None:
        for line in plan.said:
            self.stdout.write(line)
        for planned in plan.sheets:
            self.stdout.write(
                f"{planned.sheet.code:<12} {len(planned.created):>6} new {len(planned.changed):>6} "
                f"changed {len(planned.removed):>6} removed {planned.unchanged:>6} unchanged "
                f"{planned.refused:>6} refused"
            )
        for problem in plan.problems[:MOST_SHOWN]:
            self.stdout.write(f"  {problem}")
        if len(plan.problems) > MOST_SHOWN:
            self.stdout.write(f"  … and {len(plan.problems) - MOST_SHOWN} more")

    def _undo(self, options: dict[str, Any]) -> None:
        named = options["batch"]
        batch = batch_of(named) if named else last_batch()
        if batch is None:
            raise CommandError("There is no such import. Nothing was changed.")
        undo(SHOP, batch.batch, by=BY, at=timezone.now())
        self.stdout.write(
            f"The import of {batch.at:%Y-%m-%d %H:%M} by {batch.by} was taken back "
            f"({batch.rows} rows of {', '.join(batch.sheets)})."
        )


def _write(path: Path, sheet: Sheet) -> None:
    path.write_text(as_csv(sheet), encoding="utf-8")
