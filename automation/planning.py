"""What an Action watches for: its trigger's plan on the right subject."""

from __future__ import annotations

from automation.models import Action
from automation.triggers.base import Plan
from automation.triggers.registry import TRIGGERS


def plan_of(action: Action) -> Plan:
    """The plan of the action's trigger."""
    return TRIGGERS[action.trigger_type].plan(action.trigger_params, subject_of(action))


def subject_of(action: Action) -> str:
    """What the action's trigger is about: `portfolio:<id>`, or the action's symbol (empty if it has none)."""
    if TRIGGERS[action.trigger_type].of_portfolio:
        return f"portfolio:{action.portfolio_id}"
    return action.instrument_id or ""
