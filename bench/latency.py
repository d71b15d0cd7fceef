"""From a tick in the feed to the order at the broker, through real Celery workers, at several numbers of rules."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from automation.models import Action
from bench import loading
from bench.report import percentile
from bench.stack import Workers
from brokers.models import PaperOrder
from markets.quoting import record_ticks
from markets.types import Tick
from portfolios.models import Portfolio
from watches.arming import arm
from watches.specs import Repeat, SeriesSpec, WatchSpec

GIVE_UP = 20.0  # seconds


def run(*, quick: bool) -> list[dict[str, Any]]:
    width = 500 if quick else 10_000
    sizes = (1_000,) if quick else (1_000, 100_000, 1_000_000)
    samples = 20 if quick else 200
    names = loading.load_market(width)
    portfolios = loading.open_accounts(20)
    rows = []
    for size in sizes:
        loading.forget_rules()
        loading.load_rules(size, names, portfolios[0])
        with Workers():
            for warm in range(10):
                sample(names[-1 - warm], portfolios[warm % 20])
            taken = [sample(names[n % (width - 20)], portfolios[n % 20]) for n in range(samples)]
        rows.append(
            {
                "rules": size,
                "samples": samples,
                "p50 ms": percentile(taken, 0.5) * 1000,
                "p90 ms": percentile(taken, 0.9) * 1000,
                "p99 ms": percentile(taken, 0.99) * 1000,
                "worst ms": max(taken) * 1000,
            }
        )
    return rows


def sample(symbol: str, portfolio: Portfolio) -> float:
    """Arm one rule, move its price past the level, and wait until the paper broker has the order. Seconds."""
    now = datetime.now(UTC)
    level = Decimal("100.01")
    tick(symbol, Decimal("100.00"))
    action = Action.objects.create(
        user_id=portfolio.user_id,
        portfolio=portfolio,
        action_type="BUY",
        instrument_id=symbol,
        quantity=1,
        trigger_type="price_above",
        trigger_params={"threshold": str(level), "edge": "level", "hysteresis": "0"},
        created_at=now,
        updated_at=now,
    )
    spec = WatchSpec(series=SeriesSpec(subject=symbol, observable="price"), direction=1, level=level)
    arm(owner_kind="action", owner_id=action.id, epoch=1, spec=spec, repeat=Repeat(), now=now - timedelta(seconds=1))
    time.sleep(0.05)  # the tick before has been evaluated
    before = PaperOrder.objects.filter(account__portfolio=portfolio).count()
    began = time.perf_counter()
    tick(symbol, Decimal("100.02"))
    while time.perf_counter() - began < GIVE_UP:
        if PaperOrder.objects.filter(account__portfolio=portfolio).count() > before:
            return time.perf_counter() - began
        time.sleep(0.002)
    raise RuntimeError(f"no order within {GIVE_UP} s for {action.id}")


def tick(symbol: str, price: Decimal) -> None:
    now = datetime.now(UTC)
    record_ticks(ticks=[Tick(symbol=symbol, price=price, at=now, source="bench", bid=price, ask=price)], now=now)
