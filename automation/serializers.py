"""Actions and executions as the API shows them. Decimals are strings, times ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from automation.drafts import SIZES
from automation.models import Action, ActionExecution, ActionType, ActionVersion, ExecutionState, MissedPolicy, Mode
from automation.sentences import sentence
from automation.triggers.registry import TRIGGERS
from common.money import plain
from orders.models import OrderType, TimeInForce


class PlainDecimal(serializers.DecimalField):
    """A decimal without padding zeros: 10, not 10.000000000."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=28, decimal_places=9, **options)

    def to_representation(self, value: Any) -> Any:
        return None if value is None else plain(value)


class ActionOut(serializers.ModelSerializer[Action]):
    """A rule as stored, with its English sentence."""

    symbol = serializers.CharField(source="instrument_id", allow_null=True)
    portfolio = serializers.UUIDField(source="portfolio_id")
    quantity = PlainDecimal(allow_null=True)
    amount_usd = PlainDecimal(allow_null=True)
    percent_of_position = PlainDecimal(allow_null=True)
    percent_of_equity = PlainDecimal(allow_null=True)
    goal = serializers.UUIDField(source="goal_id", allow_null=True)
    limit_price = PlainDecimal(allow_null=True)
    limit_offset = PlainDecimal(allow_null=True)
    stop_price = PlainDecimal(allow_null=True)
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Action
        fields = [
            "id",
            "name",
            "sentence",
            "status",
            "status_reason",
            "mode",
            "action_type",
            "symbol",
            *SIZES,
            "goal",
            "targets",
            "order_type",
            "limit_price",
            "limit_offset",
            "stop_price",
            "time_in_force",
            "trigger_type",
            "trigger_params",
            "conditions",
            "group",
            "message",
            "valid_from",
            "valid_until",
            "max_executions",
            "executions_count",
            "cooldown_seconds",
            "missed_policy",
            "run_late_minutes",
            "held_by",
            "failures_in_a_row",
            "last_triggered_at",
            "next_evaluation_at",
            "notes",
            "portfolio",
            "epoch",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_sentence(self, action: Action) -> str:
        return sentence(action)


class ActionIn(serializers.Serializer[Any]):
    """What a rule is made of. `automation.drafts` checks it: every field at once, each with the value and the fix."""

    action_type = serializers.ChoiceField(choices=ActionType.choices)
    symbol = serializers.CharField(required=False, help_text="required for BUY, SELL and price triggers")
    quantity = serializers.CharField(required=False, help_text="shares; exactly one size for BUY and SELL")
    amount_usd = serializers.CharField(required=False)
    percent_of_position = serializers.CharField(required=False, help_text="SELL only")
    percent_of_equity = serializers.CharField(required=False, help_text="BUY only")
    goal = serializers.CharField(required=False, help_text="REBALANCE: one of the portfolio's goals, by id or name")
    targets = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="REBALANCE: or weights 0 to 1 by symbol, summing to 1"
    )
    order_type = serializers.ChoiceField(choices=OrderType.choices, required=False)
    limit_price = serializers.CharField(required=False)
    limit_offset = serializers.CharField(required=False, help_text="limit = price at firing + offset")
    stop_price = serializers.CharField(required=False)
    time_in_force = serializers.ChoiceField(choices=TimeInForce.choices, required=False)
    trigger_type = serializers.ChoiceField(choices=sorted(TRIGGERS))
    trigger_params = serializers.JSONField(
        help_text="see actions/triggers/ for each type's parameters; all but clocks take for_seconds"
    )
    conditions = serializers.JSONField(
        required=False, help_text="all must hold when it fires: [{trigger_type, trigger_params, symbol}]"
    )
    group = serializers.CharField(
        required=False, help_text="one cancels other: the first that executes ends the others"
    )
    missed_policy = serializers.ChoiceField(choices=MissedPolicy.choices, required=False)
    run_late_minutes = serializers.IntegerField(required=False, allow_null=True, help_text="with run_late; default 60")
    mode = serializers.ChoiceField(choices=Mode.choices, required=False)
    name = serializers.CharField(required=False)
    message = serializers.CharField(required=False, help_text="NOTIFY: what to say")
    notes = serializers.CharField(required=False)
    portfolio = serializers.UUIDField(required=False, help_text="default: your primary portfolio")
    valid_from = serializers.DateTimeField(required=False)
    valid_until = serializers.DateTimeField(required=False)
    max_executions = serializers.IntegerField(required=False, allow_null=True, help_text="default 1; null: unlimited")
    cooldown_seconds = serializers.IntegerField(required=False)


