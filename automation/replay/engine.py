"""Replay one rule over bars: the same plan, machine, order and fill arithmetic as live, bar by bar or far ahead.

Nothing is read or written here: the rule is an Action that need not be stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation import arming, settling
from automation.effects.trade import intent_for
from automation.firing import PRICE_FIRING_LASTS
from automation.models import Action, ActionType
from automation.replay.bars import exact, moment
from automation.replay.book import Book, Change, Order, Refused, Terms
from automation.replay.clocking import ClockWatcher
from automation.replay.conditions import Conditions
from automation.replay.feeds import Tape
from automation.replay.watching import Hit, Watcher
from automation.triggers.base import ClockPlan
from automation.triggers.registry import TRIGGERS
from common.errors import InvalidInput
from common.money import ZERO, plain
from watches.specs import Repeat

NO_ID = UUID(int=0)
FILLED, TOLD, DENIED, EXPIRED, OPEN = "filled", "told", "denied", "expired", "open"
NO_PRICE, SKIPPED = "no_price", "skipped"
CONDITION_RETRY = timedelta(seconds=30)


@dataclass(slots=True)
class Firing:
    """One firing and what came of it. `gain` is what it made by the end of the replay, after costs."""

    number: int
    at: datetime
    bar: int
    price: Decimal | None
    value: Decimal | None
    level: Decimal | None
    outcome: str = TOLD
    code: str = ""
    reason: str = ""
    side: str = ""
    quantity: Decimal = ZERO
    fill_price: Decimal | None = None
    fee: Decimal = ZERO
    gain: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A finished replay. `stopped`: why the rule gave up before the end, if it did."""

    firings: list[Firing]
    changes: list[Change]
    terms: Terms
    cash: Decimal
    shares: Decimal
    stopped: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Working:
    """What is needed to go on when an order ends: the watch as it fired, and how often it had fired then."""

    hit: Hit
    fires: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Execution:
    """A firing as an order asks about it; making a row of it only to read it again would cost more than the rest."""

    epoch: int
    observation: dict[str, Any]
    expires_at: datetime
    id: UUID = NO_ID
    trace_id: UUID = NO_ID


