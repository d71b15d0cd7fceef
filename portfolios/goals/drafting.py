"""A goal as somebody wants it, checked: every error at once, each naming the value and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from common.cron import HINT, problem_of
from common.errors import InvalidInput
from common.money import ZERO, plain
from common.reading import BadParams, Reader, shown
from markets.models import Instrument
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CASH, BandKind, LotMethod, RebalanceTo
from portfolios.planning.weights import read_weights

NAME_LENGTH = 80
LONGEST_COOLDOWN = 3660  # days
# Decimal fields: (name, largest, places). All are 0 or more.
DECIMALS = (
    ("drift_threshold", 1, 6),
    ("min_trade", 10**9, 2),
    ("cash_buffer", 10**12, 2),
    ("cash_buffer_pct", 100, 4),
    ("turnover_cap", 2, 6),
    ("commission", 10**6, 2),
    ("spread_bps", 10_000, 2),
    ("slippage_bps", 10_000, 2),
    ("benefit_bps", 10_000, 2),
    ("short_term_tax_pct", 100, 4),
    ("long_term_tax_pct", 100, 4),
)
FLAGS = ("enabled", "cash_flow_only", "avoid_short_term_gains", "wash_sale_lock")
CHOICES: dict[str, Collection[str]] = {
    "band_kind": [one.value for one in BandKind],
    "rebalance_to": [one.value for one in RebalanceTo],
    "rebalance_mode": PortfolioGoal.Mode.values,
    "lot_method": [one.value for one in LotMethod],
}
POSITIVE = ("drift_threshold", "min_trade")
FIELDS = (
    "name", "target_weights", "do_not_sell", "cooldown_days", "schedule", "timezone",
    *(name for name, _, _ in DECIMALS), *FLAGS, *CHOICES,
)  # fmt: skip


def check(raw: Mapping[str, Any], standing: PortfolioGoal | None = None) -> dict[str, Any]:
    """The goal's columns, with what `raw` leaves out as it is in `standing`, or as a new goal begins. InvalidInput."""
    base = standing or PortfolioGoal()
    read = Reader({"name": base.name, **raw}, what="a field of a goal")
    values: dict[str, Any] = {"name": _name(read)}
    for name, most, places in DECIMALS:
        least = {"above": 0} if name in POSITIVE else {"above": None, "at_least": 0}
        text = read.decimal(name, default=_text(getattr(base, name)), at_most=most, places=places, **least)
        values[name] = None if text is None else Decimal(text)
    for name in FLAGS:
        values[name] = read.flag(name, default=getattr(base, name))
    for name, options in CHOICES.items():
        values[name] = read.choice(name, options, default=getattr(base, name))
    if "turnover_cap" in raw and raw["turnover_cap"] in (None, ""):
        values["turnover_cap"] = None
    values["cooldown_days"] = read.integer(
        "cooldown_days", default=base.cooldown_days, at_least=0, at_most=LONGEST_COOLDOWN
    )
    values["timezone"] = read.zone("timezone", default=base.timezone)
    values["schedule"] = _schedule(read, raw, base)
    values["target_weights"] = _weights(read, base)
    values["do_not_sell"] = _symbols(read, base)
    _exist(read, values)
    if values["turnover_cap"] == ZERO:
        read.errors["turnover_cap"] = "0 would never trade: give a ratio above 0 such as 0.2, or null for no cap"
    try:
        read.done()
    except BadParams as error:
        raise InvalidInput({name: f"{text}." for name, text in error.errors.items()}) from error
    return values


def portfolio_of(user: User, given: Any) -> Portfolio:
    """The user's portfolio of this id; the primary one for None. InvalidInput."""
    mine = Portfolio.objects.filter(user=user)
    if given in (None, ""):
        found = mine.filter(primary=True).first()
    else:
        try:
            found = mine.filter(pk=UUID(str(given))).first()
        except ValueError:
            found = None
    if found is None:
        raise InvalidInput({"portfolio": f"{shown(given)} is none of your portfolios: list them with portfolios/."})
    return found


def _name(read: Reader) -> str:
    value = read.take("name")
    name = value.strip() if isinstance(value, str) else ""
    if not name or len(name) > NAME_LENGTH:
        read.errors["name"] = f"{shown(value)} is not a name: use 1 to {NAME_LENGTH} characters"
    return name


def _schedule(read: Reader, raw: Mapping[str, Any], base: PortfolioGoal) -> str:
    """A cron expression; empty for none."""
    given = read.take("schedule")
    if given is None:
        return "" if "schedule" in raw else base.schedule
    expression = " ".join(given.upper().split()) if isinstance(given, str) else ""
    problem = problem_of(expression) if expression else f"is not a cron expression: {HINT}"
    if problem:
        read.errors["schedule"] = f"{shown(given)} {problem}"
    return expression


def _weights(read: Reader, base: PortfolioGoal) -> dict[str, str]:
    given = read.take("target_weights")
    if given is None and base.target_weights:
        return dict(base.target_weights)
    weights, errors = read_weights(given)
    read.errors.update(errors)
    return {symbol: plain(weight) for symbol, weight in weights.items()}


def _symbols(read: Reader, base: PortfolioGoal) -> list[str]:
    given = read.take("do_not_sell")
    if given is None:
        return list(base.do_not_sell)
    if not isinstance(given, (list, tuple)) or not all(isinstance(one, str) for one in given):
        read.errors["do_not_sell"] = f'{shown(given)} is not a list of symbols: give one like ["AAPL"], or []'
        return []
    return sorted({one.strip().upper() for one in given})


def _exist(read: Reader, values: Mapping[str, Any]) -> None:
    """Every symbol is an instrument. One query."""
    targets, kept = set(values["target_weights"]) - {CASH}, set(values["do_not_sell"])
    known = set(Instrument.objects.filter(pk__in=targets | kept).values_list("pk", flat=True))
    hint = "look it up with markets/instruments/?search="
    for symbol in sorted(targets - known):
        read.errors.setdefault(f"target_weights.{symbol}", f"{shown(symbol)} is not a known instrument: {hint}")
    unknown = sorted(kept - known)
    if unknown:
        read.errors["do_not_sell"] = f"{', '.join(unknown)}: no known instrument: {hint}"


def _text(value: Any) -> str | None:
    return None if value is None else plain(Decimal(value))
