"""What an order would have filled at, had it been sent now: the rule's size and the paper broker's own arithmetic.

Nothing is judged, placed or written. The gate is not asked: what it would say is shown by `orders.previewing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from brokers.models import BrokerAccount
from common.money import ZERO
from markets import fill_model
from markets.models import Instrument, Quote
from markets.selectors import latest_quotes
from orders.sizing import NoSize, quantity_of
from orders.snapshot import quotes_of
from orders.types import OrderIntent
from portfolios import valuing
from portfolios.models import Portfolio
from portfolios.types import Valuation

QUOTE_MAX_AGE = timedelta(seconds=15)  # as the paper broker: an older price is not one to trade at
NO_QUOTE, NOT_REACHED, OVERSELL = "NO_QUOTE", "NOT_REACHED", "OVERSELL"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShadowFill:
    """`quantity` shares at `price` dollars each, `fee` dollars in all. Without a fill: `code` says why."""

    quantity: Decimal = ZERO
    price: Decimal = ZERO
    fee: Decimal = ZERO
    code: str = ""

    @property
    def filled(self) -> bool:
        return not self.code


def shadow_fills(
    *,
    portfolio_id: UUID,
    intents: Sequence[OrderIntent],
    sold_before: Mapping[UUID, Decimal],
    now: datetime,
) -> list[ShadowFill]:
    """One answer per intent, in their order. The number of queries is constant.

    `sold_before`: by rule, shares its shadow has sold while the books still show them. A sale of more than is left is
    no trade: code OVERSELL. NO_QUOTE: no price of the last 15 s; NOT_REACHED: a limit or stop that would have rested;
    else the code of the size that could not be told.
    """
    symbols = {intent.symbol for intent in intents}
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    valuation = valuing.value(portfolio, now=now)
    quotes = {s: quote for s, quote in latest_quotes(symbols).items() if quote.at >= now - QUOTE_MAX_AGE}
    views = quotes_of(quotes)
    instruments = Instrument.objects.in_bulk(symbols)
    costs = costs_for(portfolio_id)
    sold = dict(sold_before)
    answers = []
    for intent in intents:
        quote, rule = quotes.get(intent.symbol), intent.action_id
        held = _held(valuation, intent.symbol) - (sold.get(rule, ZERO) if rule else ZERO)
        if quote is None:
            answers.append(ShadowFill(code=NO_QUOTE))
            continue
        try:
            quantity = quantity_of(
                intent,
                quote=views[intent.symbol],
                held=max(held, ZERO),
                equity=valuation.equity,
                fractional=instruments[intent.symbol].fractionable,
            )
        except NoSize as refused:
            answers.append(ShadowFill(code=refused.code))
            continue
        answer = fill_of(intent, quantity, quote, costs) if _may_sell(intent, quantity, held) else _OVERSOLD
        if answer.filled and intent.side == fill_model.SELL and rule:
            sold[rule] = sold.get(rule, ZERO) + answer.quantity
        answers.append(answer)
    return answers


_OVERSOLD = ShadowFill(code=OVERSELL)


def costs_for(portfolio_id: UUID) -> fill_model.Costs:
    """What trading costs in the portfolio's account."""
    return costs_of(BrokerAccount.objects.filter(portfolio_id=portfolio_id).first())


def costs_of(account: BrokerAccount | None) -> fill_model.Costs:
    """The account's costs; its limit on the size of one fill aside: the rest would have filled a moment later."""
    if account is None:
        return fill_model.Costs()
    return fill_model.Costs(
        slippage_bps=account.slippage_bps, fee_per_order=account.fee_per_order, fee_bps=account.fee_bps
    )


def _held(valuation: Valuation, symbol: str) -> Decimal:
    position = valuation.positions.get(symbol)
    return position.quantity if position else ZERO


def _may_sell(intent: OrderIntent, quantity: Decimal, held: Decimal) -> bool:
    return intent.side != fill_model.SELL or quantity <= held


def fill_of(intent: OrderIntent, quantity: Decimal, quote: Quote, costs: fill_model.Costs) -> ShadowFill:
    """What `quantity` shares of the intent would have filled at on this quote."""
    outcome = fill_model.match(
        fill_model.WorkingOrder(
            side=intent.side,
            order_type=intent.order_type,
            remaining=quantity,
            limit_price=intent.limit_price,
            stop_price=intent.stop_price,
        ),
        # What traded before the order would have come does not fill it: the last price is low and high at once.
        fill_model.Observation(last=quote.last, low=quote.last, high=quote.last, bid=quote.bid, ask=quote.ask),
        costs,
    )
    if not outcome.fills:
        return ShadowFill(code=NOT_REACHED)
    (fill,) = outcome.fills
    return ShadowFill(quantity=fill.quantity, price=fill.price, fee=fill.fee)
