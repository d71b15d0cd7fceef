"""How large the database gets: 30 days of 1,000 active rules, with pruning running as it does in production.

Each rule changes 40 times a day: two firings that are carried out (fired, done, cooling, armed again) and sixteen
times a level that did not hold (holding, hold broken). One such day is written by the production code; the other days
are copies of it. Beside it the minute bars of the watched symbols, one New York session a day. Orders, fills and the
ledger are the books: they are kept for ever and not counted here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from automation import firing, trace_limits, trace_pruning, trace_watches
from automation.executing import execute_pending
from automation.models import Action, ActionExecution, ExecutionState
from bench import loading
from live.catching_up import forget_events
from live.push import publish
from markets.bars import prune_minute_bars
from puffling_site.tasks import EVENTS_KEPT
from watches import crossing, machine
from watches.crossing import Hit, Outcome
from watches.models import Watch
from watches.waiting import Rearmed

DAYS = 30
FIRINGS, HOLDS = 2, 16  # a day: 4 and 2 entries each
MINUTES = 390
DAY = timedelta(days=1)
MB = 1024 * 1024
LIMIT_TOTAL_MB, LIMIT_HISTORY_MB = 1024, 500  # for 1,000 rules on 100 symbols; see docs/benchmarks.md
TABLES = (
    "automation_trace",
    "live_event",
    "alerts_alert",
    "automation_actionexecution",
    "markets_bar",
    "markets_quote",
    "watches_watch",
    "watches_series",
    "automation_action",
)
HISTORY = ("automation_trace", "live_event")
NEW_ID = "gen_random_uuid()"
# What a copied row has for itself; everything else is the first day's.
COPIES: dict[str, dict[str, str]] = {
    "automation_trace": {"at": "@later", "last_at": "@later"},
    "live_event": {"seq": "seq + %(n)s * %(seqs)s", "created_at": "@later"},
    "alerts_alert": {"id": NEW_ID, "dedupe_key": "dedupe_key || ':' || %(n)s", "triggered_at": "@later"},
    "automation_actionexecution": {
        "id": NEW_ID,
        "epoch": "epoch + %(n)s * 100",
        "triggered_at": "@later",
        "expires_at": "@later",
        "finished_at": "@later",
    },
}
BARS = """
INSERT INTO markets_bar (symbol, timeframe, at, open, high, low, close, volume, source)
SELECT s, '1m', %(opens)s::timestamptz + make_interval(mins => m), p, p + 0.07, p - 0.05, p + 0.02, 1000 + m, 'bench'
FROM unnest(%(names)s::text[]) AS s CROSS JOIN generate_series(0, %(minutes)s - 1) AS m
CROSS JOIN LATERAL (SELECT round((100 + 5 * random())::numeric, 2) AS p WHERE s <> '') r
"""


def run(*, quick: bool) -> list[dict[str, Any]]:
    rules, width = (100, 10) if quick else (1_000, 100)
    names = loading.load_market(width)
    (portfolio,) = loading.open_accounts(1)
    loading.load_rules(rules, names, portfolio)
    Action.objects.update(max_executions=None, cooldown_seconds=60, action_type="NOTIFY", mode="notify", quantity=None)
    Watch.objects.update(repeats=True, cooldown_seconds=60)
    first = datetime.now(UTC).replace(hour=14, minute=30, second=0, microsecond=0) - DAYS * DAY
    written = a_day(first)
    for table in COPIES:
        loading.execute(f"CREATE TABLE bench_{table} AS SELECT * FROM {table}")
    seqs = count_of("live_event")
    deleted = 0
    for number in range(DAYS):
        now = first + (number + 1) * DAY
        loading.execute(BARS, {"opens": first + number * DAY, "names": names, "minutes": MINUTES})
        if number:
            another_day(number, seqs)
        deleted += prune(now)
    return report(rules, written, deleted)


def a_day(begin: datetime) -> int:
    """One day of every rule, as the engine would write it. Returns how many entries each rule has."""
    actions = {action.id: action for action in Action.objects.select_related("instrument", "portfolio")}
    watches = list(Watch.objects.select_related("series"))
    for turn in range(FIRINGS):
        fire(watches, actions, begin + turn * timedelta(hours=2))
    for turn in range(HOLDS):
        now = begin + timedelta(minutes=7 * turn)
        hits = [hit_of(watch, now) for watch in watches]
        until = now + timedelta(minutes=1)
        trace_limits.holding([(hit, replace(hit.state(), rearm_at=until), 60) for hit in hits], now=now)
        holds = [hit_of(watch, now + timedelta(seconds=40), phase=machine.HOLDING, rearm_at=until) for watch in watches]
        broken = Outcome(fired=[], armed=[hit.watch_id for hit in holds], cooled=[], holding=[], references=[])
        trace_watches.flips(holds, broken, now=now + timedelta(seconds=40))
    publish([next(iter(actions.values())).user_id])
    return count_of("automation_trace") // len(actions)


def fire(watches: list[Watch], actions: dict[Any, Action], now: datetime) -> None:
    """Every rule fires, is carried out, comes back and cools down."""
    hits = [hit_of(watch, now) for watch in watches]
    written, executions = [], []
    for hit in hits:
        action = actions[hit.owner_id]
        seen = {
            "symbol": hit.subject,
            "value": str(hit.value),
            "level": str(hit.level),
            "price": str(hit.price),
            "quote_time": now.isoformat(),
            "source": "bench",
            "series": hit.series_id,
        }
        executions.append(firing.fire(action, now=now, cause="trigger", observation=seen))
        written.append((hit, crossing.after_firing(hit, repeats=True, now=now), executions[-1]))
    firing.record(executions, now=now)
    trace_watches.fired(written, now=now)
    execute_pending(now=now + timedelta(seconds=1))
    if ActionExecution.objects.exclude(state=ExecutionState.SUCCEEDED).exists():
        raise RuntimeError("the firings were not carried out")
    back = now + timedelta(seconds=30)
    recovering = [hit_of(watch, back, phase=machine.RECOVER, rearm_at=now + timedelta(minutes=1)) for watch in watches]
    outcome = Outcome(fired=[], armed=[], cooled=[hit.watch_id for hit in recovering], holding=[], references=[])
    trace_watches.flips(recovering, outcome, now=back)
    trace_watches.rearmed([rearmed_of(watch, now) for watch in watches], now=now + timedelta(minutes=1))


def hit_of(watch: Watch, now: datetime, *, phase: int = machine.ARMED, rearm_at: datetime | None = None) -> Hit:
    """As if the watch had been reached."""
    return Hit(
        watch_id=watch.pk,
        owner_kind=watch.owner_kind,
        owner_id=watch.owner_id,
        epoch=watch.epoch,
        series_id=watch.series_id,
        home_id=watch.home_id,
        subject=watch.series.subject,
        direction=watch.direction,
        level=watch.level,
        strict=False,
        primes=False,
        hysteresis=Decimal(0),
        hold_seconds=0,
        release=None,
        cooldown_seconds=60,
        repeats=True,
        phase=phase,
        armed_at=now,
        rearm_at=rearm_at,
        follow_json=None,
        value=watch.level,
        last=watch.level,
        price=watch.level,
        seen_at=now,
        source="bench",
    )


def rearmed_of(watch: Watch, now: datetime) -> Rearmed:
    """As if its cooldown were over."""
    return Rearmed(
        owner_kind=watch.owner_kind,
        owner_id=watch.owner_id,
        epoch=watch.epoch,
        direction=watch.direction,
        level=watch.level,
        strict=False,
        primes=False,
        hysteresis=Decimal(0),
        follow_json=None,
        phase=machine.ARMED,
        old_phase=machine.COOLING,
        old_armed_at=now,
        old_rearm_at=now + timedelta(minutes=1),
    )


def another_day(number: int, seqs: int) -> None:
    """The first day once more, `number` days later."""
    for table, own in COPIES.items():
        names = [name for name in columns_of(table) if name in own or name != "id"]
        values = [own.get(name, name).replace("@later", f"{name} + %(by)s") for name in names]
        loading.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM bench_{table} b ORDER BY b.id",
            {"by": number * DAY, "n": number, "seqs": seqs},
        )


def columns_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def prune(now: datetime) -> int:
    """What the sweeper and the scheduled tasks delete until this moment; autovacuum comes after them."""
    deleted = 0
    while True:
        done = trace_pruning.prune(now=now, days=settings.CONFIG.trace_days, rows=settings.CONFIG.trace_rows)
        deleted += done
        if not done:
            break
    forget_events(now - EVENTS_KEPT)
    prune_minute_bars(now=now)
    loading.execute("VACUUM automation_trace")
    loading.execute("VACUUM live_event")
    return deleted


def count_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def size_of(table: str) -> float:
    """The table with its indexes, in MB."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s)", [table])
        return int(cursor.fetchone()[0]) / MB


def report(rules: int, written: int, deleted: int) -> list[dict[str, Any]]:
    """The size of each table. Raises RuntimeError when a stated limit is broken."""
    share = rules / 1_000
    rows: list[dict[str, Any]] = [
        {
            "table": table,
            "rows": (count := count_of(table)),
            "MB": (size := size_of(table)),
            "bytes per row": size * MB / max(1, count),
        }
        for table in TABLES
    ]
    total = sum(row["MB"] for row in rows)
    history = sum(row["MB"] for row in rows if row["table"] in HISTORY)
    rows.append({"table": "traces and events", "MB": history, "limit MB": LIMIT_HISTORY_MB * share})
    rows.append({"table": f"all, {DAYS} days of {rules} rules", "MB": total, "limit MB": LIMIT_TOTAL_MB * share})
    rows.append({"table": f"entries a rule and day: {written}; pruned", "rows": deleted})
    if share >= 1 and (total > LIMIT_TOTAL_MB or history > LIMIT_HISTORY_MB):
        raise RuntimeError(f"{total:.0f} MB in all, {history:.0f} MB of traces and events: over the stated limit")
    return rows
