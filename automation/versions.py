"""The history of a rule: what it was at each version, in words, and going back to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from automation import lifecycle
from automation.drafts import as_raw
from automation.finding import action_of
from automation.models import Action, ActionStatus, Mode
from automation.sentences import sentence
from common.bulk import column
from common.errors import Conflict, NotFound

SHOWN = 50
LABELS = {
    "instrument_id": "symbol",
    "portfolio_id": "portfolio",
    "goal_id": "goal",
    "amount_usd": "dollars",
    "percent_of_position": "percent of the position",
    "percent_of_equity": "percent of the portfolio",
    "max_executions": "how often at most",
    "cooldown_seconds": "seconds between firings",
    "valid_from": "not before",
    "valid_until": "until",
    "trigger_type": "trigger",
    "order_type": "order",
    "missed_policy": "when missed",
}
OPEN = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting, before and after, as a person reads it."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """One version. `sentence`: what the rule said then; `restorable`: it can be gone back to, and differs from now."""

    version: int
    at: datetime
    actor: str
    sentence: str
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]
    restorable: bool


def history_of(action: Action, *, most: int = SHOWN) -> list[Past]:
    """The newest versions, newest first. Two queries."""
    names = {str(pk): name for pk, name in action.user.portfolios.values_list("id", "name")}
    now = as_raw(action)
    standing = dict(now)
    told = []
    comparable = True  # numbers from before a split mean something else today
    for version in action.versions.order_by("-version")[:most]:
        told.append(
            Past(
                version=version.version,
                at=version.at,
                actor=version.actor,
                sentence=_sentence(action, standing),
                changes=tuple(_changes(version.changes, names)),
                remarks=tuple(_remarks(version.changes)),
                restorable=comparable and action.status in OPEN and _settings(standing) != _settings(now),
            )
        )
        _undo(standing, version.changes)
        comparable = comparable and "split" not in version.changes
    return told


def restore(
    *, user: User, action_id: UUID, version: int, now: datetime, actor: str, override: str | None = None
) -> Action:
    """Set the rule as it was at `version`, by an edit like any other: checked afresh, and it leaves a new version.

    Whether it is active or paused stays as it is. Raises NotFound, InvalidInput for what cannot be any more (a window
    that has passed), Conflict for an ended rule, EvidenceNeeded when it would become automatic.
    """
    action = action_of(user, action_id)
    raw = raw_at(action, version)
    if override and raw["mode"] == Mode.AUTO:
        raw["override"] = override
    return lifecycle.update_action(
        user=user, action_id=action_id, changes=raw, now=now, actor=actor, remarks={"restored": [None, version]}
    )


def raw_at(action: Action, version: int) -> dict[str, Any]:
    """The rule as it was written at a version, as `Draft` reads it. Raises NotFound."""
    later = list(action.versions.filter(version__gte=version).order_by("-version"))
    if not later or later[-1].version != version:
        raise NotFound(f"This rule has no version {version}: it has 1 to {action.version}.")
    raw = as_raw(action)
    for row in later[:-1]:
        if "split" in row.changes:
            raise Conflict(
                f"Version {version} is from before the split {row.changes['split'][1]}: its prices and shares mean"
                " something else today. Edit the rule instead."
            )
        _undo(raw, row.changes)
    return {name: value if name in NULLABLE else _shown(value) for name, value in raw.items()}


NULLABLE = frozenset({"max_executions"})  # where None says something else than leaving it out


def _shown(value: Any) -> Any:
    return None if value == "" else value


def _undo(raw: dict[str, Any], changes: Mapping[str, Sequence[Any]]) -> None:
    """Take one version's changes back."""
    for field, (old, _) in changes.items():
        name = {"instrument_id": "symbol", "portfolio_id": "portfolio", "goal_id": "goal"}.get(field, field)
        if name in raw:  # not: status, created, remarks
            raw[name] = old


def _settings(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A raw rule with its values in one spelling, to compare."""
    return {name: lifecycle.shown_value(value) for name, value in raw.items()}


def _sentence(action: Action, raw: Mapping[str, Any]) -> str:
    then = Action(instrument_id=raw["symbol"], goal_id=raw["goal"], targets=raw["targets"] or {})
    for name in ("symbol", "portfolio", "goal", "targets"):
        raw = {key: value for key, value in raw.items() if key != name}
    for name, value in raw.items():
        setattr(then, name, column(Action, name).to_python(value))
    return sentence(then)


def _changes(changes: Mapping[str, Sequence[Any]], portfolios: Mapping[str, str]) -> list[Change]:
    told = []
    for field, (old, new) in changes.items():
        if field in REMARKS:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            told += [
                Change(field=f"trigger {name}", old=_words(old.get(name), name), new=_words(new.get(name), name))
                for name in {**old, **new}
                if old.get(name) != new.get(name)
            ]
        elif field == "portfolio_id":
            told.append(Change(field="portfolio", old=portfolios.get(old, "?"), new=portfolios.get(new, "?")))
        else:
            told.append(Change(field=LABELS.get(field, field), old=_words(old, field), new=_words(new, field)))
    named = [Change(field=c.field.replace("_", " "), old=c.old, new=c.new) for c in told]
    return sorted(named, key=lambda change: change.field)


REMARKS = ("created", "override", "restored", "split")
CHOICES: dict[str, dict[str, str]] = {
    "mode": dict(Mode.choices),
    "status": dict(ActionStatus.choices),
}


def _remarks(changes: Mapping[str, Sequence[Any]]) -> list[str]:
    told = []
    if "created" in changes:
        told.append("As it was made.")
    if "restored" in changes:
        told.append(f"Back to version {changes['restored'][1]}.")
    if "split" in changes:
        told.append(f"Rescaled: {changes['split'][1]} split.")
    if "override" in changes:
        told.append(f"Against the evidence, because: {changes['override'][1]}")
    return told


def _words(value: Any, field: str) -> str:
    if value is None or value in ("", [], {}):
        return "no limit" if field == "max_executions" else "none"
    if field in CHOICES:
        return CHOICES[field].get(str(value), str(value))
    if field.endswith("_type"):
        return str(value).replace("_", " ")
    if isinstance(value, list):
        return ", ".join(_words(item, "") for item in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_words(inner, '')}" for key, inner in value.items())
    return str(value)
