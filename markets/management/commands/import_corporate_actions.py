"""`manage.py import_corporate_actions actions.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from markets.corporate_importing import import_corporate_actions
from markets.importing import BadFile


class Command(BaseCommand):
    help = (
        "Enter splits and cash dividends from a CSV file with the columns symbol, kind (split or cash_dividend),"
        " ex_date, ratio (10:1), amount (dollars a share). All or nothing; safe to run again. The sweeper applies each"
        " when its ex-date begins."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="csv", help="kept with every entry (default csv)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']} is not UTF-8 text ({error.reason}): save it as UTF-8 CSV.") from None
        try:
            made = import_corporate_actions(text, now=clock.now(), source=options["source"])
        except BadFile as error:
            lines = "\n".join(str(mistake) for mistake in error.mistakes)
            raise CommandError(f"{lines}\n{len(error.mistakes)} mistakes: nothing was entered.") from None
        for row in made:
            self.stdout.write(str(row))
        self.stdout.write(f"{len(made)} corporate actions entered.")
