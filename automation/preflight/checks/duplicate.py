"""The same rule twice: both would trade."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from automation.preflight.types import Check, Facts, Finding, Rule, Severity, named

CODE = "DUPLICATE"


def find(facts: Facts) -> Iterable[Finding]:
    alike: dict[Hashable, list[Rule]] = defaultdict(list)
    for rule in facts.rules:
        alike[rule.identity].append(rule)
    for rules in alike.values():
        asked = next((rule for rule in rules if rule.id == facts.about), rules[0])
        twins = [rule for rule in rules if rule.id != asked.id and rule.meets(asked)]
        if not twins or facts.about not in (None, asked.id):
            continue
        ids, more = named([asked, *twins])
        times = "once" if len(twins) == 1 else f"{len(twins)} times"
        done = f"both {asked.side}" if asked.trades and len(twins) == 1 else "each of them acts"
        yield Finding(
            code=CODE,
            severity=Severity.WARNING,
            text=f"The very same rule exists {times} already: {done}.",
            advice="Cancel one of them, unless you want it to happen more than once.",
            rules=ids,
            more=more,
        )


CHECK = Check(code=CODE, find=find)
