"""How long a new rule's conflicts take to find beside 10,000 rules of one user, and a list of all conflicts."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from automation.models import Action
from automation.preflight.finding import findings_about, findings_of
from automation.preflight.reviewing import review
from automation.triggers.registry import TRIGGERS
from bench import loading, report
from portfolios.models import Portfolio

SEED = 1
REPEATS = 12


def load(count: int, names: list[str], portfolio: Portfolio) -> None:
    """`count` active rules at random levels around 100: half buy, half sell, a third of them over and over."""
    rng, now = random.Random(SEED), datetime.now(UTC)
    rows = []
    for number in range(count):
        kind = rng.choice(["price_below", "price_above", "change_pct"])
        params = (
            {"change": str(rng.randint(1, 9))} if kind == "change_pct" else {"threshold": str(rng.randint(80, 120))}
        )
        rows.append(
            Action(
                user=portfolio.user,
                portfolio=portfolio,
                action_type=rng.choice(["BUY", "SELL"]),
                instrument_id=names[number % len(names)],
                quantity=Decimal(1),
                trigger_type=kind,
                trigger_params=TRIGGERS[kind].parse(params),
                max_executions=rng.choice([1, 1, None]),
                created_at=now,
                updated_at=now,
            )
        )
    Action.objects.bulk_create(rows, batch_size=1000)


def run(*, quick: bool) -> list[dict[str, Any]]:
    count = 1_000 if quick else 10_000
    names = loading.load_market(500)
    rows = []
    for portfolio, symbols in zip(loading.open_accounts(2), (names, names[:1]), strict=True):
        load(count, symbols, portfolio)
        data = {
            "action_type": "BUY",
            "symbol": names[0],
            "quantity": "1",
            "trigger_type": "price_below",
            "trigger_params": {"threshold": "100"},
        }
        stored = Action.objects.filter(portfolio=portfolio).first()
        assert stored is not None
        drafts, present = [], []
        for _ in range(REPEATS):
            began = time.perf_counter()
            found = review(user=portfolio.user, data=data, now=datetime.now(UTC))
            middle = time.perf_counter()
            findings_about(stored, now=datetime.now(UTC))
            drafts.append(middle - began)
            present.append(time.perf_counter() - middle)
        began = time.perf_counter()
        listed = findings_of(portfolio.user, now=datetime.now(UTC))
        rows.append(
            {
                "rules": count,
                "symbols": len(symbols),
                "new rule ms": round(1000 * report.middle(drafts), 1),
                "p95 ms": round(1000 * report.percentile(drafts, 0.95), 1),
                "findings": len(found.findings),
                "a rule's page ms": round(1000 * report.middle(present), 1),
                "all rules s": round(time.perf_counter() - began, 2),
                "all findings": len(listed),
            }
        )
    return rows
