"""Read what a person asks of a replay: range, timeframe, what it starts with, and values to try. All errors at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from automation.drafts import Draft
from automation.models import Action
from automation.replay.book import Terms
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from automation.triggers.registry import TRIGGERS
from common.errors import InvalidInput
from common.money import ZERO, plain
from markets.fill_model import Costs
from portfolios.models import Holding, Portfolio
from safety.policies import policy_for

TIMEFRAMES = ("1d", "1m")
MOST_VALUES = 200
DEFAULT_SPAN = {"1d": timedelta(days=365), "1m": timedelta(days=30)}
KEYS = frozenset(
    {"from", "to", "timeframe", "cash", "shares", "slippage_bps", "fee_per_order", "fee_bps", "ignore_dates", "grid"}
)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Values to try for one parameter of the trigger."""

    parameter: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A replay as asked for. `ignore_dates`: as if the rule had no valid_from and valid_until."""

    timeframe: str
    start: datetime
    end: datetime
    terms: Terms
    ignore_dates: bool = False
    grid: Grid | None = None


class PastDraft(Draft):
    """A rule for a replay: it may sell what is only held in the replay, and its window may be over by now."""

    def _held(self, size: str, value: Decimal) -> None:
        del size, value


def asks_for_replay(data: Mapping[str, Any]) -> bool:
    """Whether a body of `simulate/` asks for a replay rather than a what-if."""
    return bool({"from", "to", "timeframe", "grid"} & data.keys())


def read_question(data: Mapping[str, Any], *, portfolio: Portfolio, symbol: str, now: datetime) -> Question:
    """Check a replay's request. What is left out comes from the portfolio. Raises InvalidInput with every error."""
    try:
        read = Reader(data, "a field of a replay")
        timeframe = read.choice("timeframe", TIMEFRAMES, default="1d")
        end = moment_of(read, "to", closing=True) or now
        start = moment_of(read, "from", closing=False) or end - DEFAULT_SPAN[timeframe]
        if start >= end and not read.errors:
            read.errors["to"] = f"{end.isoformat()} is not after from ({start.isoformat()})"
        terms = _terms(read, portfolio, symbol)
        ignore = read.flag("ignore_dates", default=False)
        grid = grid_of(read, read.take("grid"), "grid")
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return Question(timeframe=timeframe, start=start, end=end, terms=terms, ignore_dates=ignore, grid=grid)


def draft_action(raw: Mapping[str, Any], *, user: Any, start: datetime) -> Action:
    """An Action that is not stored, from a draft. Raises InvalidInput like creating it would."""
    return Action(user=user, created_at=start, updated_at=start, **PastDraft(user=user, raw=raw, now=start).check())


def with_value(action: Action, parameter: str, value: str) -> dict[str, Any]:
    """The trigger's parameters with another value. Raises InvalidInput naming the value."""
    trigger = TRIGGERS[action.trigger_type]
    if parameter not in action.trigger_params and parameter not in trigger.example:
        known = ", ".join(sorted({*action.trigger_params, *trigger.example}))
        raise InvalidInput({"grid.parameter": f"{shown(parameter)} is not one of {action.trigger_type}: use {known}"})
    try:
        return trigger.parse({**action.trigger_params, parameter: value})
    except BadParams as bad:
        raise InvalidInput({f"grid.{key or 'values'}": text for key, text in bad.errors.items()}) from None


def moment_of(read: Reader, key: str, *, closing: bool) -> datetime | None:
    """A time, or a date: then the whole of that day, UTC, is meant."""
    value = read.raw.get(key)
    if isinstance(value, str) and len(value) == 10:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return read.moment(key)
        read.raw[key] = datetime.combine(day + timedelta(days=closing), time(), UTC)
    return read.moment(key)


def _terms(read: Reader, portfolio: Portfolio, symbol: str) -> Terms:
    cash = read.decimal("cash", at_least=0, places=2)
    held = read.decimal("shares", at_least=0)
    holding = Holding.objects.filter(portfolio=portfolio, instrument_id=symbol).select_related("instrument").first()
    return Terms(
        cash=portfolio.cash if cash is None else Decimal(cash),
        shares=(holding.quantity if holding else ZERO) if held is None else Decimal(held),
        costs=costs_of(read, portfolio),
        cushion_percent=policy_for(portfolio).buying_power_cushion_pct,
    )


def costs_of(read: Reader, portfolio: Portfolio) -> Costs:
    """What trading costs: as asked, else as the portfolio's paper account charges."""
    account = getattr(portfolio, "broker_account", None)
    return Costs(
        slippage_bps=Decimal(read.decimal("slippage_bps", at_least=0, at_most=1000) or _text(account, "slippage_bps")),
        fee_per_order=Decimal(read.decimal("fee_per_order", at_least=0, places=2) or _text(account, "fee_per_order")),
        fee_bps=Decimal(read.decimal("fee_bps", at_least=0, at_most=1000) or _text(account, "fee_bps")),
        max_fill_quantity=account.max_fill_quantity if account else None,
    )


def _text(account: Any, name: str) -> str:
    return "0" if account is None else plain(getattr(account, name))


def grid_of(
    read: Reader, raw: Any, name: str, hint: str = "name a parameter of the trigger such as threshold"
) -> Grid | None:
    """`{parameter, values}` or `{parameter, from, to, step}`; errors go to the reader under `name`."""
    if raw is None:
        return None
    try:
        inner = Reader(raw, "a key of grid")
        parameter = inner.text("parameter", required_hint=hint)
        values = _listed(inner) if "values" in inner.raw else _stepped(inner)
        inner.done()
    except BadParams as bad:
        read.errors.update({f"{name}.{key}" if key else name: text for key, text in bad.errors.items()})
        return None
    return Grid(parameter=parameter or "", values=values)


def _listed(inner: Reader) -> tuple[str, ...]:
    values = inner.take("values")
    if not isinstance(values, (list, tuple)) or not 1 <= len(values) <= MOST_VALUES:
        inner.errors["values"] = f"{shown(values)} is not a list of 1 to {MOST_VALUES} values"
        return ()
    found = [str(value) for value in values if isinstance(value, (str, int, float)) and not isinstance(value, bool)]
    if len(found) != len(values):
        inner.errors["values"] = f"{shown(values)} holds something that is neither a number nor a word"
    return tuple(dict.fromkeys(found))


def _stepped(inner: Reader) -> tuple[str, ...]:
    first = inner.decimal("from", required=True, above=None)
    last = inner.decimal("to", required=True, above=None)
    step = inner.decimal("step", required=True)
    if first is None or last is None or step is None:
        return ()
    low, high, width = Decimal(first), Decimal(last), Decimal(step)
    if high < low:
        inner.errors["to"] = f"'{last}' is below from ({first})"
        return ()
    count = int((high - low) / width) + 1
    if count > MOST_VALUES:
        inner.errors["step"] = f"'{step}' makes {count} values: {MOST_VALUES} at most, so use a larger step"
        return ()
    return tuple(plain(low + width * n) for n in range(count))
