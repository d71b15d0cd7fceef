"""A rule that can never fire: its time is over, or another member of its group is always reached first and ends it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from automation.preflight.types import Check, Facts, Finding, Rule, Severity
from common.money import ZERO, plain

CODE = "SHADOWED"


def find(facts: Facts) -> Iterable[Finding]:
    for rule in facts.asked():
        if rule.no_time_left or (rule.ends is not None and rule.ends <= facts.now):
            yield _out_of_time(rule)
    for members in _rivals(facts.rules).values():
        yield from _behind(members, facts)


def _rivals(rules: Iterable[Rule]) -> dict[tuple[str, str, int, bool], list[Rule]]:
    """Members of one group that wait for the same value to move the same way."""
    rivals: dict[tuple[str, str, int, bool], list[Rule]] = defaultdict(list)
    for rule in rules:
        trigger = rule.trigger
        if rule.group and trigger.direction:
            rivals[rule.group, trigger.axis, trigger.direction, trigger.edge].append(rule)
    return rivals


def _behind(members: list[Rule], facts: Facts) -> Iterator[Finding]:
    """The others of `members` behind the one that is reached first, if that one always acts."""
    ahead = sorted(members, key=lambda rule: (rule.trigger.level or ZERO) * rule.trigger.direction)
    place = next((n for n, rule in enumerate(ahead) if len(rule.region) == 1), None)  # no condition holds it back
    if place is None:
        return
    first = ahead[place]
    for rule in ahead[place + 1 :]:
        if (
            rule.trigger.level != first.trigger.level
            and _covers(first, rule)
            and facts.about in (None, rule.id, first.id)
        ):
            yield Finding(
                code=CODE,
                severity=Severity.WARNING,
                text=f"Another rule of its group {rule.group!r} is reached first (at "
                f"{plain(first.trigger.level or ZERO)}, this one at {plain(rule.trigger.level or ZERO)}) and ends it, "
                "so it can hardly ever fire.",
                advice="Take it out of the group, or change its level so that either may come first.",
                rules=(rule.id, first.id),
            )


def _covers(first: Rule, rule: Rule) -> bool:
    """Whether `first` is in force whenever `rule` is."""
    begins = first.starts is None or (rule.starts is not None and first.starts <= rule.starts)
    return begins and (first.ends is None or (rule.ends is not None and first.ends >= rule.ends))


def _out_of_time(rule: Rule) -> Finding:
    until = f" on {rule.ends:%Y-%m-%d %H:%M} UTC" if rule.ends else ""
    why = f"its window ends{until} before its next time" if rule.no_time_left else f"its window ended{until}"
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        text=f"It can never fire: {why}.",
        advice="Give it a later end, or cancel it.",
        rules=(rule.id,),
    )


CHECK = Check(code=CODE, find=find)
