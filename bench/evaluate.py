"""How long one full-market batch takes, at 10,000 and 1,000,000 armed rules over the same symbols."""

from __future__ import annotations

import random
import resource
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from automation import evaluating
from automation.models import ActionExecution
from bench import loading
from bench.report import middle, percentile
from markets.quoting import record_ticks
from markets.types import Tick


def run(*, quick: bool) -> list[dict[str, Any]]:
    width = 1_000 if quick else 10_000
    sizes = (1_000, 50_000) if quick else (10_000, 100_000, 1_000_000)
    batches = 5 if quick else 15
    names = loading.load_market(width)
    (portfolio,) = loading.open_accounts(1)
    rows: list[dict[str, Any]] = []
    for size in sizes:
        loading.forget_rules()
        loading.load_rules(size, names, portfolio)
        rows.append(measure(size, names, batches))
    rows[-1]["x smallest"] = rows[-1]["evaluate s"] / rows[0]["evaluate s"]
    return rows


def measure(size: int, names: list[str], batches: int) -> dict[str, Any]:
    """Random small moves of every symbol, `batches` times; the first two batches warm the caches."""
    chance = random.Random(size)
    prices = dict.fromkeys(names, 100.0)
    written, evaluated, fired = [], [], []
    for batch in range(batches + 2):
        now = datetime.now(UTC)
        ticks = []
        for name in names:
            prices[name] *= 1 + chance.gauss(0, 0.0002)
            price = Decimal(f"{prices[name]:.2f}")
            ticks.append(Tick(symbol=name, price=price, at=now, source="bench", volume=Decimal(1000 * (batch + 1))))
        began = time.perf_counter()
        record_ticks(ticks=ticks, now=now)
        middle_time = time.perf_counter()
        done = evaluating.evaluate_quotes(now=datetime.now(UTC))
        ended = time.perf_counter()
        if batch >= 2:
            written.append(middle_time - began)
            evaluated.append(ended - middle_time)
            fired.append(done.fired)
    return {
        "rules": size,
        "symbols": len(names),
        "evaluate s": middle(evaluated),
        "p95 s": percentile(evaluated, 0.95),
        "worst s": max(evaluated),
        "write quotes s": middle(written),
        "fired per batch": sum(fired) / len(fired),
        "executions": ActionExecution.objects.count(),
        "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
