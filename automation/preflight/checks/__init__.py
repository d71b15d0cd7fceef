"""Every kind of conflict. Adding one: a file here with `find` and CHECK, its line below, and a mirrored test."""

from __future__ import annotations

from collections.abc import Iterable

from automation.preflight.checks import duplicate, loop, opposite, oversold, shadowed, summed_caps, unreachable
from automation.preflight.types import Check, Facts, Finding, Severity

RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def registry(checks: Iterable[Check]) -> dict[str, Check]:
    """The checks by code; a code used twice is refused."""
    listed: dict[str, Check] = {}
    for check in checks:
        if check.code in listed:
            raise ValueError(f"{check.code!r} is found by two checks: each code belongs to one.")
        listed[check.code] = check
    return listed


CHECKS = registry(module.CHECK for module in (unreachable, shadowed, duplicate, opposite, loop, oversold, summed_caps))


def find_all(facts: Facts) -> list[Finding]:
    """Everything that is found, the worst first."""
    found = [finding for check in CHECKS.values() for finding in check.find(facts)]
    return sorted(found, key=lambda finding: RANK[finding.severity])
