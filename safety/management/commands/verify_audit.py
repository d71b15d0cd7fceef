"""`manage.py verify_audit`: prove that nobody changed the audit log."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from safety.verifying import Verified, verify


class Command(BaseCommand):
    help = (
        "Walk every chain of the audit log and name the first entry that was changed, moved or removed. "
        "Exit code 0: all is well; 1: damage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since-last", action="store_true", help="only what was added since the last verification")
        parser.add_argument("--json", action="store_true", help="print one JSON list, with each chain's end")

    def handle(self, *args: Any, **options: Any) -> None:
        reports = []
        for found in verify(now=now(), since_last=options["since_last"]):
            reports.append(found)
            if found.damage and not options["json"]:
                self.stdout.write(f"{found.chain}: {found.damage}")
        if options["json"]:
            self.stdout.write(json.dumps([asdict(found) for found in reports]))
        damaged = sum(1 for found in reports if found.damage)
        if damaged:
            raise CommandError(
                f"{damaged} of {len(reports)} chains are damaged. Keep a copy of the database before anything else.",
                returncode=1,
            )
        if not options["json"]:
            self.stdout.write(_summary(reports))


def _summary(reports: list[Verified]) -> str:
    return f"{sum(found.checked for found in reports)} entries in {len(reports)} chains: nothing was changed."
