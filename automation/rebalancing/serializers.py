"""Rebalance runs as the API shows them. Decimals are strings, times ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from automation.rebalancing.models import RebalanceLeg, RebalanceRun
from automation.rebalancing.ordering import orders_of
from automation.rebalancing.states import RunState
from automation.serializers import PlainDecimal
from common.api import StrictSerializer
from orders.serializers import ApprovalChangeOut, OrderOut


class RunLegOut(serializers.ModelSerializer[RebalanceLeg]):
    """An order the run wants; `quantity` and `price` of a buy are known once the sells are over."""

    symbol = serializers.CharField(source="instrument_id")
    planned_quantity = PlainDecimal()
    planned_price = PlainDecimal()
    quantity = PlainDecimal(allow_null=True)
    price = PlainDecimal(allow_null=True)

    class Meta:
        model = RebalanceLeg
        fields = [
            "number", "side", "symbol", "planned_quantity", "planned_price", "quantity", "price", "sized_code",
            "sized_reason",
        ]  # fmt: skip
        read_only_fields = fields


class RunResidualOut(serializers.Serializer[Any]):
    """Dollars of a leg that were planned and not traded (negative: more was), and why."""

    leg = serializers.IntegerField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    code = serializers.CharField()
    amount = serializers.CharField()
    reason = serializers.CharField()


class RebalanceRunOut(serializers.ModelSerializer[RebalanceRun]):
    """A run as it stands. `state` blocked: it was refused before its first leg, `reason_code` says why."""

    goal = serializers.UUIDField(source="goal_id", allow_null=True)
    goal_name = serializers.CharField(source="goal.name", default="")
    portfolio = serializers.UUIDField(source="portfolio_id")
    state = serializers.ChoiceField(choices=RunState.choices)
    targets = serializers.DictField(child=serializers.CharField())
    legs = RunLegOut(many=True)
    residuals = RunResidualOut(many=True)

    class Meta:
        model = RebalanceRun
        fields = [
            "id", "goal", "goal_name", "portfolio", "targets", "cause", "actor", "action_id", "state", "reason_code",
            "reason", "legs", "residuals", "approved_by", "approved_at", "approval_note", "expires_at", "created_at",
            "begun_at", "finished_at", "trace_id",
        ]  # fmt: skip
        read_only_fields = fields


class RebalanceRunDetail(RebalanceRunOut):
    """A run with its plan, the gate's answers before it began, its orders, and what changed since it began to wait."""

    plan = serializers.DictField(help_text="as shown: trades, dropped ones with reasons, cost, turnover, weights")
    checks = serializers.ListField(child=serializers.DictField(), help_text="the gate's answer to each leg")
    result = serializers.DictField(help_text="where the goal stood at the end")
    orders = serializers.SerializerMethodField()
    changes = ApprovalChangeOut(many=True, help_text="since it began to wait for approval; empty if it does not")

    class Meta(RebalanceRunOut.Meta):
        fields = [*RebalanceRunOut.Meta.fields, "plan", "checks", "result", "orders", "changes"]
        read_only_fields = fields

    @extend_schema_field(OrderOut(many=True))
    def get_orders(self, run: RebalanceRun) -> Any:
        found = orders_of(run.pk)
        return OrderOut([found[number] for number in sorted(found)], many=True).data


class RebalanceIn(StrictSerializer, serializers.Serializer[Any]):
    """`dry_run`: show the plan and what would stop it, begin nothing. `force`: although all is inside its band."""

    dry_run = serializers.BooleanField(default=False)
    force = serializers.BooleanField(default=True)


class DryLegOut(serializers.Serializer[Any]):
    """An order as it would be placed now."""

    number = serializers.IntegerField()
    side = serializers.CharField()
    symbol = serializers.CharField()
    planned_quantity = PlainDecimal()
    planned_price = PlainDecimal()
    quantity = PlainDecimal()
    price = PlainDecimal()
    sized_code = serializers.CharField()
    sized_reason = serializers.CharField()


class DryRunOut(serializers.Serializer[Any]):
    """What would be done. `refusal_code`: why it would be refused; `asks`: why a person would have to approve it."""

    legs = DryLegOut(many=True)
    plan = serializers.DictField()
    checks = serializers.ListField(child=serializers.DictField())
    refusal_code = serializers.CharField()
    refusal = serializers.CharField()
    asks = serializers.CharField()
