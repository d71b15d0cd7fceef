"""The rows a run leaves behind: the run, a signal for each change, what symbols stand at, what the owner is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from alerts.signals import SignalSeen, signals_emitted
from automation.strategies.bar_clock import ClosedBar, Window
from automation.strategies.base import Seconds
from automation.strategies.deciding import Change, Standing, Step, decide, side_of, target_of
from automation.strategies.models import (
    SignalState,
    Strategy,
    StrategyMode,
    StrategyRun,
    StrategySignal,
    StrategyStatus,
    StrategySymbol,
)
from common.ids import new_id
from common.money import nano
from live.push import Announcement, announce_many

STARTED_LATE = "STRATEGY_IS_NEW"
TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a run saw of a symbol. `signal` None: unknown, `why` says why. `size`: fraction of the equity, or NaN."""

    signal: float | None
    size: float
    close: float | None
    why: str
    axis: Seconds


def write(
    strategy: Strategy, bar: ClosedBar, window: Window, seen: Mapping[str, Seen], *, cause: str, now: datetime
) -> StrategyRun:
    """Write one run. Call it holding the strategy's lock, once per epoch and bar."""
    rows = list(strategy.symbols.order_by("position"))
    changes = {row.instrument_id: _decide(row, seen[row.instrument_id]) for row in rows}
    late = window.expires_at <= now
    signals = [
        _signal(strategy, row, changes[row.instrument_id], seen[row.instrument_id], bar, window, late=late, now=now)
        for row in rows
        if changes[row.instrument_id].step != Step.NONE
    ]
    _supersede(strategy, [signal.instrument_id for signal in signals], now)
    StrategySignal.objects.bulk_create(signals)
    for row in rows:
        _take(row, changes[row.instrument_id], seen[row.instrument_id], bar)
    StrategySymbol.objects.bulk_update(
        rows, ["signal", "target", "applied", "bar_at", "unknown", "failures"], batch_size=500
    )
    unknown = [row for row in rows if row.unknown]
    _set_status(strategy, rows, unknown)
    run = StrategyRun.objects.create(
        strategy=strategy,
        epoch=strategy.epoch,
        bar_at=bar.at,
        closed_at=bar.closed_at,
        at=now,
        cause=cause,
        known=len(rows) - len(unknown),
        unknown=len(unknown),
        changed=sum(change.step == Step.ACT for change in changes.values()),
        missed=_missed(strategy, seen, bar),
        note=strategy.status_reason,
    )
    _tell(strategy, run, signals, now)
    return run


def _decide(row: StrategySymbol, seen: Seen) -> Change:
    before = Standing(
        signal=row.signal, target=row.target, applied=row.applied, unknown=bool(row.unknown), failures=row.failures
    )
    return decide(before, seen.signal, target_of(seen.size))


def _take(row: StrategySymbol, change: Change, seen: Seen, bar: ClosedBar) -> None:
    after = change.after
    row.signal, row.target, row.applied, row.failures = after.signal, after.target, after.applied, after.failures
    row.unknown = (seen.why or "unknown")[:200] if after.unknown else ""
    if not after.unknown:
        row.bar_at = bar.at


def _signal(
    strategy: Strategy,
    row: StrategySymbol,
    change: Change,
    seen: Seen,
    bar: ClosedBar,
    window: Window,
    *,
    late: bool,
    now: datetime,
) -> StrategySignal:
    state, code, reason = SignalState.PENDING, "", ""
    if change.step == Step.UNKNOWN:
        state, code, reason = SignalState.UNKNOWN, "UNKNOWN", seen.why
    elif change.step == Step.NOTE:
        state, reason = SignalState.NOTHING, "The position stays as it is."
    elif late:
        state, code, reason = SignalState.MISSED, TOO_LATE, _too_late(window)
        if strategy.last_bar_at is None:
            code, reason = STARTED_LATE, "This bar closed before the strategy was set up: it acts from the next bar on."
    known = change.step != Step.UNKNOWN
    return StrategySignal(
        id=new_id(),
        strategy=strategy,
        instrument_id=row.instrument_id,
        epoch=strategy.epoch,
        bar_at=bar.at,
        closed_at=bar.closed_at,
        signal=change.after.signal if known else None,
        previous_signal=row.signal,
        target=change.after.target if known else None,
        previous_target=row.target,
        close=None if seen.close is None else nano(Decimal(repr(seen.close))),
        mode=strategy.mode,
        state=state,
        act_from=window.opens_at,
        expires_at=window.expires_at,
        reason_code=code,
        reason=reason[:400],
        trace_id=new_id(),
        created_at=now,
        finished_at=None if state == SignalState.PENDING else now,
    )


def _too_late(window: Window) -> str:
    return f"Seen after {window.expires_at:%Y-%m-%d %H:%M} UTC, until when it might be acted on: the next bar decides."


def _supersede(strategy: Strategy, symbols: Sequence[str], now: datetime) -> None:
    """What still waits for an older bar is not done any more."""
    waiting = StrategySignal.objects.filter(strategy=strategy, instrument__in=symbols, state=SignalState.PENDING.value)
    waiting.update(
        state=SignalState.SUPERSEDED, finished_at=now, reason_code="SUPERSEDED", reason="A newer bar decided otherwise."
    )


