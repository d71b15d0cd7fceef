"""`manage.py reconcile`: compare every account with its broker."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now
from orders.reconciling import reconcile


class Command(BaseCommand):
    help = "Compare orders, executions, positions and cash with every broker. Exits with 1 if something disagrees."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", action="append", type=UUID, help="only this account; may be repeated")
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = reconcile(now=now(), account_ids=options["account"])
        if options["json"]:
            self.stdout.write(json.dumps([asdict(report) for report in reports], default=str))
        else:
            for report in reports:
                found = [difference.sentence for difference in report.mismatches]
                self.stdout.write(f"{report.account_id}: {report.error or ' '.join(found) or 'agrees'}")
        bad = sum(1 for report in reports if report.error or report.mismatches)
        if bad:
            raise CommandError(f"{bad} of {len(reports)} accounts do not agree with their broker.", returncode=1)
