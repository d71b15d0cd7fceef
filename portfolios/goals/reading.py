"""Goals with their books: what the pure planner needs, read in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Max

from common.money import ZERO
from markets.models import Instrument
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio, PortfolioGoal
from portfolios.planning.drifting import drift_of
from portfolios.planning.planner import plan
from portfolios.planning.types import (
    CASH,
    BandKind,
    CostModel,
    Drift,
    GoalTerms,
    LotMethod,
    Plan,
    PlanBook,
    PlanHolding,
    PlanLot,
    RebalanceTo,
)

WASH_DAYS = timedelta(days=30)  # IRC §1091: 30 days before and after the sale
PRICED = ("instrument__quote__last", "instrument__fractionable", "instrument__active", "instrument__tradable")
USUAL_COST = CostModel(spread_bps=Decimal(2), slippage_bps=Decimal(2))


def terms_of(goal: PortfolioGoal) -> GoalTerms:
    """What the goal asks of the planner."""
    return GoalTerms(
        targets={symbol: Decimal(weight) for symbol, weight in goal.target_weights.items()},
        band_kind=BandKind(goal.band_kind),
        threshold=goal.drift_threshold,
        rebalance_to=RebalanceTo(goal.rebalance_to),
        cash_flow_only=goal.cash_flow_only,
        min_trade=goal.min_trade,
        cash_buffer=goal.cash_buffer,
        cash_buffer_pct=goal.cash_buffer_pct,
        turnover_cap=goal.turnover_cap,
        do_not_sell=frozenset(goal.do_not_sell),
        lot_method=LotMethod(goal.lot_method),
        short_term_tax_pct=goal.short_term_tax_pct,
        long_term_tax_pct=goal.long_term_tax_pct,
        avoid_short_term_gains=goal.avoid_short_term_gains,
        wash_sale_lock=goal.wash_sale_lock,
    )


def cost_of(goal: PortfolioGoal) -> CostModel:
    """What the goal expects a trade to cost."""
    return CostModel(
        commission=goal.commission,
        spread_bps=goal.spread_bps,
        slippage_bps=goal.slippage_bps,
        benefit_bps=goal.benefit_bps,
    )


def book_of(portfolio: Portfolio, now: datetime, symbols: Iterable[str] = ()) -> PlanBook:
    """The portfolio with its lots and the sales and purchases of the last 30 days; `symbols`: the targets.

    Five queries. `portfolio.cash` is taken as it was loaded. A symbol without instrument is left out, and the plan
    refuses it by name.
    """
    lots = _open_lots(portfolio)
    holdings = {
        symbol: _holding(symbol, quantity, *rest, lots=tuple(lots[symbol]))
        for symbol, quantity, *rest in Holding.objects.filter(portfolio=portfolio, quantity__gt=0).values_list(
            "instrument_id", "quantity", *PRICED
        )
    }
    wanted = {symbol for symbol in symbols if symbol != CASH} - holdings.keys()
    if wanted:
        holdings.update(_not_held(wanted))
    return PlanBook(
        now=now,
        cash=portfolio.cash,
        holdings=holdings,
        loss_sales=loss_sales(portfolio, now),
        recent_buys=recent_buys(portfolio, now),
    )


def loss_sales(portfolio: Portfolio, now: datetime, symbols: Iterable[str] | None = None) -> dict[str, datetime]:
    """When each symbol was last sold at a loss within 30 days before `now`."""
    rows = LotDisposal.objects.filter(
        entry__portfolio=portfolio, entry__at__gt=now - WASH_DAYS, entry__at__lte=now, gain__lt=0
    )
    if symbols is not None:
        rows = rows.filter(entry__instrument__in=list(symbols))
    return dict(rows.values_list("entry__instrument_id").annotate(latest=Max("entry__at")))


def recent_buys(portfolio: Portfolio, now: datetime) -> dict[str, datetime]:
    """When each symbol was last bought within 30 days before `now`."""
    rows = LedgerEntry.objects.filter(
        portfolio=portfolio, at__gt=now - WASH_DAYS, at__lte=now, kind=LedgerEntry.Kind.BUY
    )
    return dict(rows.values_list("instrument_id").annotate(latest=Max("at")))


def drift(goal: PortfolioGoal, now: datetime) -> Drift:
    """The goal's drift at the latest quotes."""
    return drifts([goal.pk], now)[goal.pk]


