"""Fill a database with a market and many armed rules, set-based, the way the application would have left it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection

from accounts.models import User
from brokers.opening import open_paper_account
from markets.models import Exchange, Instrument, Quote
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from safety.models import SafetyPolicy
from safety.policies import ensure_policy
from safety.switch import ensure_switches

PRICE = Decimal(100)


def execute(sql: str, parameters: dict[str, object] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0") if connection.in_atomic_block else cursor.execute(
            "SET statement_timeout = 0"
        )
        cursor.execute(sql, parameters or {})


def symbols(count: int) -> list[str]:
    return [f"S{number:05d}" for number in range(count)]


def load_market(count: int) -> list[str]:
    """`count` instruments on the demo exchange, each with a quote of 100 dollars."""
    from markets.calendar import ensure_exchanges, fill_calendar

    now = datetime.now(UTC)
    ensure_exchanges()
    fill_calendar(now)
    exchange = Exchange.objects.get(code="DEMO")
    names = symbols(count)
    Instrument.objects.bulk_create(
        [Instrument(symbol=name, name=name, exchange=exchange, demo=True) for name in names], batch_size=5000
    )
    Quote.objects.bulk_create(
        [
            Quote(
                instrument_id=name,
                last=PRICE,
                bid=PRICE,
                ask=PRICE,
                low=PRICE,
                high=PRICE,
                range_since=now,
                prev_close=PRICE,
                session_open=PRICE,
                at=now,
                received_at=now,
                source="bench",
                dirty=False,
            )
            for name in names
        ],
        batch_size=5000,
    )
    return names


def open_accounts(count: int, *, cash: Decimal = Decimal(10_000_000)) -> list[Portfolio]:
    """Users with a paper portfolio each, and limits wide enough that the gate lets a storm through, checked in full."""
    now = datetime.now(UTC)
    portfolios = []
    for number in range(count):
        user = User.objects.create(username=f"bench{number}", password="!")
        ensure_switches(user)
        ensure_policy(user)
        portfolio = open_portfolio(user=user, name="Main", cash=cash, now=now, primary=True)
        open_paper_account(portfolio=portfolio)
        portfolios.append(portfolio)
    SafetyPolicy.objects.update(max_daily_trades=10_000_000, max_open_orders=1_000_000, duplicate_window_seconds=1)
    return portfolios


def load_rules(count: int, names: list[str], portfolio: Portfolio) -> None:
    """`count` armed rules of every kind over the symbols, few of them near their level.

    45 % price (a tenth of it priming), 15 % change, 20 % trailing stops in peak groups, 10 % volume, 10 % live
    averages. Levels lie 0.05 to 20 % away, so that a batch of small moves fires some hundreds of a million.
    """
    execute(
        """
        INSERT INTO watches_series (subject, observable, kind, shift, numerator, base, reference, short)
        SELECT s.symbol, o.observable, o.kind, o.shift, o.numerator, o.base, o.reference, false
        FROM unnest(%(names)s::text[]) AS s(symbol)
        CROSS JOIN (VALUES
            ('price', 'derived', 0, 1, 'stored', 1), ('change_pct:1d', 'derived', -100, 100, 'prev_close', 1),
            ('drawdown:pct:long:bench', 'peak_pct', 0, 1, 'stored', 100), ('volume', 'volume', 0, 1, 'stored', 1),
            ('ma_spread:sma:5:20:1d', 'derived', -15, 15, 'stored', 100)
        ) AS o(observable, kind, shift, numerator, base, reference)
        """,
        {"names": names},
    )
    execute(
        """
        CREATE TEMP TABLE load AS
        SELECT gen_random_uuid() AS id, n, (%(names)s::text[])[1 + n %% %(width)s] AS symbol,
               (n / %(width)s) %% 20 AS kind, CASE WHEN hashint8(n) %% 2 = 0 THEN 1 ELSE -1 END AS direction,
               0.05 + (abs(hashint8(n * 7919 + 13)::bigint) %% 19950) / 1000.0 AS away
        FROM generate_series(0::bigint, %(count)s - 1) AS n
        """,
        {"names": names, "width": len(names), "count": count},
    )
    execute(
        """
        INSERT INTO automation_action (id, user_id, portfolio_id, name, status, status_reason, mode, action_type,
            symbol, quantity, order_type, time_in_force, trigger_type, trigger_params, conditions, targets, "group",
            missed_policy, message, max_executions, cooldown_seconds, notes, epoch, executions_count,
            failures_in_a_row, version, created_at, updated_at)
        SELECT id, %(user)s, %(portfolio)s, '', 'active', '', 'auto', 'BUY', symbol, 1, 'market', 'day',
               CASE WHEN kind < 9 THEN CASE direction WHEN 1 THEN 'price_above' ELSE 'price_below' END
                    WHEN kind < 12 THEN 'change_pct' WHEN kind < 16 THEN 'trailing_stop'
                    WHEN kind < 18 THEN 'volume_above' ELSE 'ma_cross' END,
               '{"threshold": "1", "edge": "level", "hysteresis": "0", "percent": "5", "side": "long", "change": "1",
                 "direction": "up", "window": "1d", "short": 5, "long": 20, "kind": "sma", "timeframe": "1d",
                 "on": "live"}'::jsonb,
               '[]'::jsonb, '{}'::jsonb, '', 'skip', '', 1, 0, '', 1, 0, 0, 1, now() - n * interval '1 second', now()
        FROM load
        """,
        {"user": portfolio.user_id, "portfolio": portfolio.id},
    )
    execute(
        """
        INSERT INTO watches_watch (series_id, home_id, owner_kind, owner_id, epoch, direction, level, strict, primes,
            hysteresis, cooldown_seconds, repeats, phase, armed_at, scan, scan_level, scan_strict)
        SELECT s.id, s.id, 'action', l.id, 1, d.direction, d.level, false, d.prime, 0, 0, false,
               CASE WHEN d.prime THEN 2 ELSE 1 END, now() - interval '1 hour',
               CASE WHEN d.prime THEN -d.direction ELSE d.direction END, d.level, d.prime
        FROM load l
        CROSS JOIN LATERAL (
            SELECT CASE WHEN l.kind < 9 THEN l.direction WHEN l.kind < 12 THEN l.direction ELSE 1 END AS direction,
                   CASE WHEN l.kind < 9 THEN 100 + l.direction * l.away WHEN l.kind < 12 THEN l.direction * l.away
                        WHEN l.kind < 16 THEN l.away WHEN l.kind < 18 THEN 1000000 * l.away
                        ELSE l.away END AS level,
                   false AS prime,
                   CASE WHEN l.kind < 9 THEN 'price' WHEN l.kind < 12 THEN 'change_pct:1d'
                        WHEN l.kind < 16 THEN 'drawdown:pct:long:bench' WHEN l.kind < 18 THEN 'volume'
                        ELSE 'ma_spread:sma:5:20:1d' END AS observable
        ) d
        JOIN watches_series s ON s.subject = l.symbol AND s.observable = d.observable
        """
    )
    execute("DROP TABLE load")
    execute("ANALYZE watches_series")
    execute("ANALYZE watches_watch")
    execute("ANALYZE automation_action")
    execute("ANALYZE markets_quote")


def forget_rules() -> None:
    """Empty what a size left behind, before the next."""
    execute(
        "TRUNCATE watches_watch, watches_series, automation_actionexecution, automation_actionversion,"
        " automation_action, automation_trace, alerts_alert, live_event CASCADE"
    )
