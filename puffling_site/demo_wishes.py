"""What the owner of the demo account wants: rules, a goal, a strategy, a job and an alert, around the demo prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from markets.models import Quote

GOAL: Mapping[str, Any] = {
    "name": "Six parts invested",
    "target_weights": {
        "AAPL": "0.09", "MSFT": "0.085", "IBM": "0.075", "GOOG": "0.085", "SPY": "0.095", "AGG": "0.095",
        "GLD": "0.075", "CASH": "0.4",
    },
}  # fmt: skip
STRATEGY: Mapping[str, Any] = {
    "name": "Trend of the large ones",
    "strategy_type": "ma_cross",
    "symbols": ["AAPL", "MSFT", "SPY"],
    "params": {"short": 20, "long": 50},
    "sizing": {"kind": "fixed_fraction", "fraction": "4"},
    "mode": "monitor",
}
JOB: Mapping[str, Any] = {
    "name": "Evening report",
    "job_type": "ai_analysis",
    "schedule": "15 16 * * MON-FRI",
    "timezone": "America/New_York",
}


def rules(symbols: Iterable[str]) -> list[dict[str, Any]]:
    """Rules as a person would write them, around the standing demo prices."""
    price = {quote.instrument_id: quote.last for quote in Quote.objects.filter(instrument_id__in=symbols)}

    def near(symbol: str, percent: str) -> str:
        return str((price[symbol] * (1 + Decimal(percent) / 100)).quantize(Decimal("0.01")))

    return [
        {
            "name": "Protect the Apple gain",
            "action_type": "SELL",
            "symbol": "AAPL",
            "percent_of_position": "50",
            "trigger_type": "trailing_stop",
            "trigger_params": {"percent": "8"},
            "notes": "Half goes when it falls 8 % from its high.",
        },
        {
            "name": "Buy the Google dip",
            "action_type": "BUY",
            "symbol": "GOOG",
            "amount_usd": "500",
            "trigger_type": "price_below",
            "trigger_params": {"threshold": near("GOOG", "-1.5"), "edge": "cross"},
            "max_executions": 3,
            "cooldown_seconds": 3600,
        },
        {
            "name": "Take profit on IBM",
            "action_type": "SELL",
            "symbol": "IBM",
            "quantity": "5",
            "trigger_type": "price_above",
            "trigger_params": {"threshold": near("IBM", "3")},
            "order_type": "limit",
            "limit_offset": "-0.10",
        },
        {
            "name": "Microsoft moves",
            "action_type": "NOTIFY",
            "symbol": "MSFT",
            "trigger_type": "change_pct",
            "trigger_params": {"change": "0.5", "direction": "either", "window": "1d"},
            "max_executions": None,
            "cooldown_seconds": 1800,
            "message": "Microsoft moved half a percent since yesterday's close.",
        },
        {
            "name": "Golden cross of the index",
            "action_type": "NOTIFY",
            "symbol": "SPY",
            "trigger_type": "ma_cross",
            "trigger_params": {"short": 50, "long": 200},
            "max_executions": None,
        },
        {
            "name": "Look at the day",
            "action_type": "NOTIFY",
            "symbol": "SPY",
            "trigger_type": "time_of_day",
            "trigger_params": {"time": "16:00", "timezone": "America/New_York", "trading_days_only": False},
            "max_executions": None,
            "message": "Four o'clock in New York: look at the day.",
        },
    ]
