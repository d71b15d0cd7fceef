"""The SQL engine against the pure machine: random histories, both must fire at the same observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from automation import arming, evaluating, lifecycle
from automation.models import Action, ActionExecution
from automation.triggers.registry import TRIGGERS
from markets.models import Exchange, Instrument
from markets.observables import USABLE_FOR
from markets.quoting import record_ticks
from markets.types import Tick
from portfolios.models import Portfolio
from watches import following, machine
from watches.machine import WatchState
from watches.models import Series, Watch
from watches.specs import PEAKS, Base, MarketSlice, Repeat, SeriesKind, WatchSpec

pytestmark = pytest.mark.django_db(transaction=False)
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SYMBOLS = ("AAA", "BBB")
D = Decimal

# A coarse grid, so that prices often land exactly on levels, peaks on peaks and changes on thresholds.
prices = st.integers(180, 220).map(lambda n: D(n) / 2)
levels = st.integers(184, 216).map(lambda n: str(D(n) / 2))
percents = st.sampled_from(["1", "2", "2.5", "3.5", "5"])
directions = st.sampled_from(["up", "down", "either"])


def trigger(kind: str, **params: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.fixed_dictionaries(params).map(lambda chosen: (kind, {k: v for k, v in chosen.items() if v is not None}))


edges = {
    "threshold": levels,
    "edge": st.sampled_from(["level", "cross"]),
    "hysteresis": st.sampled_from(["0", "0.5", "2"]),
}
triggers = st.one_of(
    trigger("price_above", **edges),
    trigger("price_below", **edges),
    trigger(
        "change_pct",
        change=percents,
        direction=directions,
        window=st.sampled_from(["1d", "session", "since_armed", "15m", "5d"]),
    ),
    trigger(
        "trailing_stop",
        percent=percents,
        side=st.sampled_from(["long", "short"]),
        activation_price=st.none() | levels,
    ),
    trigger("trailing_stop", amount=st.sampled_from(["1", "2.5", "4"]), side=st.sampled_from(["long", "short"])),
    trigger("volume_above", threshold=st.sampled_from(["1000", "2500"])),
    trigger("ma_cross", direction=directions, short=st.just(5), long=st.just(20)),
    trigger("ma_cross", direction=directions, short=st.just(5), long=st.just(20), on=st.just("live")),
)
symbols = st.sampled_from(SYMBOLS)
which = st.integers(0, 5)
rules = st.tuples(symbols, triggers, st.sampled_from([1, 2, None]), st.sampled_from([0, 0, 7, 40]))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), symbols, st.lists(prices, min_size=1, max_size=4)),
        st.tuples(st.just("tick"), symbols, st.lists(prices, min_size=1, max_size=4)),
        st.tuples(st.just("evaluate")),
        st.tuples(st.just("evaluate")),
        st.tuples(st.just("wait"), st.sampled_from([1, 5, 45, 200])),
        st.tuples(st.just("create"), rules),
        st.tuples(st.just("pause"), which),
        st.tuples(st.just("resume"), which),
        st.tuples(st.just("edit"), which, triggers),
        st.tuples(st.just("retouch"), which),
        st.tuples(st.just("base"), symbols, st.sampled_from(["15m", "5d"]), st.none() | prices),
        st.tuples(st.just("push"), symbols, st.sampled_from([-1, 0, 1])),
        st.tuples(st.just("spread"), symbols, st.integers(-6, 6)),
        st.tuples(st.just("merge")),
    ),
    min_size=4,
    max_size=40,
)


@dataclass
class Twin:
    """One rule as the pure machine sees it."""

    spec: WatchSpec
    state: WatchState
    symbol: str
    maximum: int | None
    cooldown: int
    fired: list[datetime]

    def left(self) -> bool:
        return self.maximum is None or len(self.fired) < self.maximum


@dataclass
class Range:
    """The mirror of a standing quote."""

    low: Decimal
    high: Decimal
    last: Decimal
    since: datetime
    received: datetime
    volume: Decimal
    dirty: bool = True


class World:
    """Runs a history through the engine and through the machine side by side."""

    def __init__(self) -> None:
        exchange = Exchange.objects.create(code="XTST", name="Test")
        for symbol in SYMBOLS:
            Instrument.objects.create(symbol=symbol, name=symbol, exchange=exchange)
        self.user = User.objects.create_user("twin")
        self.portfolio = Portfolio.objects.create(user=self.user, name="p", primary=True)
        self.now = START
        self.ids: list[UUID] = []
        self.twins: dict[UUID, Twin] = {}
        self.quotes: dict[str, Range] = {}
        self.bases: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal | None]] = {}

    def run(self, operation: tuple[Any, ...]) -> None:
        self.now += timedelta(milliseconds=250)
        handler: Callable[..., None] = getattr(self, f"do_{operation[0]}")
        handler(*operation[1:])

    # --- what can happen
    def do_tick(self, symbol: str, path: list[Decimal]) -> None:
        quote = self.quotes.get(symbol)
        volume = (quote.volume if quote else D(0)) + 300
        record_ticks(
            now=self.now,
            ticks=[
                Tick(
                    symbol=symbol,
                    price=price,
                    at=self.now,
                    source="test",
                    volume=volume,
                    prev_close=D(100),
                    session_open=D(101),
                    session_date=START.date(),
                )
                for price in path
            ],
        )
        low, high, last = min(path), max(path), path[-1]
        if quote and quote.dirty and self.now - quote.received < USABLE_FOR:
            low, high, since = min(low, quote.low), max(high, quote.high), quote.since
        else:
            since = self.now
        self.quotes[symbol] = Range(low=low, high=high, last=last, since=since, received=self.now, volume=volume)

    def do_evaluate(self) -> None:
        evaluating.evaluate_quotes(now=self.now)
        for symbol, quote in self.quotes.items():
            if not quote.dirty:
                continue
            if self.now - quote.received < USABLE_FOR:
                self._show(
                    symbol,
                    MarketSlice(
                        at=self.now,
                        since=quote.since,
                        low=quote.low,
                        high=quote.high,
                        last=quote.last,
                        volume=quote.volume,
                        prev_close=D(100),
                        session_open=D(101),
                    ),
                )
            quote.dirty, quote.low, quote.high = False, quote.last, quote.last
        for twin in self.twins.values():  # cooldowns pass for every rule, whatever ticked
            twin.state = machine.rearm(twin.spec, twin.state, self.now)
        self.compare()

    def do_wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def do_create(self, rule: tuple[str, tuple[str, dict[str, Any]], int | None, int]) -> None:
        symbol, (kind, params), maximum, cooldown = rule
        if len(self.ids) >= 6:
            return
        action = lifecycle.create_action(
            user=self.user,
            now=self.now,
            actor="test",
            data={
                "action_type": "NOTIFY",
                "symbol": symbol,
                "trigger_type": kind,
                "trigger_params": params,
                "max_executions": maximum,
                "cooldown_seconds": cooldown,
            },
        )
        self.ids.append(action.id)
        self._arm(action, [])

    def do_pause(self, index: int) -> None:
        if action := self._action(index, "active"):
            lifecycle.pause(user=self.user, action_id=action.id, now=self.now, actor="test")
            twin = self.twins[action.id]
            twin.state = replace(twin.state, phase=machine.OFF)

    def do_resume(self, index: int) -> None:
        if action := self._action(index, "paused"):
            lifecycle.resume(user=self.user, action_id=action.id, now=self.now, actor="test")
            self._arm(action, self.twins[action.id].fired)

    def do_edit(self, index: int, new: tuple[str, dict[str, Any]]) -> None:
        if action := self._action(index, "active", "paused"):
            changes = {"trigger_type": new[0], "trigger_params": new[1]}
            edited = lifecycle.update_action(
                user=self.user, action_id=action.id, changes=changes, now=self.now, actor="test"
            )
            if edited.epoch != action.epoch:
                self._arm(edited, self.twins[action.id].fired)

    def do_retouch(self, index: int) -> None:
        """An edit of something else must not disturb peaks, sides or cooldowns."""
        if action := self._action(index, "active", "paused"):
            lifecycle.update_action(
                user=self.user, action_id=action.id, changes={"notes": str(self.now)}, now=self.now, actor="test"
            )

    def do_base(self, symbol: str, window: str, base: Decimal | None) -> None:
        for prefix in ("", "abs_"):
            name = f"{prefix}change_pct:{window}"
            if Series.objects.filter(subject=symbol, observable=name).update(reference=base):
                self.bases[symbol, name] = (D(-100), D(100), base)

    def do_spread(self, symbol: str, quarter: int) -> None:
        """The live averages' coefficients after a bar closed: spread = shift + price * 15 / 100."""
        name, shift = "ma_spread:sma:5:20:1d", D(-15) + D(quarter) / 4
        changes = {"shift": shift, "numerator": D(15), "reference": D(100)}
        if Series.objects.filter(subject=symbol, observable=name).update(**changes):
            self.bases[symbol, name] = (shift, D(15), D(100))

    def do_push(self, symbol: str, value: int) -> None:
        values = {}
        for row in Series.objects.filter(subject=symbol, observable__contains="ma_cross:"):
            values[row.id] = D(abs(value) if row.observable.startswith("abs_") else value)
        evaluating.evaluate_values(values, at=self.now, now=self.now)
        for name, pushed in (("ma_cross:", D(value)), ("abs_ma_cross:", D(abs(value)))):
            point = MarketSlice(at=self.now, since=self.now, low=D(1), high=D(1), last=D(1), pushed=pushed)
            self._show(symbol, point, pushed_series=name)
        for twin in self.twins.values():
            twin.state = machine.rearm(twin.spec, twin.state, self.now)
        self.compare()

    def do_merge(self) -> None:
        following.merge_equal_groups()
        following.forget_unused_series()
        seen = [
            (row.subject, row.kind, row.short, row.reference) for row in Series.objects.filter(kind__in=list(PEAKS))
        ]
        assert len(seen) == len(set(seen)), "equal peak groups were not merged"

    # --- the mirror
    def _action(self, index: int, *statuses: str) -> Action | None:
        if index >= len(self.ids):
            return None
        action = Action.objects.get(id=self.ids[index])
        return action if action.status in statuses else None

    def _arm(self, action: Action, fired: list[datetime]) -> None:
        action.refresh_from_db()
        plan = TRIGGERS[action.trigger_type].plan(action.trigger_params, action.instrument_id or "")
        state = machine.start(plan.spec, self.now)
        if action.status != "active" or arming.used_up(action):
            state = replace(state, phase=machine.OFF)
        self.twins[action.id] = Twin(
            spec=plan.spec,
            state=state,
            symbol=action.instrument_id or "",
            maximum=action.max_executions,
            cooldown=action.cooldown_seconds,
            fired=fired,
        )
        quote = self.quotes.get(action.instrument_id or "")
        if quote and state.phase != machine.OFF and not quote.dirty:  # arming shows the standing quote again
            quote.dirty, quote.since = True, self.now

    def _show(self, symbol: str, market: MarketSlice, pushed_series: str | None = None) -> None:
        for twin in self.twins.values():
            if twin.symbol != symbol:
                continue
            pushed = twin.state.series.kind == SeriesKind.PUSHED
            if pushed != (pushed_series is not None):
                continue
            if pushed_series and not twin.state.series.observable.startswith(pushed_series):
                continue
            self._use_bases(twin)
            repeats = twin.maximum is None or len(twin.fired) + 1 < twin.maximum
            repeat = Repeat(repeats=repeats, cooldown_seconds=twin.cooldown)
            twin.state, fired = machine.step(twin.spec, repeat, twin.state, market)
            if fired:
                twin.fired.append(self.now)

    def _use_bases(self, twin: Twin) -> None:
        series = twin.state.series
        stored = self.bases.get((series.subject, series.observable))
        if stored and series.base == Base.STORED:
            shift, numerator, reference = stored
            series = replace(series, shift=shift, numerator=numerator, reference=reference)
            twin.state = replace(twin.state, series=series)

    def compare(self) -> None:
        for action_id, twin in self.twins.items():
            found = ActionExecution.objects.filter(action=action_id).order_by("epoch")
            assert [row.triggered_at for row in found] == twin.fired, self._tell(action_id)
            watch = Watch.objects.select_related("series").get(owner_id=action_id)
            assert watch.phase == twin.state.phase, self._tell(action_id)
            if twin.state.series.kind in PEAKS and watch.phase == machine.ARMED:
                assert watch.series.reference == twin.state.series.reference, self._tell(action_id)

    def _tell(self, action_id: UUID) -> str:
        action, twin = Action.objects.get(id=action_id), self.twins[action_id]
        watch = Watch.objects.select_related("series").get(owner_id=action_id)
        return (
            f"{action.trigger_type} {action.trigger_params}: machine {twin.state}, fired {twin.fired};"
            f" engine phase {watch.phase} on {watch.series.observable} = {watch.series.reference}"
        )


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
)
@given(first=st.lists(rules, min_size=1, max_size=4), history=operations)
def test_both_engines_fire_at_the_same_observations(db: None, first: list[Any], history: list[Any]) -> None:
    with transaction.atomic():
        world = World()
        for rule in first:
            world.run(("create", rule))
        for operation in history:
            world.run(operation)
        world.run(("evaluate",))
        transaction.set_rollback(True)
