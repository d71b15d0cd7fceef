"""A user's agent settings: read, checked, changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from accounts import credentials
from accounts.models import User
from agent import budget
from agent.models import AgentConfig, Provider, RunMode
from agent.scorecard import judge_raise
from automation.promotion import reason_of
from common.errors import InvalidInput

# Name -> (least, most).
WHOLE = {
    "max_calls": (1, 50),
    "max_turns": (1, 30),
    "max_tool_calls": (0, 100),
    "max_seconds": (10, 600),
    "max_output_tokens": (256, 64_000),
    "max_tokens_per_run": (1_000, 5_000_000),
}
DOLLARS = {"dollars_per_run": 100, "dollars_per_day": 1_000, "dollars_per_month": 10_000}


def config_of(user: User, *, now: datetime) -> AgentConfig:
    """The user's settings; made with the careful defaults when asked for the first time."""
    config, _ = AgentConfig.objects.get_or_create(user=user, defaults={"updated_at": now})
    return config


@transaction.atomic
def change_config(*, user: User, changes: Mapping[str, Any], now: datetime) -> AgentConfig:
    """Change some settings. Raises InvalidInput with every error.

    A provider needs the user's key and a price for its model, so that no run fails for want of either. Raising the
    mode to execute needs evidence, or an `override` with a reason: see `agent.scorecard`.
    """
    changes = dict(changes)
    override = reason_of(changes)
    config_of(user, now=now)
    config = AgentConfig.objects.select_for_update().get(user=user)
    errors: dict[str, str] = {}
    before = config.mode
    for name, value in changes.items():
        problem = _set(config, name, value)
        if problem:
            errors[name] = problem
    if not errors and config.provider != Provider.OFFLINE:
        errors |= _usable(config)
    if errors:
        raise InvalidInput(errors)
    config.version += 1
    judge_raise(user=user, config=config, before=before, override=override, now=now)
    config.updated_at = now
    config.save()
    return config


def _set(config: AgentConfig, name: str, value: Any) -> str:
    """Set one field; what is wrong with it, or nothing."""
    if name in WHOLE:
        least, most = WHOLE[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            return f"{value!r} is not usable: give a whole number from {least} to {most}."
    elif name in DOLLARS or name == "min_confidence":
        top = Decimal(DOLLARS.get(name, 1))
        try:
            value = Decimal(str(value))
        except InvalidOperation:
            return f"{value!r} is not a number: give a decimal such as 0.50."
        if not value.is_finite() or not 0 <= value <= top:
            return f"{value} is out of range: give 0 to {top}."
    elif name in ("provider", "mode"):
        known = Provider.values if name == "provider" else RunMode.values
        if value not in known:
            return f"{value!r} is not known: use {', '.join(known)}."
    elif name in ("model", "instructions"):
        longest = 80 if name == "model" else 2000
        if not isinstance(value, str) or len(value) > longest or (not value.replace("\n", " ").isprintable() and value):
            return f"It must be a text of at most {longest} characters."
        value = value.strip()
    elif name == "notifications_in_chat":
        if not isinstance(value, bool):
            return f"{value!r} is not true or false."
    else:
        return "is not a setting of the agent."
    setattr(config, name, value)
    return ""


def _usable(config: AgentConfig) -> dict[str, str]:
    errors = {}
    if not config.model:
        errors["model"] = "is required: name the provider's model."
    else:
        try:
            budget.price_of(user_id=config.user_id, provider=config.provider, model=config.model)
        except InvalidInput as missing:
            errors["model"] = " ".join(missing.errors["model"])
    if config.provider != Provider.COMPATIBLE and not credentials.has(user_id=config.user_id, kind=config.provider):
        errors["provider"] = f"{config.provider} needs your key: store it first, on the page Settings."
    return errors
