"""Live and replay over the same data: the same firings at the same observations, with the same fills.

The live side is the whole road: ticks recorded, quotes evaluated, closed bars observed, clocks swept, orders placed
through the gate, the paper broker's fills, on a real database with the clock moved along. What makes one bar one
observation for both: every minute bar holds one price, and the feed brings it as one tick at the beginning of its
minute. Live the engine then sees each bar's price once; bars close, averages and windows move on at the next minute.
Cooldowns are whole minutes, for the same reason: between two observations nothing is shown to the replay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from automation import clockwork, evaluating, executing, observing, settling
from automation.models import Action, ActionExecution
from automation.replay.answering import prepare, run_case
from automation.replay.asking import read_question
from automation.triggers.registry import TRIGGERS
from brokers.models import BrokerAccount
from markets.bars import merge_bars
from markets.quoting import record_ticks
from markets.types import BarRow, Tick
from orders.matching import match_paper
from orders.models import Fill
from tests.automation.making import hold, rule
from tests.orders.making import Desk, open_desk, open_market

# Judged on a whole portfolio, a goal, a strategy or a call, which a replay of one symbol does not have.
NOT_DRAWN = {"drawdown_above", "drift_above", "signal", "webhook"}
# What fires without a price seen has no price to take a limit's offset from.
WITHOUT_A_PRICE = ("time_of_day", "cron", "ma_cross", "volume_above", "rsi_above", "rsi_below")
D = Decimal
S, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# Midnight in New York (05:00 UTC) falls into the hour that is replayed: a session of the demo market ends.
BEGIN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TURN = 180
WARM_UP = 157
MINUTES = 200
CASH, SHARES = "100000", "20"


def some_rules(chance: random.Random) -> list[dict[str, Any]]:
    """At least fifty rules of every type and size, drawn with a seed."""
    level = lambda: str(D(chance.randint(960, 1040)) / 10)  # noqa: E731
    triggers: list[tuple[str, dict[str, Any]]] = []
    for _ in range(8):
        edge = {"edge": chance.choice(["level", "cross"]), "hysteresis": chance.choice(["0", "0.2", "0.5"])}
        triggers.append((chance.choice(["price_above", "price_below"]), {"threshold": level(), **edge}))
    for window in ("1d", "session", "since_armed", "15m", "30m", "2d", "15m", "session"):
        change = {"change": chance.choice(["0.5", "1", "2"]), "direction": chance.choice(["up", "down", "either"])}
        triggers.append(("change_pct", {**change, "window": window}))
    for side in ("long", "short") * 4:
        size = chance.choice([{"percent": "1"}, {"percent": "0.5"}, {"amount": "0.8"}])
        activation = chance.choice([{}, {"activation_price": level()}])
        triggers.append(("trailing_stop", {"side": side, **size, **activation}))
    for kind in ("sma", "ema", "sma", "ema"):
        for on in ("close", "live"):
            words = {"kind": kind, "on": on, "direction": chance.choice(["up", "down", "either"])}
            triggers.append(("ma_cross", {"short": 3, "long": 8, "timeframe": chance.choice(["1m", "5m"]), **words}))
    triggers.append(("ma_cross", {"short": 2, "long": 4, "timeframe": "1d", "direction": "either"}))
    for threshold in ("3000", "20000", "40000"):
        triggers.append(("volume_above", {"threshold": threshold}))
    triggers += [
        ("volume_above", {"threshold": "700", "window": "bar"}),
        ("volume_above", {"multiple": "0.5", "average_days": 3}),
    ]
    for time in ("23:50", "00:10", "close-10m", "open+5m", "23:31", "00:00"):
        triggers.append(("time_of_day", {"time": time}))
    newer = [
        ("rsi_above", {"threshold": "60", "period": 3, "timeframe": "1m"}),
        ("rsi_below", {"threshold": "35", "period": 2, "timeframe": "5m"}),
        ("cron", {"expression": "*/20 * * * *"}),
        ("cron", {"expression": "1 0 * * *", "trading_days_only": True}),
    ]
    triggers += [one for one in newer if one[0] in TRIGGERS]
    triggers += triggers[:12]
    return [_rule(chance, kind, params) for kind, params in triggers]


def _rule(chance: random.Random, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    side = chance.choice(["BUY", "SELL", "SELL", "NOTIFY"])
    sizes = {
        "BUY": [{"quantity": "10"}, {"amount_usd": "2500"}, {"percent_of_equity": "3"}],
        "SELL": [
            {"quantity": "7"},
            {"amount_usd": "900"},
            {"percent_of_position": "25"},
            {"percent_of_position": "100"},
        ],
        "NOTIFY": [{}],
    }[side]
    order: dict[str, Any] = {}
    if side != "NOTIFY" and kind not in WITHOUT_A_PRICE and chance.random() < 0.35:
        offset = chance.choice(["-0.1", "0", "0.1", "0.3"])
        order = {"order_type": "limit", "limit_offset": offset, "time_in_force": chance.choice(["gtc", "ioc"])}
    return {
        "action_type": side,
        "trigger_type": kind,
        "trigger_params": params,
        "max_executions": chance.choice([1, 2, 3, None, None]),
        "cooldown_seconds": chance.choice([0, 0, 60, 300, 600]),
        **chance.choice(sizes),
        **order,
    }


@dataclass
class World:
    """A minute by minute history of one symbol, with daily bars before it."""

    prices: list[Decimal]
    volumes: list[int]

    @classmethod
    def drawn(cls, seed: int) -> World:
        chance = random.Random(seed)
        price, prices = 100.0, []
        for _ in range(MINUTES):
            price *= 1 + chance.gauss(0, 0.0035)
            prices.append(D(f"{price:.1f}"))
        return cls(prices, [chance.randint(1, 9) * 100 for _ in prices])

    def row(self, index: int) -> BarRow:
        price = self.prices[index]
        return BarRow(
            symbol="AAPL", timeframe="1m", at=BEGIN + index * MINUTE, open=price, high=price, low=price, close=price,
            volume=D(self.volumes[index]), source="test",
        )  # fmt: skip

    def session_of(self, index: int) -> int:
        """The index of the first minute of the same session (sessions end at 05:00 UTC)."""
        return TURN if index >= TURN else 0

    def tick(self, index: int, prev_close: Decimal) -> Tick:
        first = self.session_of(index)
        return Tick(
            symbol="AAPL",
            price=self.prices[index],
            bid=self.prices[index],
            ask=self.prices[index],
            at=BEGIN + index * MINUTE + 2 * S,
            source="test",
            volume=D(sum(self.volumes[first : index + 1])),
            session_open=self.prices[first],
            prev_close=self.prices[first - 1] if first else prev_close,
            session_date=datetime(2026, 11, 20 if first else 19, tzinfo=UTC).date(),
        )


DAYS = [D(text) for text in ("99", "101", "100.5", "98", "102", "99.5", "100")]


def days_before() -> list[BarRow]:
    """Daily bars of the sessions before, up to the 18th."""
    last = datetime(2026, 11, 18, tzinfo=UTC)
    return [
        BarRow(
            symbol="AAPL", timeframe="1d", at=last - timedelta(days=6 - n), open=close, high=close, low=close,
            close=close, volume=D(50_000), source="test",
        )
        for n, close in enumerate(DAYS)
    ]  # fmt: skip


# What moves on at the minute's turn must be brought up to date before the price of the new minute is judged; what a
# closed bar fires must find that price already standing. Live both happen every second.
def moves_with_the_minute(raw: dict[str, Any]) -> bool:
    params = raw["trigger_params"]
    return params.get("on") == "live" or "multiple" in params or params.get("window", "")[:1].isdigit()


class Live:
    """The whole engine over the world, all rules at once, each on a desk of its own."""

    def __init__(self, world: World, rules: list[dict[str, Any]], *, observe_first: bool) -> None:
        self.world, self.observe_first = world, observe_first
        merge_bars(days_before() + [world.row(index) for index in range(WARM_UP)])
        made = BEGIN + WARM_UP * MINUTE
        desks = [a_desk(number, raw) for number, raw in enumerate(rules)]
        self.actions = [
            rule(desk, now=made, **{"quantity": None, **raw}) for desk, raw in zip(desks, rules, strict=True)
        ]
        for index in range(WARM_UP, MINUTES):
            self.minute(index)

    def minute(self, index: int) -> None:
        at = BEGIN + index * MINUTE
        if index > WARM_UP:
            merge_bars([self.world.row(index - 1)])
        if index == TURN:
            self.close_day()
        if self.observe_first:
            observing.observe(now=at + 5 * S)
        self.tick(index, at + (6 if self.observe_first else 2) * S)
        self.sweep(at + 7 * S)

    def tick(self, index: int, now: datetime) -> None:
        assert record_ticks(ticks=[self.world.tick(index, DAYS[-1])], now=now).recorded == 1
        evaluating.evaluate_quotes(now=now)
        match_paper(now=now)
        settling.settle(now=now)
        executing.execute_pending(now=now)
        settling.settle(now=now)

    def sweep(self, now: datetime) -> None:
        clockwork.run_due(now=now)
        observing.observe(now=now)
        executing.execute_pending(now=now)
        settling.settle(now=now)

    def close_day(self) -> None:
        """The session that ended leaves a daily bar, as the feed makes one."""
        prices = self.world.prices[:TURN]
        merge_bars([BarRow(symbol="AAPL", timeframe="1d", at=datetime(2026, 11, 19, tzinfo=UTC), open=prices[0],
                           high=max(prices), low=min(prices), close=prices[-1],
                           volume=D(sum(self.world.volumes[:TURN])), source="test")])  # fmt: skip


def a_desk(number: int, raw: dict[str, Any]) -> Desk:
    """A desk with some shares and costs; every third account fills market orders in parts.

    Not limits: whenever any rule on the symbol arms again, the standing price is shown once more, and the rest of a
    limit order that it filled in part may then be filled at its limit instead of at the next price.
    """
    desk = open_desk(f"desk{number}", cash=CASH, now=BEGIN)
    hold(desk, quantity=SHARES, now=BEGIN)
    costs = {"slippage_bps": D(3), "fee_per_order": D("0.5"), "fee_bps": D(2)}
    parts = D(4) if number % 3 == 0 and "order_type" not in raw else None
    BrokerAccount.objects.filter(pk=desk.account.pk).update(**costs, max_fill_quantity=parts)
    return desk


Fired = tuple[int, Decimal, Decimal, Decimal]  # minute, shares, dollars, fee


def fired_live(action: Action) -> list[Fired]:
    found = []
    for execution in ActionExecution.objects.filter(action=action).order_by("epoch"):
        fills = Fill.objects.filter(order__source_id=str(execution.id))
        minute = int((execution.triggered_at - BEGIN) / MINUTE)
        shares = sum((fill.quantity for fill in fills), D(0))
        dollars = sum((fill.quantity * fill.price for fill in fills), D(0))
        found.append((minute, shares, dollars, sum((fill.fee for fill in fills), D(0))))
    return found


def fired_in_replay(action: Action) -> list[Fired]:
    asked = {"timeframe": "1m", "from": (BEGIN + WARM_UP * MINUTE).isoformat(), "cash": CASH, "shares": SHARES,
             "to": (BEGIN + (MINUTES - 1) * MINUTE).isoformat()}  # fmt: skip
    end = BEGIN + MINUTES * MINUTE
    question = read_question({**asked, "to": end.isoformat()}, portfolio=action.portfolio, symbol="AAPL", now=end)
    case = prepare(action, question)
    return [
        (minute_of(case.tape.bars.starts[firing.bar]), firing.quantity,
         firing.quantity * (firing.fill_price or D(0)), firing.fee)
        for firing in run_case(case, case.action).firings
    ]  # fmt: skip


def minute_of(seconds: int) -> int:
    return (int(seconds) - int(BEGIN.timestamp())) // 60


def same(one: list[Fired], other: list[Fired]) -> bool:
    """Equal, but for the last places of a price that is an average."""
    return [(m, s, round(d, 6), f) for m, s, d, f in one] == [(m, s, round(d, 6), f) for m, s, d, f in other]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [20261126])
def test_live_and_replay_fire_and_fill_alike(seed: int) -> None:
    world, rules = World.drawn(seed), some_rules(random.Random(seed))
    assert len(rules) >= 50
    assert {raw["trigger_type"] for raw in rules} == {kind for kind in TRIGGERS if kind not in NOT_DRAWN}
    compared, fired, filled = 0, 0, 0
    differ: list[str] = []
    for observe_first in (False, True):
        with transaction.atomic():
            open_market()
            mine = [raw for raw in rules if moves_with_the_minute(raw) is observe_first]
            live = Live(world, mine, observe_first=observe_first)
            merge_bars([world.row(MINUTES - 1)])
            for action, raw in zip(live.actions, mine, strict=True):
                expected, found = fired_live(action), fired_in_replay(Action.objects.get(pk=action.pk))
                if not same(expected, found):
                    differ.append(f"{raw}\nlive   {expected}\nreplay {found}")
                compared, fired = compared + 1, fired + len(expected)
                filled += sum(1 for one in expected if one[1])
            transaction.set_rollback(True)
    assert not differ, "\n\n".join(differ)
    assert compared == len(rules)
    assert fired > 40  # the rules are not idle
    assert filled > 20
