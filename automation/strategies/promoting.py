"""The ladder monitor, alert, auto-trade: a strategy trades on evidence, or against it with a reason that is kept."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from automation.promotion import EvidenceNeeded, Override, keep_override, reason_of
from automation.strategies.evidence import evidence_of
from automation.strategies.models import Strategy, StrategyMode
from automation.triggers.reading import shown
from common.errors import InvalidInput

AUTO = StrategyMode.AUTO_TRADE.value


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
        raise EvidenceNeeded(evidence, mode=AUTO)
    return Override(reason=override, evidence=evidence)


def judge_new(strategy: Strategy, *, override: str | None, now: datetime) -> Override | None:
    """The same for one that is made to trade at once: it has shown nothing."""
    if strategy.mode != AUTO:
        return None
    evidence = evidence_of(strategy, now=now, remade=True)
    if override is None:
        raise EvidenceNeeded(evidence, mode=AUTO)
    return Override(reason=override, evidence=evidence)


def log_override(strategy: Strategy, override: Override, *, actor: str, now: datetime) -> None:
    """Keep it in the safety log and tell the owner, in the edit's transaction. The version keeps the reason, too."""
    keep_override(
        override,
        user=strategy.user,
        subject={"strategy": str(strategy.id)},
        mode=AUTO,
        name=strategy.name,
        version=strategy.version,
        dedupe_key=f"strategy-promotion:{strategy.id}:{strategy.version}",
        actor=actor,
        now=now,
    )
