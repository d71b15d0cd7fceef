"""The ladder monitor, alert, auto-trade: a strategy trades on evidence, or against it with a reason that is kept."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.models import Alert
from alerts.raising import raise_alert
from automation.promotion import SHORTEST_REASON, reason_of
from automation.strategies.evidence import Evidence, evidence_of
from automation.strategies.models import Strategy, StrategyMode
from automation.triggers.reading import shown
from common.errors import Conflict, InvalidInput
from safety.events import record

KIND = "promotion_override"
AUTO = StrategyMode.AUTO_TRADE.value


class EvidenceNeeded(Conflict):
    """The strategy has not shown enough to trade on its own. `evidence` says what it has shown."""

    code = "evidence_needed"

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.extra = {
            "evidence": evidence.as_json(),
            "send": {"mode": AUTO, "override": f"your reason, at least {SHORTEST_REASON} characters"},
        }
        why = " ".join(lack.message for lack in evidence.lacks)
        super().__init__(
            f"The evidence is thin: {why} To let it trade all the same, send "
            f'"override" with your reason (at least {SHORTEST_REASON} characters); it is kept.'
        )


@dataclass(frozen=True, kw_only=True)
class Override:
    """A promotion against the evidence, and why."""

    reason: str
    evidence: Evidence


def read_override(changes: MutableMapping[str, Any]) -> str | None:
    """Take the reason out of what was sent. Raises InvalidInput when it cannot be one."""
    reason = reason_of(changes)
    if reason is not None and changes.get("mode") != AUTO:
        raise InvalidInput({"override": f"{shown(reason)} goes with mode {AUTO} only: leave it out"})
    return reason


def judge(strategy: Strategy, mode: str, *, remade: bool, override: str | None, now: datetime) -> Override | None:
    """Whether an edit to `mode` may be: None if it may. Raises EvidenceNeeded when the evidence is thin and there is no
    `override`; with one, returns what is to be logged.

    An automatic strategy that an edit makes another one is judged like a new one.
    """
    if mode != AUTO or (strategy.mode == AUTO and not remade):
        return None
    evidence = evidence_of(strategy, now=now, remade=remade)
    if evidence.enough:
        return None
    if override is None:
        raise EvidenceNeeded(evidence)
    return Override(reason=override, evidence=evidence)


def judge_new(strategy: Strategy, *, override: str | None, now: datetime) -> Override | None:
    """The same for one that is made to trade at once: it has shown nothing."""
    if strategy.mode != AUTO:
        return None
    evidence = evidence_of(strategy, now=now, remade=True)
    if override is None:
        raise EvidenceNeeded(evidence)
    return Override(reason=override, evidence=evidence)


def log_override(strategy: Strategy, override: Override, *, actor: str, now: datetime) -> None:
    """Keep it in the safety log and tell the owner, in the edit's transaction. The version keeps the reason, too."""
    record(
        user=strategy.user,
        kind=KIND,
        actor=actor,
        before={"strategy": str(strategy.id)},
        after={"strategy": str(strategy.id), "mode": AUTO, "evidence": override.evidence.as_json()},
        note=override.reason,
        now=now,
    )
    why = "\n".join(lack.message for lack in override.evidence.lacks)
    raise_alert(
        user_id=strategy.user_id,
        kind=Alert.Kind.SAFETY,
        severity=Alert.Severity.WARNING,
        title=f"Trades on its own now, against the evidence: {strategy.name}"[:200],
        body=f"{actor} gave this reason: {override.reason}\n{why}",
        data={"strategy": str(strategy.id), "version": strategy.version},
        dedupe_key=f"strategy-promotion:{strategy.id}:{strategy.version}",
        now=now,
    )
