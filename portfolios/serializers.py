"""What the portfolio doors write."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portfolios.models import LedgerEntry, Lot, Portfolio


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=2, **options)


def fine(**options: Any) -> serializers.DecimalField:
    """A price or a quantity."""
    return serializers.DecimalField(max_digits=24, decimal_places=9, normalize_output=True, **options)


class PortfolioOut(serializers.ModelSerializer[Portfolio]):
    """A portfolio at the latest quotes; reads `valuation`, which the view attaches."""

    equity = money(source="valuation.equity", allow_null=True, help_text="null while a holding has no price")
    day_start_equity = money(source="valuation.day_start_equity")
    day_pnl = money(source="valuation.day_pnl", allow_null=True, help_text="deposits and withdrawals aside")
    peak_equity = money(source="valuation.peak_equity")
    unpriced = serializers.ListField(
        child=serializers.CharField(), source="valuation.unpriced", help_text="held symbols without a quote"
    )

    class Meta:
        model = Portfolio
        fields = [
            "id",
            "name",
            "base_currency",
            "primary",
            "cash",
            "equity",
            "day_start_equity",
            "day_pnl",
            "peak_equity",
            "unpriced",
            "created_at",
        ]
        read_only_fields = fields


class HoldingOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    quantity = fine()
    cost = money(help_text="what the open lots cost")
    price = fine(allow_null=True)
    value = money(allow_null=True)
    unrealised = money(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True, help_text="the source's time of the price")


class LotOut(serializers.ModelSerializer[Lot]):
    symbol = serializers.CharField(source="instrument_id")
    quantity = fine()
    open_quantity = fine()

    class Meta:
        model = Lot
        fields = ["id", "symbol", "acquired_at", "quantity", "open_quantity", "cost", "open_cost"]
        read_only_fields = fields


class TransactionOut(serializers.ModelSerializer[LedgerEntry]):
    symbol = serializers.CharField(source="instrument_id", allow_null=True)
    quantity = fine()
    price = fine(allow_null=True)

    class Meta:
        model = LedgerEntry
        fields = [
            "id",
            "kind",
            "at",
            "symbol",
            "quantity",
            "price",
            "amount",
            "source_kind",
            "source_id",
            "trace_id",
            "note",
        ]
        read_only_fields = fields


class CurveQuery(serializers.Serializer[Any]):
    start = serializers.DateTimeField(required=False)
    end = serializers.DateTimeField(required=False)
    resolution = serializers.ChoiceField(["minute", "hour", "day"], default="day")


class CurvePoint(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    equity = money()
    cash = money()


class CurveOut(serializers.Serializer[Any]):
    resolution = serializers.CharField()
    points = CurvePoint(many=True)


class DiscrepancyOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    subject = serializers.CharField()
    expected = fine()
    found = fine()
    message = serializers.CharField()


class AuditOut(serializers.Serializer[Any]):
    agrees = serializers.BooleanField(help_text="ledger = lots = holdings = cash")
    discrepancies = DiscrepancyOut(many=True)
