"""What the markets API says and takes. Prices are strings; demo data is marked in every answer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.money import plain
from markets.models import CorporateAction, Instrument, MarketSession, Quote, WatchlistItem
from markets.selectors import MOST_BARS, TIMEFRAMES

MOST_SYMBOLS = 200


class PlainDecimal(serializers.DecimalField):
    """A decimal as a string without trailing zeros: "189.5"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=24, decimal_places=9, **options)

    def to_representation(self, value: Any) -> Any:
        return None if value is None else plain(value)


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    exchange = serializers.CharField(source="exchange_id")

    class Meta:
        model = Instrument
        fields = (
            "symbol", "name", "aliases", "exchange", "asset_class", "active", "tradable", "fractionable", "demo",
            "data_label",
        )  # fmt: skip


class QuoteSerializer(serializers.ModelSerializer[Quote]):
    symbol = serializers.CharField(source="instrument_id")
    name = serializers.CharField(source="instrument.name")
    last = PlainDecimal()
    bid = PlainDecimal(allow_null=True)
    ask = PlainDecimal(allow_null=True)
    volume = PlainDecimal()
    session_open = PlainDecimal(allow_null=True)
    prev_close = PlainDecimal(allow_null=True)
    change = serializers.SerializerMethodField(help_text="from the previous close, in dollars")
    change_pct = serializers.SerializerMethodField(help_text="from the previous close, in percent")
    demo = serializers.BooleanField(source="instrument.demo")
    data_label = serializers.CharField(source="instrument.data_label")

    class Meta:
        model = Quote
        fields = (
            "symbol", "name", "last", "bid", "ask", "change", "change_pct", "volume", "session_date", "session_open",
            "prev_close", "at", "source", "demo", "data_label",
        )  # fmt: skip

    def get_change(self, quote: Quote) -> str | None:
        return plain(quote.last - quote.prev_close) if quote.prev_close else None

    def get_change_pct(self, quote: Quote) -> str | None:
        if not quote.prev_close:
            return None
        return f"{(quote.last - quote.prev_close) * 100 / quote.prev_close:.2f}"


class BarSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    open = PlainDecimal()
    high = PlainDecimal()
    low = PlainDecimal()
    close = PlainDecimal()
    volume = PlainDecimal()


class BarsAnswer(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    timeframe = serializers.CharField()
    demo = serializers.BooleanField()
    data_label = serializers.CharField()
    results = BarSerializer(many=True)


class SessionSerializer(serializers.ModelSerializer[MarketSession]):
    class Meta:
        model = MarketSession
        fields = ("date", "opens_at", "closes_at", "early_close")


class CalendarAnswer(serializers.Serializer[Any]):
    exchange = serializers.CharField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    always_open = serializers.BooleanField()
    demo = serializers.BooleanField()
    is_open = serializers.BooleanField()
    next_open = serializers.DateTimeField(allow_null=True)
    results = SessionSerializer(many=True)


class WatchlistSerializer(serializers.ModelSerializer[WatchlistItem]):
    symbol = serializers.CharField(source="instrument_id")
    name = serializers.CharField(source="instrument.name")
    demo = serializers.BooleanField(source="instrument.demo")
    data_label = serializers.CharField(source="instrument.data_label")

    class Meta:
        model = WatchlistItem
        fields = ("symbol", "name", "demo", "data_label", "created_at")
        read_only_fields = fields


class WatchlistEntry(serializers.Serializer[Any]):
    symbol = serializers.CharField(max_length=20)


def symbols_in(value: str, *, most: int) -> list[str]:
    """The symbols of a comma-separated list, in capitals, each once. Raises ValidationError."""
    symbols = list(dict.fromkeys(part.strip().upper() for part in value.split(",") if part.strip()))
    if not symbols:
        raise serializers.ValidationError("Name at least one symbol, e.g. ?symbols=AAPL,SPY.")
    if len(symbols) > most:
        raise serializers.ValidationError(f"{len(symbols)} symbols are too many: at most {most} at once.")
    return symbols


class QuotesQuery(serializers.Serializer[Any]):
    symbols = serializers.CharField(help_text=f"comma-separated, at most {MOST_SYMBOLS}")

    def validate_symbols(self, value: str) -> list[str]:
        return symbols_in(value, most=MOST_SYMBOLS)


class BarsQuery(serializers.Serializer[Any]):
    symbol = serializers.CharField(max_length=20)
    timeframe = serializers.ChoiceField(choices=TIMEFRAMES, default="1d")
    start = serializers.DateTimeField(required=False, help_text="inclusive; default: as far back as `limit` reaches")
    end = serializers.DateTimeField(required=False, help_text="exclusive; default: now")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_BARS, default=500, help_text="the newest so many")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("start") and attrs.get("end") and attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"end": "end must be after start."})
        return attrs


class CalendarQuery(serializers.Serializer[Any]):
    exchange = serializers.CharField(max_length=10, default="XNYS")
    start = serializers.DateField(required=False, help_text="default: today")
    end = serializers.DateField(required=False, help_text="inclusive; default: 30 days after start, at most 800")


class SearchQuery(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, allow_blank=True, max_length=80, default="")


class CorporateActionSerializer(serializers.ModelSerializer[CorporateAction]):
    symbol = serializers.CharField(source="instrument_id")
    amount = serializers.DecimalField(max_digits=24, decimal_places=9, normalize_output=True, allow_null=True)

    class Meta:
        model = CorporateAction
        fields = (
            "id",
            "symbol",
            "kind",
            "ex_date",
            "new_shares",
            "old_shares",
            "amount",
            "source",
            "effective_at",
            "applied_at",
        )
        read_only_fields = fields
