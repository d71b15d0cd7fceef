"""Runs a history through the SQL engine and through the pure machine side by side, and compares them at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import User
from automation import arming, evaluating, lifecycle, sweeping
from automation.models import Action, ActionStatus
from automation.planning import plan_of
from automation.triggers.base import WatchPlan
from automation.triggers.registry import TRIGGERS
from markets.models import Exchange, Instrument
from markets.observables import USABLE_FOR
from markets.quoting import record_ticks
from markets.types import Tick
from portfolios.models import Portfolio
from watches import arming as watch_arming
from watches import following, machine
from watches.machine import WatchState
from watches.models import Series, Watch
from watches.specs import PEAKS, Base, MarketSlice, Repeat, SeriesKind, SeriesSpec, WatchSpec

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SYMBOLS = ("AAA", "BBB")
MOST_RULES = 16
PREV_CLOSE, SESSION_OPEN = Decimal(100), Decimal(101)
D = Decimal
# What the engine says of every rule, in one query.
STANDING = """
SELECT w.owner_id, w.phase, w.rearm_at, s.observable, s.reference,
       ARRAY(SELECT e.triggered_at FROM automation_actionexecution e
             WHERE e.action_id = w.owner_id AND e.cause = 'trigger' ORDER BY e.epoch)
FROM watches_watch w JOIN watches_series s ON s.id = w.series_id
"""
Rule = tuple[str, tuple[str, dict[str, Any]], int | None, int]  # symbol, (trigger, parameters), maximum, cooldown


def make_people_and_symbols() -> None:
    """What every history starts from."""
    exchange = Exchange.objects.create(code="XTST", name="Test")
    for symbol in SYMBOLS:
        Instrument.objects.create(symbol=symbol, name=symbol, exchange=exchange)
    Portfolio.objects.create(user=User.objects.create_user("twin"), name="p", primary=True)


@dataclass
class Twin:
    """One rule as the pure machine sees it."""

    spec: WatchSpec
    state: WatchState
    symbol: str  # the rule's own, which need not be what it watches
    maximum: int | None
    cooldown: int
    fired: list[datetime]
    by_hand: int

    def left(self, after: int) -> bool:
        """Whether an execution is left after so many more."""
        return self.maximum is None or len(self.fired) + self.by_hand + after < self.maximum


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
    """The market, the rules, and their twins. An operation is (name, arguments…), done by `do_<name>`."""

    def __init__(self) -> None:
        self.portfolio = Portfolio.objects.select_related("user").get(user__username="twin")
        self.user = self.portfolio.user
        self.now = START
        self.ids: list[UUID] = []
        self.status: dict[UUID, str] = {}
        self.twins: dict[UUID, Twin] = {}
        self.quotes: dict[str, Range] = {}
        self.bases: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal | None]] = {}
        self.pushed: dict[tuple[str, str], Decimal] = {}  # (subject, beginning of the observable)

    def run(self, operation: tuple[Any, ...]) -> None:
        self.now += timedelta(milliseconds=250)
        handler: Callable[..., None] = getattr(self, f"do_{operation[0]}")
        handler(*operation[1:])

    # --- what can happen
    def do_tick(self, symbol: str, path: list[Decimal], shown: bool) -> None:
        quote = self.quotes.get(symbol)
        volume = (quote.volume if quote else D(0)) + 300
        common = {"symbol": symbol, "at": self.now, "source": "test", "volume": volume, "session_date": START.date()}
        bases = {"prev_close": PREV_CLOSE, "session_open": SESSION_OPEN}
        record_ticks(now=self.now, ticks=[Tick(price=price, **common, **bases) for price in path])
        low, high, last, since = min(path), max(path), path[-1], self.now
        if quote and quote.dirty and self.now - quote.received < USABLE_FOR:
            low, high, since = min(low, quote.low), max(high, quote.high), quote.since
        self.quotes[symbol] = Range(low=low, high=high, last=last, since=since, received=self.now, volume=volume)
        if shown:
            self.do_evaluate()

    def do_evaluate(self) -> None:
        evaluating.evaluate_quotes(now=self.now)
        waited = self._waited()
        for symbol, quote in self.quotes.items():
            if quote.dirty and self.now - quote.received < USABLE_FOR:
                self._show(symbol, self._slice(quote))
            if quote.dirty:
                quote.dirty, quote.low, quote.high = False, quote.last, quote.last
        self._cool_down()
        self._wake(waited)
        self.compare()

    def do_sweep(self, seconds: int) -> None:
        """A while later: the sweeper's pass over what waited, and the evaluation it asks for."""
        self.now += timedelta(seconds=seconds)
        sweeping.rearm(self.now)
        self._wake(self._waited())
        self._cool_down()
        sweeping.confirm_holds(self.now)
        held = [t for t in self.twins.values() if t.state.phase == machine.HELD and self._could_confirm(t)]
        self._wake({twin.symbol for twin in held if twin.state.series.kind != SeriesKind.PUSHED}, usable=True)
        for twin in held:
            if twin.state.series.kind == SeriesKind.PUSHED:
                self._step(twin, self._point(self._pushed_to(twin)))
        self.do_evaluate()

    def do_wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def start(self, rules: list[Rule]) -> None:
        """The first rules, armed by the handful: one at a time would take most of the test's time."""
        actions = Action.objects.bulk_create([self._action(rule) for rule in rules])
        specs = {(s.subject, s.observable): s for s in (self._plan(action).series for action in actions)}
        rows = [Series(subject=a, observable=b, **watch_arming.series_fields(s)) for (a, b), s in specs.items()]
        series = {(row.subject, row.observable): row for row in Series.objects.bulk_create(rows)}
        watches = []
        for action in actions:
            spec = self._plan(action)
            row = series[spec.series.subject, spec.series.observable]
            repeat = Repeat(repeats=arming.more_than_one_left(action), cooldown_seconds=action.cooldown_seconds)
            fields = watch_arming.armed_fields(epoch=action.epoch, spec=spec, repeat=repeat, now=self.now)
            watches.append(Watch(owner_kind=arming.OWNER, owner_id=action.id, series=row, home=row, **fields))
            self._arm(action)
        Watch.objects.bulk_create(watches)

    def do_create(self, rule: Rule) -> None:
        """The row and its watch. That a draft becomes this row is tested elsewhere."""
        if len(self.ids) < MOST_RULES:
            action = self._action(rule)
            action.save(force_insert=True)
            arming.arm(action, now=self.now)
            self._arm(action)

    def do_arrive(self, rule: Rule, path: list[Decimal]) -> None:
        """A rule is made while prices that nobody has evaluated are standing."""
        self.do_tick(rule[0], path, shown=False)
        self.now += timedelta(milliseconds=250)
        self.do_create(rule)
        self.do_evaluate()

    def do_silence(self, symbol: str, before: list[Decimal], seconds: int, after: list[Decimal]) -> None:
        """Prices that nobody evaluates for a while, and then others."""
        self.do_tick(symbol, before, shown=False)
        self.now += timedelta(seconds=seconds)
        self.do_tick(symbol, after, shown=True)

    def do_pause(self, index: int) -> None:
        if action_id := self._which(index, "active"):
            lifecycle.pause(user=self.user, action_id=action_id, now=self.now, actor="test")
            self.status[action_id] = "paused"
            self._off(action_id)

    def do_resume(self) -> None:
        for action_id in [id for id, status in self.status.items() if status == "paused"][:1]:
            action = lifecycle.resume(user=self.user, action_id=action_id, now=self.now, actor="test")
            self._arm(action)

    def do_edit(self, index: int, new: tuple[str, dict[str, Any]]) -> None:
        if action_id := self._which(index, "active", "paused"):
            old = Action.objects.get(id=action_id)
            changes = {"trigger_type": new[0], "trigger_params": new[1]}
            edited = lifecycle.update_action(
                user=self.user, action_id=action_id, changes=changes, now=self.now, actor="test"
            )
            if edited.epoch != old.epoch:
                self._arm(edited)

    def do_retouch(self, index: int) -> None:
        """An edit of something else must not disturb peaks, sides or cooldowns."""
        if action_id := self._which(index, "active", "paused"):
            changes = {"notes": str(self.now)}
            lifecycle.update_action(user=self.user, action_id=action_id, changes=changes, now=self.now, actor="test")

    def do_by_hand(self, index: int) -> None:
        """An execution by hand uses up one, and disturbs nothing else."""
        action_id = self._which(index, "active", "paused")
        if action_id and self.twins[action_id].left(0):
            lifecycle.execute_now(user=self.user, action_id=action_id, now=self.now, actor="test")
            self.twins[action_id].by_hand += 1
            if not self.twins[action_id].left(0):
                self._off(action_id)

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
        """A bar closed: the averages crossed upwards, downwards or not."""
        self._feed(symbol, {"ma_cross:": D(value), "abs_ma_cross:": D(abs(value))})

    def do_strength(self, symbol: str, tens: int) -> None:
        """A bar closed, with this relative strength."""
        self._feed(symbol, {"rsi:": D(tens * 10)})

    def do_sink(self, fives: int) -> None:
        """A minute passed: the portfolio is so far below its peak."""
        self._feed(f"portfolio:{self.portfolio.id}", {"drawdown": D(fives * 5)})

    def do_merge(self) -> None:
        following.merge_equal_groups()
        following.forget_unused_series()
        peaks = Series.objects.filter(kind__in=list(PEAKS))
        seen = [(row.subject, row.kind, row.short, row.reference) for row in peaks]
        assert len(seen) == len(set(seen)), "equal peak groups were not merged"

    def _feed(self, subject: str, names: dict[str, Decimal]) -> None:
        """Values of pushed series arrive: {beginning of the observable: value}."""
        rows = Series.objects.filter(subject=subject, kind=SeriesKind.PUSHED)
        values = {row.id: value for row in rows for name, value in names.items() if row.observable.startswith(name)}
        evaluating.evaluate_values(values, at=self.now, now=self.now)
        self.pushed.update({(subject, name): value for name, value in names.items()})
        waited = self._waited()
        for name, pushed in names.items():
            self._show(subject, self._point(pushed), pushed_series=name)
        if values:
            self._cool_down()
            self._wake(waited)
        self.compare()

    # --- the mirror
    def _action(self, rule: Rule) -> Action:
        symbol, (kind, params), maximum, cooldown = rule
        return Action(
            user=self.user,
            portfolio=self.portfolio,
            action_type="NOTIFY",
            mode="monitor",
            instrument_id=symbol,
            trigger_type=kind,
            trigger_params=TRIGGERS[kind].parse(params),
            max_executions=maximum,
            cooldown_seconds=cooldown,
            created_at=self.now,
            updated_at=self.now,
        )

    def _plan(self, action: Action) -> WatchSpec:
        plan = plan_of(action)
        assert isinstance(plan, WatchPlan)
        return plan.spec

    def _slice(self, quote: Range) -> MarketSlice:
        return MarketSlice(
            at=self.now,
            since=quote.since,
            low=quote.low,
            high=quote.high,
            last=quote.last,
            volume=quote.volume,
            prev_close=PREV_CLOSE,
            session_open=SESSION_OPEN,
        )

    def _which(self, index: int, *statuses: str) -> UUID | None:
        if index >= len(self.ids) or self.status[self.ids[index]] not in statuses:
            return None
        return self.ids[index]

    def _off(self, action_id: UUID) -> None:
        twin = self.twins[action_id]
        twin.state = replace(twin.state, phase=machine.OFF)

    def _arm(self, action: Action) -> None:
        """The twin of a rule that was created, resumed or given another trigger: armed afresh."""
        spec, old = self._plan(action), self.twins.get(action.id)
        if old is None:
            self.ids.append(action.id)
        twin = Twin(
            spec=spec,
            state=machine.start(spec, self.now),
            symbol=action.instrument_id or "",
            maximum=action.max_executions,
            cooldown=action.cooldown_seconds,
            fired=old.fired if old else [],
            by_hand=old.by_hand if old else 0,
        )
        self.twins[action.id], self.status[action.id] = twin, str(action.status)
        if action.status != ActionStatus.ACTIVE or not twin.left(0):
            self._off(action.id)
            return
        self._wake({twin.spec.series.subject})  # arming shows the standing quote again

    def _show(self, subject: str, market: MarketSlice, pushed_series: str | None = None) -> None:
        for twin in self.twins.values():
            series = twin.state.series
            pushed = series.kind == SeriesKind.PUSHED
            if series.subject != subject or pushed != (pushed_series is not None):
                continue
            if pushed_series and not series.observable.startswith(pushed_series):
                continue
            self._step(twin, market)

    def _step(self, twin: Twin, market: MarketSlice) -> None:
        self._use_bases(twin)
        repeat = Repeat(repeats=twin.left(1), cooldown_seconds=twin.cooldown)
        twin.state, fired = machine.step(twin.spec, repeat, twin.state, market)
        if fired:
            twin.fired.append(self.now)

    def _point(self, pushed: Decimal) -> MarketSlice:
        return MarketSlice(at=self.now, since=self.now, low=D(1), high=D(1), last=D(1), pushed=pushed)

    def _pushed_to(self, twin: Twin) -> Decimal:
        series = twin.state.series
        return next(
            value
            for (subject, name), value in self.pushed.items()
            if subject == series.subject and series.observable.startswith(name)
        )

    def _could_confirm(self, twin: Twin) -> bool:
        return twin.state.rearm_at is not None and self.now - twin.state.rearm_at <= USABLE_FOR

    def _waited(self) -> set[str]:
        """The symbols of the rules whose waiting is over now."""
        return {
            twin.symbol for twin in self.twins.values() if machine.rearm(twin.spec, twin.state, self.now) != twin.state
        }

    def _wake(self, symbols: set[str], *, usable: bool = False) -> None:
        """Show their standing quotes again."""
        for symbol in symbols & self.quotes.keys():
            quote = self.quotes[symbol]
            if not quote.dirty and (not usable or self.now - quote.received < USABLE_FOR):
                quote.dirty, quote.since = True, self.now

    def _use_bases(self, twin: Twin) -> None:
        """The coefficients a bar's close has stored, in the rule and where it stands: a re-armed rule starts over."""
        twin.spec = replace(twin.spec, series=self._based(twin.spec.series))
        twin.state = replace(twin.state, series=self._based(twin.state.series))

    def _based(self, series: SeriesSpec) -> SeriesSpec:
        stored = self.bases.get((series.subject, series.observable))
        if stored is None or series.base != Base.STORED:
            return series
        shift, numerator, reference = stored
        return replace(series, shift=shift, numerator=numerator, reference=reference)

    def _cool_down(self) -> None:
        """Cooldowns pass for every rule, whatever ticked."""
        for twin in self.twins.values():
            twin.state = machine.rearm(twin.spec, twin.state, self.now)

    def compare(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(STANDING)
            rows = {row[0]: row[1:] for row in cursor.fetchall()}
        for action_id, twin in self.twins.items():
            phase, rearm_at, observable, reference, fired = rows[action_id]
            state = twin.state
            told = f"{twin.spec}: machine {state}; engine phase {phase} on {observable} = {reference}"
            assert fired == twin.fired, told
            assert phase == state.phase, told
            if state.phase in (machine.RECOVER, machine.COOLING, machine.HOLDING, machine.HELD):
                assert rearm_at == state.rearm_at, told
            if state.series.kind in PEAKS and phase in (machine.ARMED, machine.HOLDING, machine.HELD):
                assert reference == state.series.reference, told
