"""The textbook design beside ours: lease 100 active rules every pass, evaluate each in Python.

It follows the seed document (an `actions` table with `processing_lease_until`, leased by UPDATE ... RETURNING, quotes
fetched per batch, each rule evaluated in a loop), in the same database and on the same quotes as ours.
"""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from automation import evaluating
from bench import loading
from bench.report import middle
from markets.models import Quote
from markets.quoting import record_ticks
from markets.types import Tick

LEASED = 100


def run(*, quick: bool) -> list[dict[str, Any]]:
    width = 1_000 if quick else 10_000
    sizes = (2_000,) if quick else (10_000, 100_000)
    names = loading.load_market(width)
    (portfolio,) = loading.open_accounts(1)
    rows = []
    for size in sizes:
        loading.forget_rules()
        loading.load_rules(size, names, portfolio)
        load_textbook(size, names)
        began = time.perf_counter()
        passes = full_pass()
        textbook = time.perf_counter() - began
        ours = middle([one_batch(names, seed) for seed in range(5)])
        rows.append(
            {
                "rules": size,
                "textbook full pass s": textbook,
                "textbook rules/s": size / textbook,
                "leases": passes,
                "ours full pass s": ours,
                "ours rules/s": size / ours,
                "ratio": textbook / ours,
            }
        )
    return rows


def load_textbook(size: int, names: list[str]) -> None:
    """The seed's table, with its indexes; half price rules, the rest change and trailing stops."""
    loading.execute("DROP TABLE IF EXISTS bench_rule")
    loading.execute(
        """
        CREATE TABLE bench_rule (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), status text NOT NULL,
            symbol text NOT NULL, trigger_type text NOT NULL, trigger_params jsonb NOT NULL, valid_until timestamptz,
            processing_lease_until timestamptz, last_evaluated_at timestamptz)
        """
    )
    loading.execute(
        """
        INSERT INTO bench_rule (status, symbol, trigger_type, trigger_params)
        SELECT 'active', (%(names)s::text[])[1 + n %% %(width)s],
               (ARRAY['price_above', 'price_below', 'change_pct', 'trailing_stop'])[1 + n %% 4],
               jsonb_build_object('threshold', CASE n %% 4 WHEN 0 THEN 130 ELSE 70 END, 'change', 30, 'percent', 30,
                                  'runtime_state', jsonb_build_object('peak', 100))
        FROM generate_series(0, %(count)s - 1) AS n
        """,
        {"names": names, "width": len(names), "count": size},
    )
    loading.execute("CREATE INDEX ON bench_rule (status)")
    loading.execute("CREATE INDEX ON bench_rule (symbol)")
    loading.execute("ANALYZE bench_rule")


def full_pass() -> int:
    """Lease and evaluate until every rule was looked at once. Returns the number of leases."""
    started = datetime.now(UTC)
    passes = 0
    while lease_and_evaluate(started):
        passes += 1
    return passes


def lease_and_evaluate(started: datetime) -> int:
    """One pass of the textbook loop."""
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE bench_rule SET processing_lease_until = %s WHERE id IN (
                SELECT id FROM bench_rule
                WHERE status = 'active' AND (valid_until IS NULL OR valid_until > %s)
                  AND (processing_lease_until IS NULL OR processing_lease_until < %s)
                  AND (last_evaluated_at IS NULL OR last_evaluated_at < %s)
                LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING id, symbol, trigger_type, trigger_params
            """,
            [now + timedelta(seconds=30), now, now, started, LEASED],
        )
        leased = cursor.fetchall()
        if not leased:
            return 0
        quotes = {q.instrument_id: q for q in Quote.objects.filter(instrument_id__in={row[1] for row in leased})}
        peaks = []
        for rule_id, symbol, kind, raw in leased:
            params = json.loads(raw) if isinstance(raw, str) else raw
            quote = quotes[symbol]
            if _fires(kind, params, quote):
                continue
            if kind == "trailing_stop" and quote.last > Decimal(params["runtime_state"]["peak"]):
                peaks.append((json.dumps({**params, "runtime_state": {"peak": str(quote.last)}}), rule_id))
        cursor.executemany("UPDATE bench_rule SET trigger_params = %s WHERE id = %s", peaks)
        cursor.execute(
            "UPDATE bench_rule SET processing_lease_until = NULL, last_evaluated_at = %s WHERE id = ANY(%s)",
            [now, [row[0] for row in leased]],
        )
    return len(leased)


def _fires(kind: str, params: dict[str, Any], quote: Quote) -> bool:
    if kind == "price_above":
        return quote.last >= Decimal(params["threshold"])
    if kind == "price_below":
        return quote.last <= Decimal(params["threshold"])
    if kind == "change_pct":
        return (quote.last / (quote.prev_close or quote.last) - 1) * 100 >= Decimal(params["change"])
    peak = Decimal(params["runtime_state"]["peak"])
    return (peak - quote.last) / peak * 100 >= Decimal(params["percent"])


def one_batch(names: list[str], seed: int) -> float:
    """Our pass over every rule: one full-market batch. Returns its seconds, rolled back so that each is alike."""
    chance = random.Random(seed)
    now = datetime.now(UTC)
    moves = [Decimal(f"{100 + chance.gauss(0, 0.02):.2f}") for _ in names]
    record_ticks(
        ticks=[Tick(symbol=n, price=p, at=now, source="bench") for n, p in zip(names, moves, strict=True)], now=now
    )
    with transaction.atomic():
        began = time.perf_counter()
        evaluating.evaluate_quotes(now=datetime.now(UTC))
        took = time.perf_counter() - began
        transaction.set_rollback(True)
    return took
