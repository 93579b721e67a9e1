"""Make tokens for terminals, a JSON object a line; each is shown this one time."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from production import terminals
from production.models import Operator, WorkCenter


class Command(BaseCommand):
    help = (
        "Make tokens for terminals and print them, a JSON object a line. Of a terminal that has "
        "one, the old token ends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="terminals; default: numbered ones")
        parser.add_argument(
            "--count", type=int, help="how many numbered ones (default: one a cell)"
        )
        parser.add_argument("--work-center", help="code of the work center (default: all in turn)")
        parser.add_argument("--revoke", metavar="NAME", action="append", help="end a token")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revoke"]:
            self._revoke(options["revoke"])
            return
        centers = self._centers(options["work_center"])
        count = options["count"] or len(centers)
        names = options["names"] or [
            f"{centers[i % len(centers)].code}-t{i // len(centers) + 1}" for i in range(count)
        ]
        for i, name in enumerate(names):
            self._make(name, centers[i % len(centers)])

    def _revoke(self, names: Iterable[str]) -> None:
        for name in names:
            if not terminals.revoke(name):
                raise CommandError(f"There is no terminal {name}.")
            self.stderr.write(f"{name}: revoked")

    def _centers(self, code: str | None) -> list[WorkCenter]:
        centers = list(WorkCenter.objects.filter(**({"code": code} if code else {})))
        if not centers:
            raise CommandError(f"There is no work center {code}." if code else "No work centers.")
        return centers

    def _make(self, name: str, center: WorkCenter) -> None:
        token = terminals.make_token(name, center, now=timezone.now())
        operators = Operator.objects.filter(active=True).order_by("pk")
        badge = next(
            (one.badge for one in operators if not one.skills or center.code in one.skills), ""
        )
        line = {"terminal": name, "work_center": center.code, "token": token, "operator": badge}
        self.stdout.write(json.dumps(line))
