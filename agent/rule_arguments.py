"""A rule as a tool takes it. Goals, groups, notes and portfolios are not among its fields; neither is an override."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from agent.tools.base import Arguments, Number, Symbol, Text

Word = Annotated[Text, Field(max_length=200)]
Value = StrictBool | StrictInt | Word | list[Word] | None
Params = Annotated[dict[Annotated[Text, Field(max_length=40)], Value], Field(max_length=20)]


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("give a time zone, e.g. 2026-11-22T14:30:00Z")
    return moment


Moment = Annotated[datetime, AfterValidator(_with_zone)]


class ConditionFields(Arguments):
    """What must hold when the trigger fires."""

    trigger_type: Annotated[Text, Field(max_length=20)]
    trigger_params: Params = {}
    symbol: Symbol | None = None


class LimitFields(Arguments):
    """What a rule's edit may change too. Decimals are strings; times ISO 8601 with a zone."""

    quantity: Number | None = None
    amount_usd: Number | None = None
    percent_of_position: Number | None = None
    percent_of_equity: Number | None = None
    trigger_params: Params | None = None
    limit_price: Number | None = None
    stop_price: Number | None = None
    valid_until: Moment | None = None
    max_executions: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    cooldown_seconds: Annotated[StrictInt, Field(ge=0, le=31_536_000)] | None = None
    message: Annotated[Text, Field(max_length=500)] | None = None


class RuleFields(LimitFields):
    """A new rule: WHEN trigger, DO action_type, in exactly one size."""

    action_type: Literal["BUY", "SELL", "NOTIFY"]
    symbol: Symbol | None = None
    trigger_type: Annotated[Text, Field(max_length=20)]
    trigger_params: Params = {}
    conditions: Annotated[list[ConditionFields], Field(max_length=5)] = []
    mode: Literal["monitor", "notify", "auto"] = "auto"
    order_type: Literal["market", "limit", "stop", "stop_limit"] = "market"
    time_in_force: Literal["day", "gtc", "ioc"] = "day"
    valid_from: Moment | None = None
    name: Annotated[Text, Field(max_length=120)] | None = None


def given(fields: Arguments, *, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What was given, as a rule's door takes it: JSON."""
    return fields.model_dump(mode="json", exclude_none=True, exclude=set(leave_out))
