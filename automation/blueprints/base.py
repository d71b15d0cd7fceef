"""What a blueprint is. Plain Python: no Django, no clock, no I/O.

Each blueprint is one file with one class of the same names: `name`, `title`, `about`, `fields`, `parse`, `symbols`,
`sentence`, `drafts`. It makes rules in the API's own words from a few parameters and the facts of the moment; whether
they are good rules is for `automation.drafts` to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Protocol, runtime_checkable

from automation.triggers.base import BadParams, SessionTimes
from common.money import CENT, HUNDRED, plain
from markets.types import BarRow

Params = Mapping[str, Any]  # checked: decimals as plain strings, every default filled in
Draft = dict[str, Any]  # a rule as the API takes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One parameter, for forms and for programs. `kind`: symbol, symbols, percent, dollars, number, time, choice."""

    name: str
    label: str
    kind: str
    help: str = ""
    default: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """A symbol as it stands: shares held, dollars per share paid for them, last price (None: unknown)."""

    symbol: str
    held: Decimal = Decimal(0)
    cost_per_share: Decimal | None = None
    last: Decimal | None = None
    fractionable: bool = True
    sessions: Sequence[SessionTimes] = ()  # the coming ones, in order
    daily: Sequence[BarRow] = ()  # closed daily bars, oldest first, for a blueprint `WithHistory`


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The portfolio's holdings and the symbols asked for, at `now`."""

    now: datetime
    portfolio: str
    stocks: Mapping[str, Stock] = field(default_factory=dict)

    @property
    def holdings(self) -> list[Stock]:
        """What is held, by symbol."""
        return [stock for _, stock in sorted(self.stocks.items()) if stock.held > 0]


class Blueprint(Protocol):
    """Rules ready to fill in."""

    name: str
    title: str
    about: str

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its parameters, for forms and programs."""

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise parameters. Raises BadParams naming every key, value and fix."""

    def symbols(self, params: Params) -> set[str]:
        """The symbols whose facts it needs, beside the holdings."""

    def sentence(self, params: Params) -> str:
        """What it sets up, in one English sentence."""

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        """The rules. Raises BadParams for what the facts do not allow (nothing held, no price)."""


@runtime_checkable
class WithHistory(Protocol):
    """A blueprint that looks back."""

    def bars_needed(self, params: Params) -> int:
        """How many closed daily bars of its symbols it looks at."""


SYMBOL = Field(name="symbol", label="Symbol", kind="symbol", required=True, help="such as AAPL")
FROM = Field(
    name="from",
    label="Counted from",
    kind="choice",
    default="price",
    choices=(("price", "the last price"), ("cost", "what the shares cost")),
)


def stock_of(facts: Facts, params: Params) -> Stock:
    """The stock of the parameter `symbol`. Raises BadParams when nobody knows it."""
    found = facts.stocks.get(params["symbol"])
    if found is None:
        raise BadParams({"symbol": f"'{params['symbol']}' is not a known symbol: see /api/markets/instruments/"})
    return found


def held_stock(facts: Facts, params: Params) -> Stock:
    """The same, of which shares must be held."""
    stock = stock_of(facts, params)
    if not stock.held:
        raise BadParams({"symbol": f"'{stock.symbol}' is not held in {facts.portfolio}: there is nothing to sell"})
    return stock


def base_of(stock: Stock, params: Params) -> Decimal:
    """The price percentages are counted from. Raises BadParams when it is not known."""
    price = stock.cost_per_share if params.get("from") == "cost" else stock.last
    if price is None or price <= 0:
        word = "what its shares cost" if params.get("from") == "cost" else "its price"
        raise BadParams({"symbol": f"'{stock.symbol}': {word} is not known yet, so no level can be worked out"})
    return price


def level(base: Decimal, percent: Decimal) -> str:
    """`base` moved by so many percent, to the cent (below a dollar a hundredth of one), rounded away from the base."""
    exact = base * (HUNDRED + percent) / HUNDRED
    tick = tick_of(exact)
    return plain(max(exact.quantize(tick, ROUND_CEILING if percent > 0 else ROUND_FLOOR), tick))


def down_to_tick(exact: Decimal) -> str:
    """A level at or below `exact` that a price can reach."""
    tick = tick_of(exact)
    return plain(max(exact.quantize(tick, ROUND_FLOOR), tick))


def tick_of(price: Decimal) -> Decimal:
    """A cent; below a dollar a hundredth of one."""
    return CENT if price >= 1 else CENT / 100


def symbol_in(text: str | None) -> str:
    """A symbol as typed, in capitals."""
    return (text or "").strip().upper()