def supersede_all(strategy: Strategy, reason: str, *, now: datetime) -> int:
    """Whatever waits is not done any more: the strategy was edited or switched off. Returns how many."""
    waiting = StrategySignal.objects.filter(strategy=strategy, state=SignalState.PENDING.value)
    return waiting.update(state=SignalState.SUPERSEDED, finished_at=now, reason_code="SUPERSEDED", reason=reason[:400])


def _set_status(strategy: Strategy, rows: Sequence[StrategySymbol], unknown: Sequence[StrategySymbol]) -> None:
    if not unknown:
        strategy.status, strategy.status_reason = StrategyStatus.OK, ""
        return
    strategy.status = StrategyStatus.UNKNOWN if len(unknown) == len(rows) else StrategyStatus.PARTIAL
    shown = "; ".join(f"{row.instrument_id}: {row.unknown}" for row in unknown[:3])
    more = f"; and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    strategy.status_reason = f"Unknown, so nothing is done: {shown}{more}"[:300]


def _missed(strategy: Strategy, seen: Mapping[str, Seen], bar: ClosedBar) -> int:
    """Bars between the last one judged and this one."""
    if strategy.last_bar_at is None or not seen:
        return 0
    axis = next(iter(seen.values())).axis
    return int(((axis > strategy.last_bar_at.timestamp()) & (axis < bar.at.timestamp())).sum())


def _tell(strategy: Strategy, run: StrategyRun, signals: Sequence[StrategySignal], now: datetime) -> None:
    """Alerts of the modes above monitor, alert configs, and the pages."""
    changed = [s for s in signals if s.state not in (SignalState.UNKNOWN, SignalState.NOTHING)]
    signals_emitted(
        [_emitted(strategy, signal) for signal in changed if signal.target != signal.previous_target], now=now
    )
    alerts = []
    if changed and strategy.mode != StrategyMode.MONITOR:
        alerts.append(_changed_alert(strategy, run, changed))
    lost = [s for s in signals if s.state == SignalState.UNKNOWN]
    if lost:
        alerts.append(_unknown_alert(strategy, run, lost))
    raise_alerts(alerts, now)
    announce_many([announcement(strategy, "run", changed=run.changed, unknown=run.unknown)], now)


def _emitted(strategy: Strategy, signal: StrategySignal) -> SignalSeen:
    more = (signal.target or 0) > (signal.previous_target or 0)
    return SignalSeen(
        user_id=strategy.user_id,
        strategy_id=strategy.id,
        strategy_name=strategy.name,
        symbol=signal.instrument_id,
        side="buy" if more else "sell",
        value=nano(Decimal(repr(signal.signal or 0.0))),
        at=signal.closed_at,
    )


def _changed_alert(strategy: Strategy, run: StrategyRun, changed: Sequence[StrategySignal]) -> NewAlert:
    lines = [describe(signal) for signal in changed]
    word = "will trade" if strategy.mode == StrategyMode.AUTO_TRADE else "signals"
    late = all(signal.state == SignalState.MISSED for signal in changed)
    end = "Nothing is ordered: too late." if late else ""
    if strategy.mode == StrategyMode.ALERT:
        end = "Nothing was ordered (mode: alert)."
    return NewAlert(
        user_id=strategy.user_id,
        kind=Alert.Kind.FIRING,
        title=f"{strategy.name} {'missed' if late else word}: {lines[0]}"[:200],
        body="\n".join([*lines, end]).strip(),
        symbol=changed[0].instrument_id if len(changed) == 1 else "",
        data={"strategy": str(strategy.id), "run": run.pk},
        dedupe_key=f"strategy:{strategy.id}:{strategy.epoch}:{run.bar_at:%Y%m%d%H%M}",
    )


def _unknown_alert(strategy: Strategy, run: StrategyRun, lost: Sequence[StrategySignal]) -> NewAlert:
    return NewAlert(
        user_id=strategy.user_id,
        kind=Alert.Kind.DATA,
        severity=Alert.Severity.WARNING,
        title=f"{strategy.name} does not know {', '.join(s.instrument_id for s in lost)}"[:200],
        body="\n".join(f"{s.instrument_id}: {s.reason}. Nothing is done about it until that is mended." for s in lost),
        symbol=lost[0].instrument_id if len(lost) == 1 else "",
        data={"strategy": str(strategy.id), "run": run.pk},
        dedupe_key=f"strategy-unknown:{strategy.id}:{strategy.epoch}:{run.bar_at:%Y%m%d%H%M}",
    )


def describe(signal: StrategySignal) -> str:
    """`AAPL flat → long, 0 % → 4 % of the equity (close 189.5 of 2026-11-25)`."""
    before, after = side_of(signal.previous_signal) or "unknown", side_of(signal.signal) or "unknown"
    close = "" if signal.close is None else f"close {float(signal.close):g} of "
    return (
        f"{signal.instrument_id} {before} → {after}, {_percent(signal.previous_target)} → {_percent(signal.target)} of "
        f"the equity ({close}{signal.bar_at.astimezone(UTC):%Y-%m-%d})"
    )


def _percent(target: Decimal | None) -> str:
    return f"{float(target or 0) * 100:.4g} %"


def announcement(strategy: Strategy, kind: str, **payload: object) -> Announcement:
    """What the pages hear of a strategy."""
    return Announcement(
        user_id=strategy.user_id,
        topic="strategies",
        kind=kind,
        payload={"strategy": str(strategy.id), "enabled": strategy.enabled, "mode": str(strategy.mode), **payload},
    )
