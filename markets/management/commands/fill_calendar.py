"""`manage.py fill_calendar`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common import clock
from markets.calendar import fill_calendar


class Command(BaseCommand):
    help = "Fill the trading calendar from two years back to two years ahead. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = fill_calendar(clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(", ".join(f"{code}: {count} sessions" for code, count in counts.items()))
