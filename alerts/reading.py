"""Read an alert config as a person or program writes it: every error at once, each naming field, value and fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.models import User
from alerts import subjects
from alerts.conditions.base import Kind
from alerts.conditions.registry import KINDS
from alerts.models import Alert
from common.errors import InvalidInput
from common.reading import BadParams, Reader, shown
from markets.models import Instrument

FIELDS = ("name", "alert_type", "condition", "portfolio", "enabled", "severity", "repeats", "cooldown_seconds")
REARMING = frozenset({"alert_type", "condition", "instrument_id", "subject", "repeats", "cooldown_seconds", "enabled"})
LONGEST_COOLDOWN = 31 * 86_400
SEVERITIES = tuple(Alert.Severity.values)


def read_config(user: User, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a checked config, defaults filled in. Raises InvalidInput."""
    read = Reader(raw, "a field of an alert")
    name = read.text("name", required_hint="", default="") or ""
    if len(name) > 120:
        read.errors["name"] = f"{shown(name)} is too long: use at most 120 characters"
    enabled = read.flag("enabled", default=True)
    severity = read.choice("severity", SEVERITIES, default=Alert.Severity.INFO)
    repeats = read.flag("repeats", default=True)
    cooldown = read.integer("cooldown_seconds", default=300, at_least=0, at_most=LONGEST_COOLDOWN)
    kind = _kind(read)
    condition, portfolio = read.take("condition"), read.take("portfolio")
    about = _about(user, kind, condition, portfolio, read.errors) if kind else {}
    try:
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return {
        "name": name,
        "enabled": enabled,
        "severity": severity,
        "repeats": repeats,
        "cooldown_seconds": cooldown,
        "alert_type": kind.type if kind else "",
        **about,
    }


def _kind(read: Reader) -> Kind | None:
    given = read.take("alert_type")
    if isinstance(given, str) and given in KINDS:
        return KINDS[given]
    known = ", ".join(KINDS)
    read.errors["alert_type"] = f"{shown(given)} is not known: use {known}" if given else f"is required: one of {known}"
    return None


def _about(user: User, kind: Kind, raw: Any, portfolio: Any, errors: dict[str, str]) -> dict[str, Any]:
    """The condition and what it is about. Complains in `errors`, with dotted names for the condition's keys."""
    if raw is None:
        errors["condition"] = f"is required: give an object such as {kind.examples[0]}"
        return {}
    try:
        condition = kind.parse(raw)
    except BadParams as bad:
        errors |= {f"condition.{key}" if key else "condition": text for key, text in bad.errors.items()}
        condition = {}
    subject = _subject(user, kind, condition, portfolio, errors)
    symbol = condition.get("symbol")
    if symbol:
        _check_symbol(symbol, errors)
    return {"condition": condition, "instrument_id": symbol, "subject": subject}


def _subject(
    user: User, kind: Kind, condition: Mapping[str, Any], portfolio: Any, errors: dict[str, str]
) -> UUID | None:
    if kind.subject_kind == subjects.PORTFOLIO:
        return _portfolio(user, portfolio, errors)
    if portfolio is not None:
        errors["portfolio"] = f"{shown(portfolio)} is for alerts of type risk: leave it out"
    if not kind.subject_kind or not condition:
        return None
    subject = UUID(condition[kind.subject_kind])
    if subject not in subjects.names_of(kind.subject_kind, user.pk, [subject]):
        errors[f"condition.{kind.subject_kind}"] = f"'{subject}' is not one of your {_plural(kind.subject_kind)}"
    return subject


def _portfolio(user: User, given: Any, errors: dict[str, str]) -> UUID | None:
    if given is None:
        found = subjects.default_of(subjects.PORTFOLIO, user.pk)
        if found is None:
            errors["portfolio"] = "is required: you have no primary portfolio"
        return found
    try:
        wanted = UUID(str(given))
    except ValueError:
        wanted = None
    if wanted is None or wanted not in subjects.names_of(subjects.PORTFOLIO, user.pk, [wanted]):
        errors["portfolio"] = f"{shown(given)} is not one of your portfolios: see /api/portfolios/"
    return wanted


def _check_symbol(symbol: str, errors: dict[str, str]) -> None:
    if symbol.isprintable() and Instrument.objects.filter(symbol=symbol).exists():
        return
    known = Instrument.objects.filter(active=True).values_list("symbol", flat=True)[:20_000]
    near = difflib.get_close_matches(symbol, list(known), n=1)
    fix = f"did you mean {near[0]}?" if near else "see /api/markets/instruments/"
    errors["condition.symbol"] = f"{shown(symbol)} is not a known symbol: {fix}"


def _plural(kind: str) -> str:
    return "strategies" if kind == subjects.STRATEGY else f"{kind}s"