@dataclass
class Run:
    """One rule on its way over one tape."""

    action: Action
    tape: Tape
    terms: Terms
    failures_before_review: int = 3
    others: Mapping[str, Tape] = field(default_factory=dict)  # bars of other symbols that conditions ask about
    look_ahead: bool = True  # False: show the machine every single bar
    firings: list[Firing] = field(default_factory=list)
    working: dict[int, _Working] = field(default_factory=dict)
    stopped: str = ""

    def __post_init__(self) -> None:
        self.action = trial_of(self.action)
        self.action.executions_count = self.action.failures_in_a_row = 0
        self.bars = self.tape.bars
        self.book = Book(self.bars, self.terms)
        begins = moment(self.bars.starts[self.bars.first]) if self.bars.first < len(self.bars) else moment(0)
        if self.action.valid_from is not None:
            begins = max(begins, self.action.valid_from)
        self.conditions = Conditions(self.action, self.tape, self.others)
        # A clock's very first time may be the moment the replay begins.
        plan = TRIGGERS[self.action.trigger_type].plan(self.action.trigger_params, self.action.instrument_id or "")
        self.watcher: Watcher | ClockWatcher = (
            ClockWatcher(plan, self.tape, armed_at=begins - timedelta(seconds=1))
            if isinstance(plan, ClockPlan)
            else Watcher(plan.spec, self.tape, armed_at=begins, worth=self.book, look_ahead=self.look_ahead)
        )

    def repeat(self) -> Repeat:
        return Repeat(repeats=arming.more_than_one_left(self.action), cooldown_seconds=self.action.cooldown_seconds)

    def run(self) -> Replay:
        """From the first bar to the last."""
        bar, size = self.bars.first, len(self.bars)
        while True:
            event = self.book.next_event(bar)
            hit = self.watcher.advance(until=event, repeat=self.repeat)
            if hit is not None:
                if self._over(hit):
                    self.watcher.switch_off()
                else:
                    self._fire(hit)
                    bar = max(bar, hit.bar + 1)
                continue
            if event >= size:
                break
            for order in self.book.look(event):
                self._ended(order, event)
            bar = event + 1
        self._close()
        return Replay(
            firings=self.firings,
            changes=self.book.changes,
            terms=self.terms,
            cash=self.book.cash,
            shares=self.book.shares,
            stopped=self.stopped,
        )

    # --- a firing
    def _over(self, hit: Hit) -> bool:
        """Whether the rule's window was over when it was met."""
        until = self.action.valid_until
        return until is not None and hit.at > until

    def _fire(self, hit: Hit) -> None:
        action = self.action
        in_the_way = self.conditions.in_the_way(hit) if action.conditions else ""
        if in_the_way:
            self._skip(hit, in_the_way)
            return
        seen = None if hit.seen is None else plain(hit.seen)
        execution = _Execution(epoch=action.epoch, observation={"price": seen}, expires_at=hit.at + PRICE_FIRING_LASTS)
        action.epoch += 1
        action.executions_count += 1
        firing = Firing(len(self.firings), hit.at, hit.bar, hit.price, hit.value, hit.level)
        self.firings.append(firing)
        self.working[firing.number] = _Working(hit, self.watcher.fires)
        if action.action_type == ActionType.NOTIFY:
            return
        firing.side = "buy" if action.action_type == ActionType.BUY else "sell"
        if hit.price is None:
            self._came_to_nothing(firing, NO_PRICE, "MARKET_CLOSED", "No price could be had then.", hit.at)
            return
        try:
            intent = intent_for(action, execution)
            order = self.book.place(
                intent, firing=firing.number, bar=hit.bar, price=hit.price, rest=hit.rest, at=hit.at
            )
        except InvalidInput as bad:
            self._came_to_nothing(firing, DENIED, "INVALID_ORDER", str(bad), hit.at)
        except Refused as refused:
            self._came_to_nothing(firing, DENIED, refused.code, refused.message, hit.at)
        else:
            self._show(firing, order)
            firing.outcome = OPEN
            if order.ended:
                self._ended(order, hit.bar)

    def _skip(self, hit: Hit, reason: str) -> None:
        """The conditions do not hold: nothing is done, and it tries again. Skips in a row are one firing."""
        last = self.firings[-1] if self.firings else None
        if last is None or last.outcome != SKIPPED:
            self.firings.append(
                Firing(
                    len(self.firings), hit.at, hit.bar, hit.price, hit.value, hit.level, SKIPPED, "CONDITION", reason
                )
            )
        if hit.state is None:
            self.watcher.restart(hit.at)
        else:
            self.watcher.retry(hit.state, hit.at + CONDITION_RETRY)

    def _ended(self, order: Order, bar: int) -> None:
        firing = self.firings[order.firing]
        self._show(firing, order)
        if order.filled:
            firing.outcome = FILLED
            self.action.failures_in_a_row = 0
            return
        at = order.expires_at or self.working[firing.number].hit.at
        self._came_to_nothing(firing, EXPIRED, "ORDER_EXPIRED", "It ended before its price was reached.", at)

    def _show(self, firing: Firing, order: Order) -> None:
        firing.quantity, firing.fee = order.filled, order.fee
        firing.fill_price = order.value / order.filled if order.filled else None

    def _came_to_nothing(self, firing: Firing, outcome: str, code: str, reason: str, at: datetime) -> None:
        """Give the turn back and try again, or stop for a person after too many: `automation.settling` in short."""
        firing.outcome, firing.code, firing.reason = outcome, code, reason
        action, watcher = self.action, self.watcher
        action.executions_count = max(0, action.executions_count - 1)
        if code not in settling.OF_THE_MOMENT:
            action.failures_in_a_row += 1
        if action.failures_in_a_row >= self.failures_before_review:
            self.stopped = f"{action.failures_in_a_row} firings in a row came to nothing, the last: {reason}"
            watcher.switch_off()
            return
        begun = self.working[firing.number]
        wait = min(settling.FIRST_RETRY * 2 ** max(0, action.failures_in_a_row - 1), settling.LAST_RETRY)
        wait = max(wait, timedelta(seconds=action.cooldown_seconds))
        if begun.hit.state is None:
            watcher.restart(at)
        elif watcher.fires == begun.fires:
            watcher.retry(begun.hit.state, at + wait)

    def _close(self) -> None:
        """What each firing made: gains realised by its sales, and those of its shares that are still held."""
        for order in self.book.orders:
            self._show(self.firings[order.firing], order)
        for change in self.book.changes:
            firing = self.firings[change.firing]
            firing.gain = (firing.gain or ZERO) + change.gain
        if len(self.bars):
            for source, gain in self.book.open_gains(exact(self.bars.close[-1])).items():
                if source.isdigit():
                    firing = self.firings[int(source)]
                    firing.gain = (firing.gain or ZERO) + gain


def trial_of(action: Action) -> Action:
    """The rule to be moved on without touching the original; never saved, so it may share what is loaded with it."""
    trial = Action.__new__(Action)
    trial.__dict__.update(action.__dict__)
    return trial


def replay(
    action: Action,
    tape: Tape,
    terms: Terms,
    *,
    failures_before_review: int = 3,
    others: Mapping[str, Tape] | None = None,
) -> Replay:
    """What the rule would have done. Raises NotReplayable when these bars cannot show what it looks at."""
    return Run(action, tape, terms, failures_before_review, others or {}).run()
