"""From watching to trading: a rule is promoted to automatic on evidence, or against it with a reason that is kept."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.models import Alert
from alerts.raising import raise_alert
from automation.drafts import storable
from automation.evidence import Evidence, evidence_of
from automation.models import Action, ActionType, Mode
from automation.probation import REMAKES
from automation.sentences import sentence
from automation.triggers.reading import shown
from common.errors import Conflict, InvalidInput
from safety.events import record

SHORTEST_REASON, LONGEST_REASON = 10, 300
KIND = "promotion_override"


class EvidenceNeeded(Conflict):
    """The rule has not shown enough to trade on its own. `evidence` says what it has shown."""

    code = "evidence_needed"

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.extra = {
            "evidence": evidence.as_json(),
            "send": {"mode": "auto", "override": f"your reason, at least {SHORTEST_REASON} characters"},
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
    """Take the reason out of an edit's changes. Raises InvalidInput when it cannot be one."""
    reason = reason_of(changes)
    if reason is not None and changes.get("mode") != Mode.AUTO:
        raise InvalidInput({"override": f"{shown(reason)} goes with mode auto only: leave it out"})
    return reason


def reason_of(changes: MutableMapping[str, Any]) -> str | None:
    """Take `override` out, and check that it can be kept as a reason."""
    given = changes.pop("override", None)
    if given is None or given == "":
        return None
    if not isinstance(given, str) or not SHORTEST_REASON <= len(given.strip()) <= LONGEST_REASON:
        raise InvalidInput(
            {"override": f"{shown(given)} is not a reason: write {SHORTEST_REASON} to {LONGEST_REASON} characters"}
        )
    if not storable(given):
        raise InvalidInput({"override": "contains a NUL character or half of a surrogate pair: remove it"})
    return given.strip()


def judge(action: Action, after: Mapping[str, Any], *, override: str | None, now: datetime) -> Override | None:
    """Whether the edit that makes `after` of the action may be: None if it may.

    Only a BUY or SELL rule that becomes automatic is judged. Raises EvidenceNeeded when its evidence is thin and there
    is no `override`; with one, returns what is to be logged.
    """
    trades = after["action_type"] in (ActionType.BUY, ActionType.SELL)
    if not trades or after["mode"] != Mode.AUTO or action.mode == Mode.AUTO:
        return None
    remade = any(getattr(action, name) != after[name] for name in REMAKES)
    evidence = evidence_of(action, now=now, remade=remade)
    if evidence.enough:
        return None
    if override is None:
        raise EvidenceNeeded(evidence)
    return Override(reason=override, evidence=evidence)


def log_override(action: Action, override: Override, *, actor: str, now: datetime) -> None:
    """Keep it in the safety log and tell the owner, in the edit's transaction. The version keeps the reason, too."""
    record(
        user=action.user,
        kind=KIND,
        actor=actor,
        before={"action": str(action.id)},
        after={"action": str(action.id), "mode": Mode.AUTO.value, "evidence": override.evidence.as_json()},
        note=override.reason,
        now=now,
    )
    why = "\n".join(lack.message for lack in override.evidence.lacks)
    raise_alert(
        user_id=action.user_id,
        kind=Alert.Kind.SAFETY,
        severity=Alert.Severity.WARNING,
        title=f"Trades on its own now, against the evidence: {sentence(action)}",
        body=f"{actor} gave this reason: {override.reason}\n{why}",
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "version": action.version},
        dedupe_key=f"promotion:{action.id}:{action.version}",
        now=now,
    )
