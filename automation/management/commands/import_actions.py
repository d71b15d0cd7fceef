"""`manage.py import_actions rules.yaml --user ann`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from automation.management.commands.export_actions import user_named
from automation.transfer.importing import BadRules, ImportedRow, ImportReport, import_rules
from automation.transfer.writing import FORMATS
from common import clock
from common.errors import PufflingError

# More than the API takes in one request.
LARGEST = 20_000_000
MOST_RULES = 20_000


class Command(BaseCommand):
    help = (
        "Create a user's rules from a file that export_actions wrote. All or nothing: every mistake is listed with its "
        "row, the first rule being row 1. Importing twice makes the rules twice, unless --skip-existing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", required=True, help="user name")
        parser.add_argument("--format", choices=FORMATS, default="", help="default: told by the file itself")
        parser.add_argument("--dry-run", action="store_true", help="check and show, change nothing")
        parser.add_argument("--skip-existing", action="store_true", help="leave out rules the user has already")
        parser.add_argument("--json", action="store_true", help="print the result or the mistakes as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        try:
            report = import_rules(
                user=user,
                text=options["file"].read_text(encoding="utf-8-sig"),
                format=options["format"],
                dry_run=options["dry_run"],
                skip_existing=options["skip_existing"],
                now=clock.now(),
                actor=f"{user.get_username()} (import_actions)"[:80],
                most=MOST_RULES,
                largest=LARGEST,
            )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']} is not UTF-8 text ({error.reason}): save it as UTF-8.") from None
        except BadRules as error:
            raise CommandError(_mistakes(error, options["json"])) from None
        except PufflingError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(json.dumps(_said(report)) if options["json"] else _sentences(report))


def _mistakes(error: BadRules, as_json: bool) -> str:
    if as_json:
        return json.dumps(error.extra["mistakes"])
    lines = [f"row {mistake.row}, {mistake.field}: {mistake.message}" for mistake in error.mistakes]
    return "\n".join([*lines, f"{len(lines)} mistakes: nothing was imported."])


def _said(report: ImportReport) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "created": report.created,
        "skipped": report.skipped,
        "rows": [_row(row) for row in report.rows],
    }


def _row(row: ImportedRow) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("row", "ref", "sentence", "status", "mode", "same_as", "skipped")}
    return {**told, "warnings": list(row.warnings), "action": str(row.action.id) if row.action else None}


def _sentences(report: ImportReport) -> str:
    done = "The file is good: it would make" if report.dry_run else "Made"
    lines = [
        f"{row.row}. {'left out: ' if row.skipped else ''}{row.sentence}{''.join(f' [{w}]' for w in row.warnings)}"
        for row in report.rows
    ]
    return "\n".join([*lines, f"{done} {report.created} rules, {report.skipped} left out."])
