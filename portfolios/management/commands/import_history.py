"""`manage.py import_history history.csv --portfolio ID`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from common.errors import PufflingError
from common.money import plain
from markets.importing import BadFile
from portfolios.importing.booking import import_history
from portfolios.importing.formats.registry import FORMATS
from portfolios.importing.types import Report
from portfolios.management.commands.audit import portfolios_named


class Command(BaseCommand):
    help = (
        "Import a broker's transactions, or our own CSV, into a portfolio. All or nothing: every mistake is listed with"
        " its row. Safe to run again: rows that were imported before are left alone. See docs/importing.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--portfolio", required=True, metavar="ID")
        parser.add_argument("--format", choices=sorted(FORMATS), default="", help="default: told by the header")
        parser.add_argument("--dry-run", action="store_true", help="show what would be booked, change nothing")
        parser.add_argument("--allow-negative-cash", action="store_true", help="for a history without its deposits")
        parser.add_argument(
            "--create-instruments", action="store_true", help="make unknown symbols known (not tradable)"
        )
        parser.add_argument("--json", action="store_true", help="print the result or the mistakes as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        (portfolio,) = portfolios_named(options["portfolio"])
        try:
            text = options["file"].read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']} is not UTF-8 text ({error.reason}): save it as UTF-8 CSV.") from None
        try:
            report = import_history(
                portfolio=portfolio,
                text=text,
                now=clock.now(),
                format=options["format"],
                dry_run=options["dry_run"],
                allow_negative_cash=options["allow_negative_cash"],
                create_instruments=options["create_instruments"],
            )
        except BadFile as error:
            raise CommandError(_mistakes(error, options["json"])) from None
        except PufflingError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(json.dumps(_said(report), indent=2) if options["json"] else _told(report))


def _mistakes(error: BadFile, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            [{"row": one.row, "column": one.column, "value": one.value, "fix": one.fix} for one in error.mistakes]
        )
    lines = "\n".join(str(one) for one in error.mistakes)
    return f"{lines}\n{len(error.mistakes)} mistakes: nothing was imported."


def _said(report: Report) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "format": report.format,
        "booked": [
            {
                "line": one.line,
                "kind": one.kind,
                "at": one.at.isoformat(),
                "symbol": one.symbol,
                "quantity": plain(one.quantity),
                "price": None if one.price is None else plain(one.price),
                "amount": plain(one.amount),
            }
            for one in report.booked
        ],
        "already_booked": report.already_booked,
        "left_out": dict(report.left_out),
        "created": list(report.created),
        "cash": plain(report.cash),
        "holdings": {one.symbol: plain(one.quantity) for one in report.holdings},
    }


def _told(report: Report) -> str:
    lines = [
        f"{one.at:%Y-%m-%d %H:%M} {one.kind:<10} {plain(one.quantity):>12} {one.symbol:<6} {plain(one.amount):>14}"
        for one in report.booked
    ]
    verb = "would be booked" if report.dry_run else "booked"
    lines.append(f"{len(report.booked)} entries {verb}, {report.already_booked} rows were imported before.")
    lines += [f"left out: {count} rows ({reason})" for reason, count in report.left_out.items()]
    if report.created:
        lines.append(f"new instruments: {', '.join(report.created)}")
    held = ", ".join(f"{plain(one.quantity)} {one.symbol}" for one in report.holdings) or "nothing"
    lines.append(f"Then: ${plain(report.cash)} in cash; {held}.")
    return "\n".join(lines)
