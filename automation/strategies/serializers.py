"""Strategies, runs, signals and evidence as the API shows them. Decimals are strings, times ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from automation.evidence_api import LackOut
from automation.serializers import PlainDecimal
from automation.strategies.bar_clock import TIMEFRAMES
from automation.strategies.deciding import side_of
from automation.strategies.models import (
    Strategy,
    StrategyMode,
    StrategyRun,
    StrategySignal,
    StrategySymbol,
    StrategyVersion,
)
from automation.strategies.registry import STRATEGIES


class StandingOut(serializers.ModelSerializer[StrategySymbol]):
    """What one symbol stands at. `target` and `applied` are fractions of the equity; `unknown` says why, if it is."""

    symbol = serializers.CharField(source="instrument_id")
    side = serializers.SerializerMethodField()
    target = PlainDecimal(allow_null=True)
    applied = PlainDecimal(allow_null=True)

    class Meta:
        model = StrategySymbol
        fields = ["symbol", "signal", "side", "target", "applied", "bar_at", "unknown", "failures"]
        read_only_fields = fields

    def get_side(self, row: StrategySymbol) -> str | None:
        return side_of(row.signal)


class StrategyOut(serializers.ModelSerializer[Strategy]):
    """A strategy as stored, with its English sentence and what each symbol stands at."""

    portfolio = serializers.UUIDField(source="portfolio_id")
    exchange = serializers.CharField(source="exchange_id")
    symbols = serializers.SerializerMethodField()
    standings = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Strategy
        fields = [
            "id",
            "name",
            "sentence",
            "strategy_type",
            "params",
            "symbols",
            "portfolio",
            "exchange",
            "timeframe",
            "mode",
            "sizing",
            "cron",
            "timezone",
            "enabled",
            "notes",
            "status",
            "status_reason",
            "standings",
            "epoch",
            "version",
            "last_run_at",
            "last_bar_at",
            "next_run_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def _rows(self, strategy: Strategy) -> list[StrategySymbol]:
        return sorted(strategy.symbols.all(), key=lambda row: row.position)

    def get_symbols(self, strategy: Strategy) -> list[str]:
        return [row.instrument_id for row in self._rows(strategy)]

    def get_standings(self, strategy: Strategy) -> list[dict[str, Any]]:
        return list(StandingOut(self._rows(strategy), many=True).data)

    def get_sentence(self, strategy: Strategy) -> str:
        kind = STRATEGIES[strategy.strategy_type]
        return kind.sentence(strategy.params, [row.instrument_id for row in self._rows(strategy)])


class StrategyChanges(serializers.Serializer[Any]):
    """What a strategy is made of. `automation.strategies.drafting` checks it: every field at once."""

    name = serializers.CharField(required=False, help_text="default: made of the type and the symbols")
    strategy_type = serializers.ChoiceField(choices=sorted(STRATEGIES), required=False)
    params = serializers.JSONField(required=False, help_text="see strategies/types/")
    symbols = serializers.ListField(child=serializers.CharField(), required=False)
    portfolio = serializers.UUIDField(required=False, help_text="default: your primary portfolio")
    timeframe = serializers.ChoiceField(choices=TIMEFRAMES, required=False, help_text="default 1d")
    mode = serializers.ChoiceField(choices=StrategyMode.choices, required=False, help_text="default monitor")
    sizing = serializers.JSONField(required=False, help_text='{"kind": …, its parameters}, see strategies/types/')
    cron = serializers.CharField(required=False, allow_blank=True, help_text="empty: at each closed bar")
    timezone = serializers.CharField(required=False, help_text="of cron")
    enabled = serializers.BooleanField(required=False)
    notes = serializers.CharField(required=False, allow_blank=True)
    override = serializers.CharField(required=False, help_text="why it may trade although its evidence is thin")


class StrategyIn(StrategyChanges):
    """The same, with what a new strategy needs."""

    strategy_type = serializers.ChoiceField(choices=sorted(STRATEGIES))
    symbols = serializers.ListField(child=serializers.CharField())


class PromoteIn(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=StrategyMode.choices, help_text="alert, auto_trade, or back to monitor")
    override = serializers.CharField(required=False, help_text="why, 10 to 300 characters; it is kept")


class StrategyParameterOut(serializers.Serializer[Any]):
    """One parameter, for forms. `least` and `most` are inclusive, `above` is exclusive."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(help_text="integer, number, percent, choice or flag")
    default = serializers.JSONField()
    least = serializers.CharField(allow_null=True)
    above = serializers.CharField(allow_null=True)
    most = serializers.CharField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    help = serializers.CharField()


class StrategyTypeOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    least_symbols = serializers.IntegerField()
    most_symbols = serializers.IntegerField(allow_null=True)
    schema = StrategyParameterOut(many=True)


class SizingTypeOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    schema = StrategyParameterOut(many=True)


class StrategyTypesOut(serializers.Serializer[Any]):
    strategies = StrategyTypeOut(many=True)
    sizings = SizingTypeOut(many=True)


class StrategyRunOut(serializers.ModelSerializer[StrategyRun]):
    """One look at one closed bar."""

    class Meta:
        model = StrategyRun
        fields = ["id", "bar_at", "closed_at", "at", "cause", "known", "unknown", "changed", "missed", "note"]
        read_only_fields = fields


class StrategySignalOut(serializers.ModelSerializer[StrategySignal]):
    """A change of a symbol's signal or target, and what became of it. `signal` null: it became unknown."""

    symbol = serializers.CharField(source="instrument_id")
    side = serializers.SerializerMethodField()
    target = PlainDecimal(allow_null=True)
    previous_target = PlainDecimal(allow_null=True)
    close = PlainDecimal(allow_null=True)
    order = serializers.UUIDField(source="order_id", allow_null=True)
    shadow_quantity = PlainDecimal(allow_null=True)
    shadow_price = PlainDecimal(allow_null=True)
    shadow_fee = PlainDecimal(allow_null=True)

    class Meta:
        model = StrategySignal
        fields = [
            "id",
            "symbol",
            "bar_at",
            "closed_at",
            "signal",
            "previous_signal",
            "side",
            "target",
            "previous_target",
            "close",
            "mode",
            "state",
            "act_from",
            "expires_at",
            "order",
            "reason_code",
            "reason",
            "shadow_side",
            "shadow_quantity",
            "shadow_price",
            "shadow_fee",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_side(self, row: StrategySignal) -> str | None:
        return side_of(row.signal)


class StrategyVersionOut(serializers.ModelSerializer[StrategyVersion]):
    class Meta:
        model = StrategyVersion
        fields = ["version", "at", "actor", "changes"]
        read_only_fields = fields


class SymbolResultOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    trades = serializers.IntegerField()
    result = PlainDecimal(allow_null=True)
    fees = PlainDecimal()
    open_quantity = PlainDecimal()


class StrategyEvidenceOut(serializers.Serializer[Any]):
    """What a strategy has shown in shadow since `since`. `enough` to trade on its own when nothing is lacking."""

    since = serializers.DateTimeField()
    days_watched = serializers.IntegerField(help_text="trading days")
    runs = serializers.IntegerField()
    signals = serializers.IntegerField()
    trades = serializers.IntegerField()
    untraded = serializers.IntegerField()
    unknown = serializers.IntegerField()
    missed_bars = serializers.IntegerField()
    data_gaps = serializers.IntegerField()
    result = PlainDecimal(allow_null=True, help_text="dollars after costs")
    fees = PlainDecimal()
    symbols = SymbolResultOut(many=True)
    real = PlainDecimal(allow_null=True)
    lacks = LackOut(many=True)
    enough = serializers.BooleanField()