class ActionChanges(ActionIn):
    """An edit: any of an action's fields, or `status` paused or active."""

    action_type = serializers.ChoiceField(choices=ActionType.choices, required=False)
    trigger_type = serializers.ChoiceField(choices=sorted(TRIGGERS), required=False)
    trigger_params = serializers.JSONField(required=False)
    status = serializers.ChoiceField(choices=["paused", "active"], required=False)
    override = serializers.CharField(
        required=False, help_text="with mode auto: why it may trade against the evidence (10 to 300 characters)"
    )


class ExecutionOut(serializers.ModelSerializer[ActionExecution]):
    """One firing and what became of it."""

    action = serializers.UUIDField(source="action_id")
    state = serializers.ChoiceField(choices=ExecutionState.choices)

    class Meta:
        model = ActionExecution
        fields = [
            "id",
            "action",
            "epoch",
            "state",
            "cause",
            "triggered_at",
            "expires_at",
            "finished_at",
            "observation",
            "details",
            "reason_code",
            "error",
            "attempts",
            "trace_id",
        ]
        read_only_fields = fields


class VersionOut(serializers.ModelSerializer[ActionVersion]):
    """One edit: {field: [old, new]}."""

    class Meta:
        model = ActionVersion
        fields = ["version", "at", "actor", "changes"]
        read_only_fields = fields


class ExplanationOut(serializers.Serializer[Any]):
    """Where a rule stands. `distance` in dollars, `distance_percent` in percent of the last price."""

    sentence = serializers.CharField()
    status_line = serializers.CharField()
    current_value = PlainDecimal(allow_null=True)
    level = PlainDecimal(allow_null=True)
    last_price = PlainDecimal(allow_null=True)
    firing_price = PlainDecimal(allow_null=True)
    distance = PlainDecimal(allow_null=True)
    distance_percent = PlainDecimal(allow_null=True)
    already_true = serializers.BooleanField()
    next_due_at = serializers.DateTimeField(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())


class InvolvedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True, help_text="null for the rule that does not exist yet")
    sentence = serializers.CharField()


class FindingOut(serializers.Serializer[Any]):
    """A conflict between rules, or of a rule with what is held or with a limit."""

    code = serializers.CharField(help_text="OPPOSITE, LOOP, SUMMED_CAPS, OVERSOLD, DUPLICATE, SHADOWED, UNREACHABLE")
    severity = serializers.ChoiceField(choices=["error", "warning", "info"])
    text = serializers.CharField()
    advice = serializers.CharField(help_text="what to do")
    rules = InvolvedOut(many=True)
    more_rules = serializers.IntegerField(help_text="how many rules besides those named")


class PreviewedOut(ExplanationOut):
    """A rule explained before it exists, with what it would get into."""

    findings = FindingOut(many=True)


class PreviewQuery(serializers.Serializer[Any]):
    editing = serializers.UUIDField(
        required=False, help_text="the rule this is an edit of: it is not held against itself"
    )


class CreatedOut(ActionOut):
    """A new rule, with what its maker should know."""

    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    findings = FindingOut(many=True, read_only=True)

    class Meta(ActionOut.Meta):
        fields = [*ActionOut.Meta.fields, "warnings", "findings"]


class ObservationIn(serializers.Serializer[Any]):
    """Made-up market inputs; what is left out comes from the standing quote."""

    price = serializers.CharField(required=False)
    low = serializers.CharField(required=False)
    high = serializers.CharField(required=False)
    prev_close = serializers.CharField(required=False)
    session_open = serializers.CharField(required=False)
    volume = serializers.CharField(required=False)
    value = serializers.CharField(required=False, help_text="for triggers on closed bars")
    at = serializers.DateTimeField(required=False, help_text="for clock triggers")


class PreviewOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    side = serializers.CharField()
    order_type = serializers.CharField()
    quantity = PlainDecimal(allow_null=True)
    notional = PlainDecimal(allow_null=True)
    limit_price = PlainDecimal(allow_null=True)
    decision_price = PlainDecimal(allow_null=True)
    state = serializers.CharField(help_text="queued, awaiting_approval or blocked")
    reason_code = serializers.CharField()
    reason = serializers.CharField()
    checks = serializers.JSONField(help_text="every check of the gate: name, outcome, code, message, values")


class WhatIfOut(serializers.Serializer[Any]):
    """Would it fire, what would it order, and what would the gate say?"""

    would_fire = serializers.BooleanField()
    sentence = serializers.CharField()
    reason = serializers.CharField()
    value = PlainDecimal(allow_null=True)
    level = PlainDecimal(allow_null=True)
    effect = serializers.CharField()
    order = PreviewOut(allow_null=True)
    inputs = serializers.DictField(child=serializers.CharField())


class TriggerTypeOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    needs_symbol = serializers.BooleanField()
    example = serializers.JSONField()
    sentence = serializers.CharField()
