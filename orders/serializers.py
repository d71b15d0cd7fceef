"""What the orders API says and takes. Decimals are strings without trailing zeros."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import StrictSerializer
from common.money import plain
from orders.models import Fill, Order, OrderTransition, OrderType, Side, TimeInForce
from safety.models import Switch


class PlainDecimal(serializers.DecimalField):
    """A decimal as a string without trailing zeros: "189.5"."""

    def __init__(self, *, decimal_places: int = 9, **options: Any) -> None:
        super().__init__(max_digits=24, decimal_places=decimal_places, **options)

    def to_representation(self, value: Any) -> Any:
        return None if value is None else plain(value)


class OrderIn(StrictSerializer, serializers.Serializer[Any]):
    """A manual order, in exactly one size."""

    portfolio = serializers.UUIDField(required=False, help_text="your primary one if left out")
    symbol = serializers.CharField(max_length=20)
    side = serializers.ChoiceField(choices=Side.choices)
    order_type = serializers.ChoiceField(choices=OrderType.choices, default=OrderType.MARKET.value)
    time_in_force = serializers.ChoiceField(choices=TimeInForce.choices, default=TimeInForce.DAY.value)
    quantity = PlainDecimal(required=False, help_text="shares")
    notional = PlainDecimal(required=False, decimal_places=2, help_text="dollars")
    percent_of_position = PlainDecimal(required=False, decimal_places=4, help_text="of the shares held; sells only")
    percent_of_equity = PlainDecimal(required=False, decimal_places=4, help_text="of the portfolio; buys only")
    limit_price = PlainDecimal(required=False)
    stop_price = PlainDecimal(required=False)
    reduce_only = serializers.BooleanField(default=False)

    def validate_symbol(self, value: str) -> str:
        return value.strip().upper()


class CheckOut(serializers.Serializer[Any]):
    """One check of the safety gate."""

    check = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["pass", "deny", "needs_approval", "skipped"])
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    values = serializers.DictField(child=serializers.CharField())


class TransitionOut(serializers.ModelSerializer[OrderTransition]):
    class Meta:
        model = OrderTransition
        fields = ["at", "from_state", "to_state", "note"]


class FillOut(serializers.ModelSerializer[Fill]):
    quantity = PlainDecimal()
    price = PlainDecimal()
    fee = PlainDecimal()

    class Meta:
        model = Fill
        fields = ["execution_id", "quantity", "price", "fee", "at"]


class OrderOut(serializers.ModelSerializer[Order]):
    portfolio = serializers.UUIDField(source="portfolio_id")
    account = serializers.UUIDField(source="account_id")
    symbol = serializers.CharField(source="instrument_id")
    quantity = PlainDecimal(allow_null=True)
    notional = PlainDecimal(allow_null=True)
    limit_price = PlainDecimal(allow_null=True)
    stop_price = PlainDecimal(allow_null=True)
    decision_price = PlainDecimal(allow_null=True)
    filled_quantity = PlainDecimal()
    average_price = PlainDecimal(allow_null=True)

    class Meta:
        model = Order
        fields = [
            "id", "portfolio", "account", "source_kind", "source_id", "action_id", "client_order_id", "symbol", "side",
            "order_type", "time_in_force", "quantity", "notional", "limit_price", "stop_price", "reduce_only", "state",
            "reason_code", "reason", "policy_version", "decision_price", "decided_at", "expires_at", "approved_by",
            "approved_at", "approval_note", "broker_order_id", "filled_quantity", "average_price", "submitted_at",
            "accepted_at", "closed_at", "trading_date", "trace_id", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class OrderDetail(OrderOut):
    """An order with everything that happened to it and every check's answer."""

    verdict = serializers.SerializerMethodField()
    transitions = serializers.SerializerMethodField()
    fills = serializers.SerializerMethodField()

    class Meta(OrderOut.Meta):
        fields = [*OrderOut.Meta.fields, "verdict", "transitions", "fills"]
        read_only_fields = fields

    @extend_schema_field(CheckOut(many=True))
    def get_verdict(self, order: Order) -> Any:
        return order.verdict

    @extend_schema_field(TransitionOut(many=True))
    def get_transitions(self, order: Order) -> Any:
        return TransitionOut(order.transitions.order_by("at", "pk"), many=True).data

    @extend_schema_field(FillOut(many=True))
    def get_fills(self, order: Order) -> Any:
        return FillOut(order.fills.order_by("at", "pk"), many=True).data


