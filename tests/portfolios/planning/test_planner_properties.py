"""Whatever the book and the goal: the plan keeps every limit, adds up to the cent, and is not wanted twice."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from common.money import cents
from portfolios.planning.drifting import drift_of
from portfolios.planning.planner import plan
from portfolios.planning.types import CASH, CannotPlan, Code, CostModel, DriftRow, GoalTerms, Plan, PlanBook
from tests.portfolios.planning.books import D, Draw, after

Case = tuple[PlanBook, GoalTerms, CostModel, bool]
SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=1000, deadline=None, derandomize=True)


def planned(seed: int) -> tuple[Case, Plan]:
    case = book, terms, cost, force = Draw(seed).case()
    try:
        return case, plan(book, terms, cost, force=force)
    except CannotPlan:
        assume(False)
        raise


@MANY
@given(SEEDS)
def test_every_limit_holds(seed: int) -> None:
    (book, terms, cost, _), made = planned(seed)
    event(f"trades: {min(len(made.trades), 3)}")
    reserved = cents(terms.cash_buffer + made.equity * terms.cash_buffer_pct / 100)
    proceeds = sum((t.value - t.cost for t in made.sells), D(0))
    spent = sum((t.value + t.cost for t in made.buys), D(0))
    assert spent <= max(book.cash - book.committed_cash - reserved + proceeds, D(0)) + made.expected_cost
    assert made.cash_after >= min(book.cash, D(0))
    bought_and_sold = sum((t.value for t in made.trades), D(0))
    assert terms.turnover_cap is None or bought_and_sold <= terms.turnover_cap * made.equity
    assert len({trade.symbol for trade in made.trades}) == len(made.trades)
    for trade in made.trades:
        held = book.holdings[trade.symbol]
        assert held.tradable and trade.quantity > 0
        assert trade.value == cents(trade.quantity * trade.price) >= terms.min_trade
        assert trade.quantity == round(trade.quantity, 9 if held.fractional else 0)
        assert trade.cost <= trade.value * cost.benefit_bps / 10_000
        if trade.side == "sell":
            assert trade.quantity <= held.quantity - held.committed
            assert trade.symbol not in terms.do_not_sell and not terms.cash_flow_only
            assert sum((part.quantity for part in trade.lots), D(0)) == trade.quantity
            if terms.avoid_short_term_gains:
                assert trade.short_term_gain <= D("0.01")
        else:
            assert not (terms.wash_sale_lock and trade.symbol in book.loss_sales)


@MANY
@given(SEEDS)
def test_it_adds_up_to_the_cent_and_explains_every_dollar(seed: int) -> None:
    (book, terms, _, _), made = planned(seed)
    values = {s: cents(h.quantity * (h.price or 0)) for s, h in book.holdings.items()}
    cash = book.cash
    for trade in made.trades:
        sign = 1 if trade.side == "buy" else -1
        values[trade.symbol] += sign * trade.value
        cash -= sign * trade.value + trade.cost
    assert cash == made.cash_after
    assert made.expected_cost == sum((t.cost for t in made.trades), D(0))
    equity = cash + sum(values.values())
    assert equity + made.expected_cost == made.equity
    explained: dict[str, Decimal] = defaultdict(Decimal)
    for row in made.residuals:
        assert row.reason and row.dollars
        explained[row.symbol] += row.dollars
    managed = equity - cents(terms.cash_buffer + equity * terms.cash_buffer_pct / 100)
    for symbol, value in values.items():
        target = terms.targets.get(symbol, D(0)) / sum(terms.targets.values())
        assert explained[symbol] == value - cents(target * managed), symbol
    assert sum(explained.values()) == 0
    assert sum(made.weights_after.values()) - 1 < D("0.00000001")


@MANY
@given(SEEDS)
def test_it_ends_inside_the_bands_or_says_why_and_is_not_wanted_twice(
    seed: int,
) -> None:
    (book, terms, cost, force), made = planned(seed)
    later = after(book, made)
    codes: dict[str, set[Code]] = defaultdict(set)
    for row in made.residuals:
        codes[row.symbol].add(row.code)
    for row in drift_of(later, terms).rows:
        if row.outside and row.symbol != CASH and row.dollars:
            assert codes[row.symbol] - {Code.INSIDE_BAND}, f"{row} is not explained"
    if any(Code.TURNOVER_CAP in found for found in codes.values()):
        return
    again = plan(later, terms, cost, force=force)
    assert again.trades == ()
    if CASH not in terms.targets and not book.committed_cash and all(found <= SMALL for found in codes.values()):
        drift = drift_of(later, terms)
        free = next(row.value for row in drift.rows if row.symbol == CASH)
        lacking = [row for row in drift.rows if row.actionable and abs(row.dollars) > terms.min_trade + 1]
        assert all(_no_cash_for_a_share(row, later, free) for row in lacking)


SMALL = {
    Code.MIN_TRADE, Code.ROUNDING, Code.INSIDE_BAND, Code.LEFTOVER_CASH, Code.NOT_TRADABLE, Code.DO_NOT_SELL
}  # fmt: skip


def _no_cash_for_a_share(row: DriftRow, book: PlanBook, free: Decimal) -> bool:
    held = book.holdings[row.symbol]
    return row.dollars < 0 and not held.fractional and (held.price or 0) > free
