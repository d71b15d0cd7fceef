"""What the safety doors read and write."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from safety.limits import FIELDS
from safety.models import AuditEntry, PolicyVersion, SafetyEvent, SafetyPolicy, TradingState


def threshold() -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=20, decimal_places=2, allow_null=True, help_text="another name of large_order_amount, in dollars"
    )


class PolicyFields(serializers.ModelSerializer[SafetyPolicy]):
    symbol_whitelist = serializers.ListField(child=serializers.CharField(), help_text="empty: every symbol")
    symbol_blacklist = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = SafetyPolicy
        fields = list(FIELDS)


class SafetyOut(PolicyFields):
    """The limits in force and the switches."""

    large_order_threshold = threshold()
    kill_switch = serializers.BooleanField(help_text="nothing is sent")
    killed_scopes = serializers.ListField(child=serializers.CharField(), help_text="global, user, portfolio")
    trading_state = serializers.ChoiceField(TradingState.choices)

    class Meta(PolicyFields.Meta):
        fields = [
            *FIELDS,
            "large_order_threshold",
            "kill_switch",
            "killed_scopes",
            "trading_state",
            "portfolio",
            "version",
            "updated_at",
        ]


class SafetyIn(PolicyFields):
    """Send what is to change. Loosening needs `current_password`."""

    large_order_threshold = threshold()
    kill_switch = serializers.BooleanField(help_text="true kills; to resume, POST the word to safety/resume/")
    trading_state = serializers.ChoiceField(TradingState.choices)
    current_password = serializers.CharField(write_only=True)

    class Meta(PolicyFields.Meta):
        fields = [*FIELDS, "large_order_threshold", "kill_switch", "trading_state", "current_password"]


class SafetyQuery(serializers.Serializer[Any]):
    portfolio = serializers.UUIDField(required=False, help_text="the limits of this portfolio; else your own")


class SafetyEventOut(serializers.ModelSerializer[SafetyEvent]):
    before = serializers.DictField()
    after = serializers.DictField()

    class Meta:
        model = SafetyEvent
        fields = ["id", "at", "kind", "actor", "before", "after", "note"]
        read_only_fields = fields


class LimitChangeOut(serializers.Serializer[Any]):
    """One limit that differs from the version before."""

    name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    """The whole of a policy as it was from `at` on."""

    limits = serializers.DictField()

    class Meta:
        model = PolicyVersion
        fields = ["id", "portfolio", "version", "at", "actor", "note", "limits"]
        read_only_fields = fields


class PolicyVersionWithChanges(PolicyVersionOut):
    """Documents the answer of safety/versions/."""

    changes = LimitChangeOut(many=True)

    class Meta(PolicyVersionOut.Meta):
        fields = [*PolicyVersionOut.Meta.fields, "changes"]
        read_only_fields = fields


class AuditEntryOut(serializers.ModelSerializer[AuditEntry]):
    """One entry of the audit log; `hash` seals it together with `prev_hash`."""

    chain = serializers.CharField(source="chain.key")
    data = serializers.DictField()  # type: ignore[assignment]  # a field, not the property of that name

    class Meta:
        model = AuditEntry
        fields = ["id", "chain", "seq", "at", "kind", "actor", "source", "subject", "data", "prev_hash", "hash"]
        read_only_fields = fields
