"""A crash day: 10,000 rules of 100 portfolios fire in one batch; every order through the full gate, exactly once."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count

from automation.models import ActionExecution
from bench import loading
from bench.stack import Workers
from brokers.models import PaperOrder
from markets.quoting import record_ticks
from markets.types import Tick
from orders.models import Order
from portfolios.auditing import audit
from portfolios.models import Portfolio

GIVE_UP = 300.0  # seconds


def run(*, quick: bool) -> list[dict[str, Any]]:
    accounts, each = (10, 50) if quick else (100, 100)
    names = loading.load_market(each)
    portfolios = loading.open_accounts(accounts)
    load(portfolios, names)
    wanted = accounts * each
    with Workers(trading=2):
        began = time.perf_counter()
        now = datetime.now(UTC)
        price = Decimal("90.00")
        record_ticks(
            ticks=[Tick(symbol=n, price=price, at=now, source="bench", bid=price, ask=price) for n in names], now=now
        )
        fired = accepted = 0
        fired_at = None
        while accepted < wanted and time.perf_counter() - began < GIVE_UP:
            time.sleep(0.05)
            if fired < wanted:
                fired = ActionExecution.objects.count()
                fired_at = time.perf_counter() - began if fired == wanted else None
            # a later tick keeps the quotes fresh, as a market would
            accepted = PaperOrder.objects.count()
            if (time.perf_counter() - began) % 5 < 0.06:
                now = datetime.now(UTC)
                record_ticks(
                    ticks=[Tick(symbol=n, price=price, at=now, source="bench", bid=price, ask=price) for n in names],
                    now=now,
                )
        took = time.perf_counter() - began
        time.sleep(3)  # the last settlements
    doubled = PaperOrder.objects.values("account", "instrument").annotate(n=Count("id")).filter(n__gt=1).count()
    states = dict(Order.objects.values_list("state").annotate(n=Count("id")))
    executions = dict(ActionExecution.objects.values_list("state").annotate(n=Count("id")))
    wrong = sum(1 for portfolio in portfolios if audit(Portfolio.objects.get(id=portfolio.id)))
    return [
        {
            "rules": wanted,
            "portfolios": accounts,
            "fired s": fired_at,
            "all accepted s": took,
            "orders/s": accepted / took,
            "accepted": accepted,
            "doubled": doubled,
            "orders": str(states),
            "executions": str(executions),
            "audits wrong": wrong,
        }
    ]


def load(portfolios: list[Portfolio], names: list[str]) -> None:
    """One BUY of one share per portfolio and symbol, when the price is at or below 95."""
    loading.execute(
        """
        INSERT INTO watches_series (subject, observable, kind, shift, numerator, base, reference, short)
        SELECT s, 'price', 'derived', 0, 1, 'stored', 1, false FROM unnest(%(names)s::text[]) AS s
        """,
        {"names": names},
    )
    loading.execute(
        """
        WITH made AS (
            INSERT INTO automation_action (id, user_id, portfolio_id, name, status, status_reason, mode, action_type,
                symbol, quantity, order_type, time_in_force, trigger_type, trigger_params, conditions, targets, "group",
                missed_policy, message, max_executions, cooldown_seconds, notes, epoch, executions_count,
                failures_in_a_row, version, created_at, updated_at)
            SELECT gen_random_uuid(), p.user_id, p.id, '', 'active', '', 'auto', 'BUY', s, 1, 'market', 'day',
                   'price_below', '{"threshold": "95", "edge": "level", "hysteresis": "0"}'::jsonb, '[]'::jsonb,
                   '{}'::jsonb, '', 'skip', '', 1, 0, '', 1, 0, 0, 1, now(), now()
            FROM portfolios_portfolio p CROSS JOIN unnest(%(names)s::text[]) AS s
            WHERE p.id = ANY(%(portfolios)s::uuid[])
            RETURNING id, symbol
        )
        INSERT INTO watches_watch (series_id, home_id, owner_kind, owner_id, epoch, direction, level, strict, primes,
            hysteresis, cooldown_seconds, repeats, phase, armed_at, scan, scan_level, scan_strict)
        SELECT s.id, s.id, 'action', m.id, 1, -1, 95, false, false, 0, 0, false, 1, now() - interval '1 hour', -1, 95,
               false
        FROM made m JOIN watches_series s ON s.subject = m.symbol
        """,
        {"names": names, "portfolios": [portfolio.id for portfolio in portfolios]},
    )
