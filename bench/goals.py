"""Planning a goal of 500 assets, and the drift of 1,000 portfolios with ten holdings each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from bench import loading, report
from common.money import cents, plain
from portfolios.goals.reading import drifts
from portfolios.models import Holding, Portfolio, PortfolioGoal
from portfolios.planning.planner import plan
from portfolios.planning.types import BandKind, CostModel, GoalTerms, LotMethod, PlanBook, PlanHolding, PlanLot

COST = CostModel(commission=Decimal(1), spread_bps=Decimal(2), slippage_bps=Decimal(2))
PAST = datetime(2025, 1, 2, tzinfo=UTC)


def run(*, quick: bool) -> list[dict[str, Any]]:
    times = 3 if quick else 15
    rows = []
    for assets in (50, 500):
        for fractional in (True, False):
            book, terms = draw(assets, fractional=fractional)
            trades = len(plan(book, terms, COST).trades)
            what = f"plan, {assets} assets, {'fractional' if fractional else 'whole shares'}"
            rows.append(row(what, f"{trades} trades", times, partial(plan, book, terms, COST)))
    portfolios = 100 if quick else 1000
    goals, now = load(portfolios), datetime.now(UTC)
    off = sum(one.needs_rebalancing for one in drifts(goals, now).values())
    rows.append(row(f"drift, {portfolios} portfolios", f"{off} drifted", times, partial(drifts, goals, now)))
    return rows


def row(what: str, result: str, times: int, work: Callable[[], object]) -> dict[str, Any]:
    """The median and the largest of several runs in milliseconds, and the median time on the processor."""
    wall, cpu = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    return {
        "what": what,
        "result": result,
        "ms": round(report.middle(wall), 1),
        "ms, worst": round(max(wall), 1),
        "ms of processor": round(report.middle(cpu), 1),
    }


def draw(assets: int, *, fractional: bool) -> tuple[PlanBook, GoalTerms]:
    """A portfolio in which nearly everything is off its target; four lots each, the least tax chooses among them."""
    rng = random.Random(assets)
    held = {}
    for number in range(assets):
        symbol, price = f"S{number}", Decimal(rng.randint(500, 50_000)) / 100
        quantity = Decimal(rng.randint(0, 100) * 4)
        held[symbol] = PlanHolding(
            symbol=symbol,
            quantity=quantity,
            price=price,
            fractional=fractional,
            lots=lots(rng, number, quantity / 4, price) if quantity else (),
        )
    parts = [rng.randint(1, 20) for _ in held]
    weights = [(Decimal(part) / sum(parts)).quantize(Decimal("0.000001")) for part in parts]
    weights[0] += 1 - sum(weights)
    targets = dict(zip(held, weights, strict=True))
    now = PAST + timedelta(days=500)
    return PlanBook(now=now, cash=Decimal(50_000), holdings=held), GoalTerms(
        targets=targets, band_kind=BandKind.HYBRID_5_25, lot_method=LotMethod.TAX
    )


def lots(rng: random.Random, number: int, quantity: Decimal, price: Decimal) -> tuple[PlanLot, ...]:
    return tuple(
        PlanLot(
            lot_id=number * 4 + place,
            acquired_at=PAST + timedelta(days=100 * place),
            quantity=quantity,
            cost=cents(quantity * price * rng.choice((Decimal("0.8"), Decimal("1.1")))),
        )
        for place in range(4)
    )


def load(portfolios: int) -> list[Any]:
    """Portfolios of ten holdings out of 500 symbols, each with a goal of ten. Returns the goals' ids."""
    names, rng, now = loading.load_market(500), random.Random(1), datetime.now(UTC)
    opened = loading.open_accounts(portfolios)
    held, goals = [], []
    for portfolio in opened:
        wanted = rng.sample(names, 11)
        held += [
            Holding(portfolio=portfolio, instrument_id=name, quantity=rng.randint(1, 90), cost=0, updated_at=now)
            for name in wanted[1:]
        ]
        weights = {name: plain(Decimal("0.1")) for name in wanted[:10]}
        goals.append(
            PortfolioGoal(portfolio=portfolio, name="G", target_weights=weights, created_at=now, updated_at=now)
        )
    Holding.objects.bulk_create(held)
    PortfolioGoal.objects.bulk_create(goals)
    Portfolio.objects.update(cash=5000)
    return [goal.pk for goal in goals]
