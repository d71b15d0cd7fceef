"""Strategies say what they signal; whoever asked to hear of it is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from alerts.conditions.signal import ANY
from alerts.models import AlertConfig
from alerts.telling import Telling, lock, tell_many
from common.money import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalSeen:
    """A strategy wants more (`buy`) or less (`sell`) of a symbol than before.

    `value`: the signal, -1 to 1; `at`: when the bar closed that it was made from.
    """

    user_id: int
    strategy_id: UUID
    strategy_name: str
    symbol: str
    side: str
    value: Decimal
    at: datetime


def signals_emitted(signals: Sequence[SignalSeen], *, now: datetime) -> int:
    """Tell the owners of enabled signal alerts on these signals, in the caller's transaction.

    Call it once per signal, in the transaction that inserts the Signal row: that row is what makes it exactly once.
    A config hears of all that fit it in one alert, and of none within its cooldown. A few statements however many
    there are. Returns how many configs were told.
    """
    of_strategy: dict[UUID, list[SignalSeen]] = defaultdict(list)
    for signal in signals:
        of_strategy[signal.strategy_id].append(signal)
    listening = AlertConfig.objects.filter(alert_type=AlertConfig.Type.SIGNAL, enabled=True, subject__in=of_strategy)
    ids = set(listening.values_list("id", flat=True))
    if not ids:
        return 0
    told = []
    for config in lock(ids).values():
        heard = [signal for signal in of_strategy.get(config.subject or config.id, ()) if _fits(config, signal)]
        if heard and config.enabled and not cooling_until(config, now):
            told.append(_telling(config, heard))
    tell_many(told, now)
    return len(told)


def cooling_until(config: AlertConfig, now: datetime) -> datetime | None:
    """Until when a signal alert says nothing because it has spoken; None when it may speak."""
    if config.last_fired_at is None:
        return None
    until = config.last_fired_at + timedelta(seconds=config.cooldown_seconds)
    return until if until > now else None


def _fits(config: AlertConfig, signal: SignalSeen) -> bool:
    condition = config.condition
    return (
        config.user_id == signal.user_id
        and condition["side"] in (ANY, signal.side)
        and condition.get("symbol", signal.symbol) == signal.symbol
    )


def _telling(config: AlertConfig, heard: Sequence[SignalSeen]) -> Telling:
    first = heard[0]
    sides: dict[str, list[str]] = defaultdict(list)
    for signal in heard:
        sides[signal.side].append(signal.symbol)
    what = " and ".join(f"{side} for {', '.join(symbols)}" for side, symbols in sides.items())
    lines = [f"{s.symbol}: {s.side}, signal {plain(s.value)} at {s.at:%Y-%m-%d %H:%M} UTC." for s in heard]
    return Telling(
        config=config,
        title=f"{first.strategy_name} signals {what}",
        body="\n".join(lines),
        value=first.value,
        data={
            "signals": [
                {"symbol": s.symbol, "side": s.side, "value": plain(s.value), "at": s.at.isoformat()} for s in heard
            ]
        },
        symbol=first.symbol if len(heard) == 1 else "",
    )
