"""`manage.py doctor`: is everything here that the shop needs, and what to do where it is not."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from config.examining import CHECKS, Ailment


class Command(BaseCommand):
    help = "Looks at everything the shop needs and says what mends it; status 1 when one is ill."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        findings = [self.examine(name, check, now) for name, check in CHECKS.items()]
        if not all(findings):
            sys.exit(1)

    def examine(self, name: str, check: Callable[[datetime], str], now: datetime) -> bool:
        try:
            self.stdout.write(f"ok       {name}: {check(now)}")
        except Ailment as ailment:
            self.stdout.write(f"PROBLEM  {name}: {ailment.what}")
            self.stdout.write(f"         It means: {ailment.means}")
            self.stdout.write(f"         Mend it:  {ailment.mend}")
            return False
        except DatabaseError:  # said by the check of the database or of its migrations
            self.stdout.write(f"unknown  {name}: cannot be asked without the database")
        return True
