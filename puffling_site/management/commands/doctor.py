"""`manage.py doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from puffling_site.runtime.checkup import installation
from puffling_site.runtime.environment import data_folder
from puffling_site.runtime.findings import FAILED, OK, SKIPPED, WARNING, Finding, machine
from puffling_site.runtime.process import RuntimeFault
from puffling_site.runtime.state import DataFolder

MARKS = {OK: "  ok  ", WARNING: " warn ", FAILED: " FAIL ", SKIPPED: "  --  "}


class Command(BaseCommand):
    """Never stops at the first problem: the next one may be the cause."""

    help = "Explain what is wrong with this installation. Exit code 0: nothing; 1: at least one check failed."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a list of {check, state, detail, remedy}")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = self.findings()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            for finding in findings:
                self.tell(finding)
        if any(finding.state == FAILED for finding in findings):
            raise SystemExit(1)

    def findings(self) -> list[Finding]:
        """Return all findings, in the order in which causes come before effects."""
        data = data_folder()
        findings = list(machine(data))
        try:
            running = DataFolder(data).running() if data.exists() else {}
        except RuntimeFault as fault:
            findings.append(Finding(check="data folder", state=FAILED, detail=str(fault)))
            running = {}
        return findings + list(installation(running))

    def tell(self, finding: Finding) -> None:
        """Write one finding for people."""
        self.stdout.write(f"[{MARKS[finding.state]}] {finding.check:<18} {finding.detail}")
        if finding.remedy and finding.state != OK:
            self.stdout.write(f"         {'':<18} -> {finding.remedy}")
