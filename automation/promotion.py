"""From watching to trading: a rule is promoted to automatic on evidence, or against it with a reason that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User
from alerts.models import Alert
from alerts.raising import raise_alert
from automation.drafts import storable
from automation.evidence import evidence_of
from automation.models import Action, ActionType, Mode
from automation.probation import REMAKES, Lack
from automation.sentences import sentence
from automation.triggers.reading import shown
from common.errors import Conflict, InvalidInput
from safety.events import record

SHORTEST_REASON, LONGEST_REASON = 10, 300
KIND = "promotion_override"


class Shown(Protocol):
    """What something that wants to trade on its own has shown; `lacks` is empty when it is enough."""

    @property
    def lacks(self) -> tuple[Lack, ...]: ...

    def as_json(self) -> dict[str, Any]: ...


class ThinEvidence(Conflict):
    """Something has not shown enough to trade on its own: it needs a reason, which is kept. `extra` says what it has
    shown and what to send."""

    code = "evidence_needed"

    def __init__(self, lacks: Iterable[str], shown: Mapping[str, Any], *, mode: str) -> None:
        send = {"mode": mode, "override": f"your reason, at least {SHORTEST_REASON} characters"}
        self.extra = {"evidence": dict(shown), "send": send}
        super().__init__(
            f'The evidence is thin: {" ".join(lacks)} To let it trade all the same, send "override" with your reason '
            f"(at least {SHORTEST_REASON} characters); it is kept."
        )


class EvidenceNeeded(ThinEvidence):
    """A rule or a strategy has not shown enough. `evidence` says what it has shown."""

    def __init__(self, evidence: Shown, *, mode: str = Mode.AUTO.value) -> None:
        self.evidence = evidence
        super().__init__((lack.message for lack in evidence.lacks), evidence.as_json(), mode=mode)


@dataclass(frozen=True, kw_only=True)
class Override:
    """A promotion against the evidence, and why."""

    reason: str
    evidence: Shown


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
    keep_override(
        override,
        user=action.user,
        subject={"action": str(action.id)},
        mode=Mode.AUTO.value,
        name=sentence(action),
        version=action.version,
        symbol=action.instrument_id or "",
        dedupe_key=f"promotion:{action.id}:{action.version}",
        actor=actor,
        now=now,
    )


def keep_override(
    override: Override,
    *,
    user: User,
    subject: Mapping[str, str],
    mode: str,
    name: str,
    version: int,
    dedupe_key: str,
    actor: str,
    now: datetime,
    symbol: str = "",
) -> None:
    """Write into the safety log that `subject` trades against the evidence and why, and tell its owner."""
    evidence = override.evidence
    record(
        user=user,
        kind=KIND,
        actor=actor,
        before=subject,
        after={**subject, "mode": mode, "evidence": evidence.as_json()},
        note=override.reason,
        now=now,
    )
    why = "\n".join(lack.message for lack in evidence.lacks)
    raise_alert(
        user_id=user.pk,
        kind=Alert.Kind.SAFETY,
        severity=Alert.Severity.WARNING,
        title=f"Trades on its own now, against the evidence: {name}",
        body=f"{actor} gave this reason: {override.reason}\n{why}",
        symbol=symbol,
        data={**subject, "version": version},
        dedupe_key=dedupe_key,
        now=now,
    )
