"""Backtests as the API takes and shows them. Decimals are strings, times ISO 8601 in UTC, percent values percent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from automation.backtest.gating import APPROVE, BLOCK
from automation.backtest.models import BacktestRun
from automation.replay.serializers import GridIn
from automation.strategies.bar_clock import TIMEFRAMES


class BacktestIn(serializers.Serializer[Any]):
    """What a backtest needs; everything has a default."""

    to = serializers.CharField(required=False, help_text="a date (that day included) or a time; default now")
    timeframe = serializers.CharField(
        required=False, help_text=f"{', '.join(TIMEFRAMES)}; default the strategy's. Goals: 1d"
    )
    cash = serializers.CharField(required=False, help_text="dollars to begin with; default 100000")
    slippage_bps = serializers.CharField(required=False, help_text="costs: default the paper account's")
    fee_per_order = serializers.CharField(required=False)
    fee_bps = serializers.CharField(required=False)
    approvals = serializers.ChoiceField(
        choices=(APPROVE, BLOCK), required=False, help_text="orders a person must approve: approved at once, or denied"
    )
    limits = serializers.JSONField(
        required=False, help_text="safety limits to judge under instead of those in force: fields of PATCH safety/"
    )
    benchmark = serializers.CharField(required=False, help_text="a symbol to hold beside it, such as SPY")
    grid = serializers.ListField(
        child=GridIn(), required=False, min_length=1, max_length=2, help_text="values of one or two parameters to try"
    )
    split = serializers.IntegerField(
        required=False, min_value=20, max_value=90, help_text="percent of the sessions a grid's best is chosen on"
    )

    def get_fields(self) -> dict[str, Any]:
        begin = serializers.CharField(
            required=False, help_text="a date or a time; default ten years (minutes: 30 days) ago"
        )
        return {**super().get_fields(), "from": begin}


class UnsavedIn(BacktestIn):
    """A backtest of a strategy that is not stored."""

    strategy = serializers.JSONField(
        help_text="strategy_type, params, symbols, sizing, timeframe as of POST strategies/"
    )


class BacktestOut(serializers.ModelSerializer[BacktestRun]):
    """A backtest. `result` is empty until it is done; of a grid it grows: `{grid: {rows, best, walk_forward, ...}}`."""

    subject = serializers.UUIDField(allow_null=True, help_text="the strategy or goal; null when it is not stored")
    portfolio = serializers.UUIDField(source="portfolio_id", help_text="whose safety limits applied")

    class Meta:
        model = BacktestRun
        fields = [
            "id",
            "kind",
            "subject",
            "name",
            "portfolio",
            "symbols",
            "timeframe",
            "start",
            "end",
            "cash",
            "state",
            "done_steps",
            "total_steps",
            "error",
            "created_at",
            "started_at",
            "finished_at",
            "params",
            "spec",
            "result",
        ]
        read_only_fields = fields


class BacktestListed(BacktestOut):
    """A backtest in a list: its figures, without the rest of its result."""

    summary = serializers.JSONField(source="figures", help_text="the figures it is compared by; null until it is done")

    class Meta(BacktestOut.Meta):
        fields = [*(name for name in BacktestOut.Meta.fields if name not in ("result", "spec", "params")), "summary"]
        read_only_fields = fields


class CompareIn(serializers.Serializer[Any]):
    ids = serializers.CharField(help_text="2 to 8 ids of finished backtests, separated by commas")


class ComparedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    symbols = serializers.ListField(child=serializers.CharField())
    figures = serializers.JSONField()
    hold = serializers.JSONField(help_text="the same of buying at the start and holding")
    curve = serializers.JSONField(help_text="[{at, value}]: 100 at the start")


class BacktestComparisonOut(serializers.Serializer[Any]):
    runs = ComparedOut(many=True)
    differences = serializers.JSONField(help_text="each setting that differs, with its value in every run")
    warnings = serializers.ListField(child=serializers.CharField())
