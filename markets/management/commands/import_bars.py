"""`manage.py import_bars bars.csv --timeframe 1d`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from common.errors import InvalidInput
from markets.importing import BadFile, ImportResult, import_bars_csv


class Command(BaseCommand):
    help = (
        "Import bars from a CSV file with the columns date (or at), open, high, low, close, optional volume, and "
        "symbol unless --symbol is given. All or nothing: every mistake is listed with its row. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--timeframe", choices=["1d", "1m"], required=True)
        parser.add_argument("--symbol", help="when the file has no symbol column")
        parser.add_argument("--source", default="csv", help="kept with every bar (default csv)")
        parser.add_argument("--timezone", help="of minute bars whose times have none, such as America/New_York")
        parser.add_argument("--dry-run", action="store_true", help="check the file, write nothing")
        parser.add_argument("--json", action="store_true", help="print the result or the mistakes as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            zone = ZoneInfo(options["timezone"]) if options["timezone"] else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise CommandError(
                f"--timezone {options['timezone']!r} is not known: use an IANA name such as America/New_York."
            ) from None
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                result = import_bars_csv(
                    content=file,
                    timeframe=options["timeframe"],
                    symbol=options["symbol"],
                    source=options["source"][:20],
                    zone=zone,
                    dry_run=options["dry_run"],
                    now=clock.now(),
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']} is not UTF-8 text ({error.reason}): save it as UTF-8 CSV.") from None
        except BadFile as error:
            raise CommandError(self._mistakes(error, options["json"])) from None
        except InvalidInput as error:
            raise CommandError(error.detail) from None
        self.stdout.write(json.dumps(_said(result)) if options["json"] else _sentence(result))

    def _mistakes(self, error: BadFile, as_json: bool) -> str:
        if as_json:
            return json.dumps(
                [
                    {"row": mistake.row, "column": mistake.column, "value": mistake.value, "fix": mistake.fix}
                    for mistake in error.mistakes
                ]
            )
        lines = "\n".join(str(mistake) for mistake in error.mistakes)
        return f"{lines}\n{len(error.mistakes)} mistakes: nothing was imported."


def _said(result: ImportResult) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "symbols": list(result.symbols),
        "first": result.first.isoformat() if result.first else None,
        "last": result.last.isoformat() if result.last else None,
        "ignored_columns": list(result.ignored_columns),
        "dry_run": result.dry_run,
    }


def _sentence(result: ImportResult) -> str:
    done = "The file is good: it would import" if result.dry_run else "Imported"
    span = f", {result.first:%Y-%m-%d} to {result.last:%Y-%m-%d}" if result.first and result.last else ""
    ignored = f" (columns ignored: {', '.join(result.ignored_columns)})" if result.ignored_columns else ""
    return f"{done} {result.rows} bars of {', '.join(result.symbols)}{span}{ignored}."
