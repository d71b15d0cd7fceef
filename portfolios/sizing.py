"""How much to buy: position sizes from equity, price and risk. Plain Python, Decimals, long only.

Every function returns shares rounded down to what can be traded and the fraction of equity they are worth; 0 comes
with its reason. Fractions are shares of equity (0.1 is 10 %). Errors: InvalidInput naming every wrong field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from common.errors import InvalidInput
from common.money import ZERO, nano, plain, shares

ONE = Decimal(1)
HALF = Decimal("0.5")
QUARTER = Decimal("0.25")
TWO = Decimal(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """A position. `shares` and `fraction` (of equity) are 0 if and only if `reason` says why."""

    shares: Decimal
    fraction: Decimal
    reason: str = ""
    limited_by: str = ""  # what made it smaller than the formula's own answer: "max_fraction", or nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What a size is a size of: dollars of equity, dollars a share, and whether parts of a share can be traded."""

    equity: Decimal
    price: Decimal
    fractional: bool = True
    max_fraction: Decimal = ONE  # no position above this share of equity; above 1 is a margin account's


def fixed_fractional(account: Account, *, fraction: Decimal) -> Size:
    """The same share of equity each time: fraction × equity / price (Vince, Portfolio Management Formulas, 1990)."""
    errors = _wrong(account)
    _above_zero(errors, "fraction", fraction, "a share of equity, e.g. 0.1 for 10 %")
    _raise(errors)
    return _size(account, fraction)


def percent_risk(account: Account, *, risk_fraction: Decimal, risk_per_share: Decimal) -> Size:
    """Lose `risk_fraction` of equity if the stop is met: risk_fraction × equity / risk per share.

    `risk_per_share` is dollars from price to stop (`stop_distance`, `atr_distance`). Slippage beyond the stop is not in
    it. Source: Tharp, Trade Your Way to Financial Freedom, 1998, "percent risk model".
    """
    errors = _wrong(account)
    _within(errors, "risk_fraction", risk_fraction, ONE, "a share of equity, e.g. 0.01 for 1 %")
    _above_zero(errors, "risk_per_share", risk_per_share, "dollars between price and stop")
    _raise(errors)
    return _size(account, risk_fraction * account.price / risk_per_share)


def stop_distance(*, price: Decimal, stop: Decimal) -> Decimal:
    """Dollars lost per share if `stop` is met: it must lie below the price."""
    if not stop.is_finite() or not ZERO < stop < price:
        raise InvalidInput({"stop": f"{stop} is no stop for a purchase at {price}: give a price above 0 and below it."})
    return price - stop


def atr_distance(*, atr: Decimal, multiple: Decimal = TWO) -> Decimal:
    """Dollars risked per share with a stop `multiple` average true ranges away (Wilder, New Concepts, 1978)."""
    errors: dict[str, str] = {}
    _above_zero(errors, "atr", atr, "the average true range in dollars")
    _above_zero(errors, "multiple", multiple, "how many ranges away the stop is, e.g. 2")
    _raise(errors)
    return atr * multiple


def volatility_target(account: Account, *, target: Decimal, volatility: Decimal) -> Size:
    """As much as moves the account by `target` a year: target / volatility of equity, both annual (0.15 is 15 %).

    Source: Moreira and Muir, Volatility-Managed Portfolios, 2017, with volatility in place of variance (Harvey et al.,
    The Impact of Volatility Targeting, 2018).
    """
    errors = _wrong(account)
    _above_zero(errors, "target", target, "an annual volatility, e.g. 0.1 for 10 %")
    if not volatility.is_finite() or volatility < ZERO:
        errors["volatility"] = f"{volatility} is no volatility: give an annual one, e.g. 0.25 for 25 %."
    _raise(errors)
    if volatility == ZERO:
        return _nothing("The price has not moved, so its volatility is 0 and no size follows from it.")
    return _size(account, target / volatility)


def kelly(
    account: Account, *, win_rate: Decimal, win_loss_ratio: Decimal, multiplier: Decimal = HALF, cap: Decimal = QUARTER
) -> Size:
    """A part of Kelly's fraction p − (1 − p) / b, never above `cap` (Kelly 1956; half Kelly: Thorp 2006).

    `win_rate` p is 0 to 1, `win_loss_ratio` b is the mean gain over the mean loss. Without an edge it is 0.
    """
    errors = _wrong(account)
    if not win_rate.is_finite() or not ZERO <= win_rate <= ONE:
        errors["win_rate"] = f"{win_rate} is no win rate: give 0 to 1, e.g. 0.55."
    _above_zero(errors, "win_loss_ratio", win_loss_ratio, "the mean gain over the mean loss, e.g. 1.5")
    _within(errors, "multiplier", multiplier, ONE, "the part of Kelly's fraction to use, e.g. 0.5")
    _within(errors, "cap", cap, ONE, "the largest share of equity, e.g. 0.25")
    _raise(errors)
    full = win_rate - (ONE - win_rate) / win_loss_ratio
    if full <= ZERO:
        return _nothing(
            f"There is no edge: winning {plain(win_rate * 100)} % of the time at {plain(win_loss_ratio)} to 1 "
            "does not gain on average."
        )
    sized = _size(account, min(full * multiplier, cap))
    limited = "cap" if full * multiplier > cap and not sized.limited_by else sized.limited_by
    return Size(shares=sized.shares, fraction=sized.fraction, reason=sized.reason, limited_by=limited)


def _size(account: Account, fraction: Decimal) -> Size:
    limited = "max_fraction" if fraction > account.max_fraction else ""
    used = min(fraction, account.max_fraction)
    quantity = shares(used * account.equity / account.price, fractional=account.fractional)
    if quantity <= ZERO:
        unit = "the smallest part of a share" if account.fractional else "one share, and only whole ones are traded"
        return _nothing(
            f"{plain(nano(used * 100))} % of ${plain(account.equity)} buys less than {unit} at ${plain(account.price)}."
        )
    return Size(shares=quantity, fraction=nano(quantity * account.price / account.equity), limited_by=limited)


def _nothing(reason: str) -> Size:
    return Size(shares=ZERO, fraction=ZERO, reason=reason)


def _wrong(account: Account) -> dict[str, str]:
    errors: dict[str, str] = {}
    _above_zero(errors, "equity", account.equity, "the account's dollars")
    _above_zero(errors, "price", account.price, "dollars per share")
    _above_zero(errors, "max_fraction", account.max_fraction, "the largest share of equity, e.g. 0.25")
    return errors


def _above_zero(errors: dict[str, str], name: str, value: Decimal, what: str) -> None:
    if not value.is_finite() or value <= ZERO:
        errors[name] = f"{value} cannot be used: give a number above 0, {what}."


def _within(errors: dict[str, str], name: str, value: Decimal, most: Decimal, what: str) -> None:
    if not value.is_finite() or not ZERO < value <= most:
        errors[name] = f"{value} cannot be used: give a number above 0 and at most {most}, {what}."


def _raise(errors: Mapping[str, str]) -> None:
    if errors:
        raise InvalidInput(errors)
