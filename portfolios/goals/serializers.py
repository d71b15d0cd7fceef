"""What the doors of goals say and take. Weights, thresholds and caps are ratios, money is dollars; all as strings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portfolios.goals.changing import warnings_of
from portfolios.goals.drafting import FIELDS
from portfolios.models import GoalVersion, PortfolioGoal
from portfolios.serializers import fine, money

WEIGHTS = {"type": "object", "additionalProperties": {"type": "string", "format": "decimal"}}


@extend_schema_field(WEIGHTS)
class WeightsField(serializers.JSONField):
    """{"SPY": "0.6", "CASH": "0.4"}"""


class GoalIn(serializers.ModelSerializer[PortfolioGoal]):
    """What can be sent; only `name` and `target_weights` must be, and the checks are the goal's own."""

    portfolio = serializers.UUIDField(required=False, help_text="the primary one if left out; cannot be changed")
    target_weights = WeightsField()
    do_not_sell = serializers.ListField(child=serializers.CharField(), required=False)
    version = serializers.IntegerField(required=False, help_text="PATCH: refuse if the goal was changed since")

    class Meta:
        model = PortfolioGoal
        fields = ["portfolio", *FIELDS, "version"]


class GoalOut(serializers.ModelSerializer[PortfolioGoal]):
    target_weights = WeightsField()
    do_not_sell = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = PortfolioGoal
        fields = ["id", "portfolio", *FIELDS, "last_rebalanced_at", "created_at", "updated_at", "version"]
        read_only_fields = fields


class OneGoalOut(GoalOut):
    warnings = serializers.SerializerMethodField(help_text="what is allowed but probably not meant")

    class Meta(GoalOut.Meta):
        fields = [*GoalOut.Meta.fields, "warnings"]
        read_only_fields = fields

    def get_warnings(self, goal: PortfolioGoal) -> list[str]:
        return warnings_of(goal)


class GoalVersionOut(serializers.ModelSerializer[GoalVersion]):
    terms = serializers.DictField(help_text="every field of the goal as it was")

    class Meta:
        model = GoalVersion
        fields = ["version", "at", "actor", "terms"]
        read_only_fields = fields


class DriftRowOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    value = money()
    weight = fine()
    target = fine()
    drift = fine(help_text="weight less target")
    band = fine(allow_null=True, help_text="allowed distance; null: not judged")
    dollars = money(help_text="value less target value")
    outside = serializers.BooleanField()
    actionable = serializers.BooleanField(help_text="outside, and by enough that a trade could be made")


class DriftOut(serializers.Serializer[Any]):
    equity = money(allow_null=True)
    managed = money(help_text="equity less what stays cash: what weights are shares of")
    needs_rebalancing = serializers.BooleanField()
    worst = fine(help_text="the largest distance from a target")
    band_use = fine(help_text="the largest distance over its band; above 1 is outside")
    problem = serializers.CharField(allow_blank=True, help_text="why nothing can be told")
    rows = DriftRowOut(many=True)


class PlanQuery(serializers.Serializer[Any]):
    force = serializers.BooleanField(default=False, help_text="go to the targets even while all is inside its band")


class LotPartOut(serializers.Serializer[Any]):
    lot_id = serializers.IntegerField()
    quantity = fine()
    gain = money()
    long_term = serializers.BooleanField()


class PlannedTradeOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    side = serializers.CharField(help_text="buy or sell")
    quantity = fine()
    price = fine()
    value = money()
    cost = money()
    reason = serializers.CharField()
    lots = LotPartOut(many=True)
    short_term_gain = money()
    long_term_gain = money()
    estimated_tax = money(help_text="below 0: tax saved")


class DroppedTradeOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    side = serializers.CharField(help_text="buy or sell")
    quantity = fine()
    value = money()
    code = serializers.CharField()
    reason = serializers.CharField()


class ResidualOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    dollars = money(help_text="above 0: too much")
    code = serializers.CharField()
    reason = serializers.CharField()


class GoalPlanOut(serializers.Serializer[Any]):
    """What a rebalance would do now; nothing is placed."""

    trades = PlannedTradeOut(many=True)
    dropped = DroppedTradeOut(many=True)
    residuals = ResidualOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    equity = money()
    managed = money()
    reserved = money()
    expected_cost = money()
    estimated_tax = money()
    turnover = fine(help_text="bought and sold, over equity")
    cash_before = money()
    cash_after = money()
    weights_before = serializers.DictField(child=fine())
    weights_after = serializers.DictField(child=fine())


class HarvestQuery(serializers.Serializer[Any]):
    min_loss = money(default=Decimal(100), help_text="dollars")
    min_loss_pct = serializers.DecimalField(max_digits=9, decimal_places=4, default=Decimal(5), help_text="of the cost")
    short_term_tax_pct = serializers.DecimalField(max_digits=9, decimal_places=4, default=Decimal(24))
    long_term_tax_pct = serializers.DecimalField(max_digits=9, decimal_places=4, default=Decimal(15))


class CandidateOut(serializers.Serializer[Any]):
    lot_id = serializers.IntegerField()
    symbol = serializers.CharField()
    acquired_at = serializers.DateTimeField()
    quantity = fine()
    cost = money()
    value = money()
    loss = money()
    loss_pct = serializers.DecimalField(max_digits=9, decimal_places=4)
    long_term = serializers.BooleanField()
    tax_saved = money()
    no_buys_until = serializers.DateTimeField(help_text="if it were sold now")
    caution = serializers.CharField(allow_blank=True)
