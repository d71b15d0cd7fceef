"""The fields of a safety policy: what may be given, and which way is looser. Plain Python."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from common.money import CENT, ZERO, plain

SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-/]{0,19}")
MOST_SYMBOLS = 5000
PERCENT_STEP = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One limit. `read` makes the value of what was given, or raises ValueError with what to do.

    `looser(old, new)`: whether going from `old` to `new` allows more than before. Equal values are not asked.
    """

    name: str
    read: Callable[[Any], Any]
    looser: Callable[[Any, Any], bool]


def higher_is_looser(old: Any, new: Any) -> bool:
    return bool(new > old)


def lower_is_looser(old: Any, new: Any) -> bool:
    return bool(new < old)


def empty_is_loosest(old: Any, new: Any) -> bool:
    return new is None or (old is not None and new > old)


def zero_is_loosest(old: Any, new: Any) -> bool:
    """0 switches the limit off."""
    return new == 0 or (old != 0 and new > old)


def another_measure(old: Any, new: Any) -> bool:
    """The amount in dollars replaces a percentage: `safety.policies` compares the two with the equity at hand."""
    return old is None or new is None or new > old


def true_is_looser(old: Any, new: Any) -> bool:
    return bool(new)


def false_is_looser(old: Any, new: Any) -> bool:
    return not new


def longer_is_looser(old: Any, new: Any) -> bool:
    """A whitelist: an empty one allows every symbol."""
    return not new or (bool(old) and not set(new) <= set(old))


def shorter_is_looser(old: Any, new: Any) -> bool:
    """A blacklist."""
    return not set(new) >= set(old)


def decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError(f"{value!r} is not a number: give one like 10 or 2.5.")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{str(value)[:40]!r} is not a number: give one like 10 or 2.5.") from error
    if not number.is_finite():
        raise ValueError(f"{value} is not a finite number: give one like 10 or 2.5.")
    return number


def _shown(number: Decimal) -> str:
    """For a sentence: 1E+999999 has a million digits."""
    return plain(number) if abs(number.adjusted()) < 30 else str(number)[:40]


def percent(value: Any) -> Decimal:
    number = decimal(value)
    if not ZERO <= number <= 1000 or number % PERCENT_STEP:
        raise ValueError(f"{_shown(number)} is not a percentage this can be: 0 to 1000, with at most 4 decimal places.")
    return number


def dollars(value: Any) -> Decimal | None:
    if value is None:
        return None
    number = decimal(value)
    if not ZERO <= number < Decimal(10) ** 18 or number % CENT:
        raise ValueError(f"{_shown(number)} is not an amount: give dollars, 0 or more, to the cent.")
    return number


def whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = decimal(value)
        if not least <= number <= most or number % 1:
            raise ValueError(f"{_shown(number)} is outside what this can be: a whole number from {least} to {most}.")
        return int(number)

    return read


def optional(read: Callable[[Any], int]) -> Callable[[Any], int | None]:
    return lambda value: None if value is None else read(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false.")
    return value


def symbols(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError('This is a list of symbols: give one like ["AAPL", "MSFT"], or [] for none.')
    names = sorted({item.strip().upper() for item in value})
    for name in names:
        if not SYMBOL.fullmatch(name):
            raise ValueError(f"{name!r} is not a symbol: use letters, digits, dots and dashes, at most 20.")
    if len(names) > MOST_SYMBOLS:
        raise ValueError(f"{len(names)} symbols are too many: at most {MOST_SYMBOLS}.")
    return names


def _percent(name: str, looser: Callable[[Any, Any], bool] = higher_is_looser) -> Field:
    return Field(name=name, read=percent, looser=looser)


COUNT, SECONDS = whole(0, 1_000_000), whole(0, 86_400)
FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field(name="paper_trading", read=flag, looser=false_is_looser),
        Field(name="max_daily_trades", read=COUNT, looser=higher_is_looser),
        _percent("max_position_pct"),
        _percent("max_order_notional_pct"),
        _percent("max_gross_pct"),
        Field(name="max_open_orders", read=COUNT, looser=higher_is_looser),
        _percent("daily_turnover_pct"),
        _percent("large_order_pct"),
        Field(name="large_order_amount", read=dollars, looser=another_measure),
        _percent("daily_loss_reduce_pct"),
        _percent("daily_loss_halt_pct"),
        _percent("drawdown_halt_pct"),
        _percent("price_collar_pct"),
        _percent("price_jump_pct"),
        _percent("approval_collar_pct"),
        _percent("max_spread_pct"),
        Field(name="quote_max_age_seconds", read=SECONDS, looser=higher_is_looser),
        _percent("buying_power_cushion_pct", lower_is_looser),
        Field(name="duplicate_window_seconds", read=SECONDS, looser=lower_is_looser),
        Field(name="orders_per_minute", read=optional(COUNT), looser=empty_is_loosest),
        Field(name="orders_per_minute_per_symbol", read=optional(COUNT), looser=empty_is_loosest),
        Field(name="symbol_whitelist", read=symbols, looser=longer_is_looser),
        Field(name="symbol_blacklist", read=symbols, looser=shorter_is_looser),
        Field(name="extended_hours", read=flag, looser=true_is_looser),
        Field(name="failures_before_review", read=whole(1, 1000), looser=higher_is_looser),
        Field(name="loop_round_trips", read=COUNT, looser=zero_is_loosest),
        Field(name="loop_window_minutes", read=whole(1, 1440), looser=lower_is_looser),
        Field(name="wash_sale_lock", read=flag, looser=false_is_looser),
        Field(name="agent_daily_orders", read=COUNT, looser=higher_is_looser),
        _percent("agent_order_pct"),
    )
}
ALIASES = {"large_order_threshold": "large_order_amount"}


def read_changes(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(values by field, errors by the name that was given)."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for given, raw in changes.items():
        name = ALIASES.get(given, given)
        if name not in FIELDS:
            errors[given] = unknown(given)
        elif name in values:
            errors[given] = f"{given} and {name} are the same limit: give one of them."
        else:
            try:
                values[name] = FIELDS[name].read(raw)
            except ValueError as error:
                errors[given] = str(error)
    return values, errors


def unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, [*FIELDS, *ALIASES], n=1)
    return f"There is no limit {name!r}." + (f" Did you mean {nearest[0]!r}?" if nearest else "")