class ApprovalChangeOut(serializers.Serializer[Any]):
    """One thing as it was when the order began to wait, and as it is now, in words."""

    name = serializers.CharField()
    title = serializers.CharField(source="label")
    before = serializers.CharField()
    now = serializers.CharField()
    changed = serializers.BooleanField()


class ApprovalOut(OrderDetail):
    """Documents the answer of approvals/{id}/."""

    seconds_left = serializers.IntegerField(help_text="until it expires; 0 when it does not wait any more")
    changes = ApprovalChangeOut(many=True, help_text="empty when it does not wait any more")

    class Meta(OrderDetail.Meta):
        fields = [*OrderDetail.Meta.fields, "seconds_left", "changes"]
        read_only_fields = fields


class ApprovalDecisionIn(StrictSerializer, serializers.Serializer[Any]):
    """Why, if you like."""

    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class KillIn(StrictSerializer, serializers.Serializer[Any]):
    """What to stop. Without anything: your own trading."""

    scope = serializers.ChoiceField(choices=Switch.Scope.choices, default=Switch.Scope.USER.value)
    scope_id = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="the portfolio's or rule's id; empty for the others"
    )
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class KillOut(serializers.Serializer[Any]):
    """What the kill did; `verified_in_seconds` is null when orders were still open after 15 s."""

    scope = serializers.CharField()
    scope_id = serializers.CharField()
    verified_in_seconds = serializers.FloatField(allow_null=True)
    cancelled = serializers.IntegerField()
    filled_meanwhile = serializers.IntegerField()
    still_open = serializers.ListField(child=serializers.UUIDField())
    sentence = serializers.CharField()


class ResumeIn(StrictSerializer, serializers.Serializer[Any]):
    """The word is RESUME."""

    scope = serializers.ChoiceField(choices=Switch.Scope.choices, default=Switch.Scope.USER.value)
    scope_id = serializers.CharField(max_length=40, default="", allow_blank=True)
    word = serializers.CharField(max_length=20)


class ResumeOut(serializers.Serializer[Any]):
    """The switch is off."""

    scope = serializers.CharField()
    scope_id = serializers.CharField()


class SafetyWhatIfIn(StrictSerializer, serializers.Serializer[Any]):
    """Limits as PATCH safety/ takes them."""

    changes = serializers.DictField(help_text='e.g. {"max_daily_trades": 5}')
    portfolio = serializers.UUIDField(required=False, allow_null=True, help_text="the limits of this portfolio")


class JudgedOut(serializers.Serializer[Any]):
    """What the gate says."""

    outcome = serializers.ChoiceField(choices=["pass", "needs_approval", "deny"])
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class PastOrderOut(serializers.ModelSerializer[Order]):
    """An order of last month, in short."""

    portfolio = serializers.UUIDField(source="portfolio_id")
    symbol = serializers.CharField(source="instrument_id")
    quantity = PlainDecimal(allow_null=True)

    class Meta:
        model = Order
        fields = ["id", "portfolio", "created_at", "symbol", "side", "quantity", "order_type", "state"]
        read_only_fields = fields


class OtherwiseOut(serializers.Serializer[Any]):
    """An order that would have been judged otherwise."""

    order = PastOrderOut()
    present = JudgedOut(help_text="under the limits in force")
    changed = JudgedOut(help_text="under the changed limits")


class UnjudgedOut(serializers.Serializer[Any]):
    """An order that cannot be judged again."""

    order = PastOrderOut()
    why = serializers.CharField()


class SafetyWhatIfCounts(serializers.Serializer[Any]):
    """Of the orders judged otherwise: what the changed limits say."""

    blocked = serializers.IntegerField()
    needs_approval = serializers.IntegerField()
    passes = serializers.IntegerField()


class SafetyWhatIfOut(serializers.Serializer[Any]):
    """Each order judged by itself, from what was true when it was placed. Lists hold the newest 200."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    judged = serializers.IntegerField()
    counts = SafetyWhatIfCounts()
    otherwise = OtherwiseOut(many=True)
    unjudged_count = serializers.IntegerField()
    unjudged = UnjudgedOut(many=True)
    truncated = serializers.BooleanField(help_text="there were more than 5,000 orders: the oldest were left out")
    loosened = serializers.ListField(child=serializers.CharField(), help_text="changes that need your password")
