"""Every denial says in plain English what is wrong, with the value and the limit, and what to do."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import pytest

from common.money import plain
from safety.case import CODE_OF_FAILURE, money, percent
from safety.checks import CHECKS
from safety.gate import decide
from safety.types import CheckResult
from tests.safety.examples import EXAMPLES, Example

# Where a denial has a limit: which of its values was too much, and which is the limit.
LIMITS = {
    "INTENT_EXPIRED": ("late_seconds", "expires_at"),
    "QUOTE_STALE": ("age_seconds", "limit_seconds"),
    "SPREAD_WIDE": ("spread_pct", "limit_pct"),
    "PRICE_COLLAR": ("away_pct", "limit_pct"),
    "PRICE_JUMP": ("jump_pct", "limit_pct"),
    "MAX_ORDER_NOTIONAL": ("notional", "limit"),
    "MAX_POSITION": ("value", "limit_pct"),
    "MAX_GROSS": ("exposure", "limit"),
    "MAX_OPEN_ORDERS": ("open_orders", "limit"),
    "BUYING_POWER": ("need", "cash"),
    "OVERSELL": ("quantity", "held"),
    "DUPLICATE_SUSPECT": ("age_seconds", "window_seconds"),
    "LOOP_SUSPECT": ("round_trips", "limit"),
    "RATE_LIMIT": ("placed", "limit"),
    "DAILY_TRADE_CAP": ("trades", "limit"),
    "DAILY_TURNOVER": ("turnover", "limit"),
    "DAILY_LOSS": ("loss_pct", "limit_pct"),
    "DRAWDOWN": ("drawdown_pct", "limit_pct"),
    "RULE_NEEDS_REVIEW": ("failures", "limit"),
    "APPROVAL_REQUIRED": ("amount", "threshold"),
}
# Where there is none: what the sentence is about.
NAMED = {
    "KILL_SWITCH_ACTIVE": "scope",
    "STATE_REDUCING": "state",
    "TRADING_HALTED": "state",
    "LIVE_NOT_ARMED": None,  # it is or it is not
    "ACCOUNT_BLOCKED": "reason",
    "RECONCILING": None,
    "UNKNOWN_ORDER_OPEN": "unknown",
    "SYMBOL_NOT_ALLOWED": "symbol",
    "ASSET_NOT_TRADABLE": "symbol",
    "QTY_INVALID": "quantity",
    "NOT_FRACTIONABLE": "quantity",
    "PRICE_TICK": "price",
    "MARKET_CLOSED": "symbol",
    "QUOTE_INVALID": "bid",
    "OPPOSITE_ORDER_OPEN": "open",
    "WASH_SALE_LOCK": "sold_on",
    "AGENT_LIMIT": None,  # an order too many, an order too large, or what an agent may not do at all
    "TAINTED_CONTEXT": None,
    CODE_OF_FAILURE: None,
}
WHAT_TO_DO = re.compile(
    r"\b(wait|try again|cancel|raise|buy|sell|order|place|round|give|use|choose|check|resume|set|turn|arm|add|take|"
    r"approve|look at|see|solve|change|pause)\b",
    re.IGNORECASE,
)
HERE = [pytest.param(example, id=f"{example.code}: {example.says}") for example in EXAMPLES]


def told(example: Example) -> CheckResult:
    verdict, _ = decide(*example.beyond)
    return next(result for result in verdict.results if result.code == example.code)


def spellings(value: str) -> set[str]:
    """How a sentence may write a value: as it is, in dollars, percent, whole seconds, without its sign, one less."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return {value, value.replace("T", " ").removesuffix("+00:00")}
    if not number.is_finite():
        return {value}
    written = {value, plain(number), money(number), money(-number), percent(number), f"{abs(number):.0f}"}
    return written | {plain(number - 1)} if number == number.to_integral_value() and number > 1 else written


def says(message: str, value: str) -> bool:
    return any(re.search(rf"(?<![\d.]){re.escape(text)}(?!\d)", message) for text in spellings(value) if text)


def test_every_code_is_listed_here() -> None:
    codes = {code for check in CHECKS for code in check.codes} | {CODE_OF_FAILURE}
    assert set(LIMITS) | set(NAMED) == codes
    assert not set(LIMITS) & set(NAMED)


@pytest.mark.parametrize("example", HERE)
def test_a_denial_names_the_value_and_the_limit(example: Example) -> None:
    result = told(example)
    names = LIMITS.get(example.code) or (NAMED[example.code],)
    for name in names:
        if name is not None and result.values.get(name):
            assert says(result.message, result.values[name]), (name, result.values[name], result.message)


def test_every_limit_is_named_by_some_example() -> None:
    for code, names in LIMITS.items():
        assert any(
            all(told(example).values.get(name) for name in names) for example in EXAMPLES if example.code == code
        )


@pytest.mark.parametrize("example", HERE)
def test_a_denial_says_what_to_do_in_sentences(example: Example) -> None:
    message = told(example).message
    assert message[0].isupper() or message[0] in "-0123456789"
    assert message.endswith(".")
    if example.code != CODE_OF_FAILURE:
        assert WHAT_TO_DO.search(message), message
    assert example.code not in message
    assert len(message) <= 400  # what an order keeps of it