def drifts(goal_ids: Iterable[UUID], now: datetime) -> dict[UUID, Drift]:
    """The drift of many goals by id, in three queries. Unknown ids are left out."""
    goals = list(PortfolioGoal.objects.filter(pk__in=list(goal_ids)).select_related("portfolio"))
    terms = {goal.pk: terms_of(goal) for goal in goals}
    held: dict[UUID, dict[str, PlanHolding]] = defaultdict(dict)
    rows = Holding.objects.filter(portfolio__in={goal.portfolio_id for goal in goals}, quantity__gt=0)
    for portfolio_id, symbol, quantity, *rest in rows.values_list("portfolio_id", "instrument_id", "quantity", *PRICED):
        held[portfolio_id][symbol] = _holding(symbol, quantity, *rest)
    missing = {
        symbol
        for goal in goals
        for symbol in terms[goal.pk].targets
        if symbol != CASH and symbol not in held[goal.portfolio_id]
    }
    others = _not_held(missing) if missing else {}
    return {goal.pk: drift_of(_book(goal, held[goal.portfolio_id], others, now), terms[goal.pk]) for goal in goals}


def plan_goal(goal: PortfolioGoal, now: datetime, *, force: bool = False) -> Plan:
    """What a rebalance to the goal would do now. CannotPlan."""
    terms = terms_of(goal)
    return plan(book_of(goal.portfolio, now, terms.targets), terms, cost_of(goal), force=force)


def plan_terms(
    portfolio: Portfolio, terms: GoalTerms, now: datetime, *, cost: CostModel = USUAL_COST, force: bool = True
) -> Plan:
    """The same for targets that are no goal: `GoalTerms(targets=...)`. CannotPlan."""
    return plan(book_of(portfolio, now, terms.targets), terms, cost, force=force)


def _book(
    goal: PortfolioGoal, held: Mapping[str, PlanHolding], others: Mapping[str, PlanHolding], now: datetime
) -> PlanBook:
    wanted = {symbol: others[symbol] for symbol in goal.target_weights if symbol in others and symbol not in held}
    return PlanBook(now=now, cash=goal.portfolio.cash, holdings={**held, **wanted})


def _open_lots(portfolio: Portfolio) -> dict[str, list[PlanLot]]:
    lots: dict[str, list[PlanLot]] = defaultdict(list)
    rows = Lot.objects.filter(portfolio=portfolio, open_quantity__gt=0).order_by("acquired_at", "pk")
    for symbol, pk, at, quantity, cost in rows.values_list(
        "instrument_id", "pk", "acquired_at", "open_quantity", "open_cost"
    ):
        lots[symbol].append(PlanLot(lot_id=pk, acquired_at=at, quantity=quantity, cost=cost))
    return lots


def _not_held(symbols: Iterable[str]) -> dict[str, PlanHolding]:
    names = [name.removeprefix("instrument__") for name in PRICED]
    rows = Instrument.objects.filter(pk__in=list(symbols)).values_list("symbol", *names)
    return {symbol: _holding(symbol, ZERO, *rest) for symbol, *rest in rows}


def _holding(
    symbol: str,
    quantity: Decimal,
    price: Decimal | None,
    fractionable: bool,
    active: bool,
    tradable: bool,
    *,
    lots: tuple[PlanLot, ...] = (),
) -> PlanHolding:
    return PlanHolding(
        symbol=symbol,
        quantity=quantity,
        price=price,
        fractional=fractionable,
        tradable=active and tradable,
        lots=lots,
    )
