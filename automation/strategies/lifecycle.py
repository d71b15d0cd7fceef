"""What a person can do with a strategy. Each function is one transaction under its row lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.strategies import promoting
from automation.strategies.drafting import REMAKES, as_raw, check, symbols_of
from automation.strategies.models import Strategy, StrategyMode, StrategySymbol, StrategyVersion
from automation.strategies.scheduling import next_time
from automation.strategies.writing import announcement, supersede_all
from common.errors import Conflict, InvalidInput, NotFound
from common.giving_way import gives_way
from live.push import announce_many
from markets.models import Instrument

PLAIN = ("name", "strategy_type", "params", "exchange_id", "portfolio_id", "timeframe", "mode", "sizing", "cron",
         "timezone", "enabled", "notes")  # fmt: skip


def strategy_of(user: User, strategy_id: UUID) -> Strategy:
    """The user's strategy, unless deleted. Raises NotFound, for anybody else's too."""
    found = Strategy.objects.filter(user=user, id=strategy_id, archived_at__isnull=True).first()
    if found is None:
        raise NotFound(f"There is no strategy {strategy_id}.")
    return found


@gives_way
def create_strategy(*, user: User, data: Mapping[str, Any], now: datetime, actor: str) -> Strategy:
    """Check and store a strategy. Raises InvalidInput naming each field, value and fix; EvidenceNeeded when it is to
    trade at once and no `override` says why."""
    data = dict(data)
    override = promoting.read_override(data)
    fields = check(user, data)
    _refuse_taken_name(user, fields["name"], None)
    symbols = fields.pop("symbols")
    strategy = Strategy(user=user, created_at=now, updated_at=now, **fields)
    strategy.next_run_at = next_time(strategy.cron, strategy.timezone, after=now) if strategy.enabled else None
    strategy.save(force_insert=True)
    promoted = promoting.judge_new(strategy, override=override, now=now)
    _set_symbols(strategy, symbols)
    made = {**{name: _shown(fields[name]) for name in PLAIN}, "symbols": [found.symbol for found in symbols]}
    remarks = {"override": [None, promoted.reason]} if promoted else {}
    _version(strategy, {"created": [None, made], **remarks}, actor, now)
    if promoted:
        promoting.log_override(strategy, promoted, actor=actor, now=now)
    announce_many([announcement(strategy, "created")], now)
    return strategy


@gives_way
def update_strategy(
    *, user: User, strategy_id: UUID, changes: Mapping[str, Any], now: datetime, actor: str
) -> Strategy:
    """Edit a strategy; every edit leaves a version. What still waits to be carried out is not done any more.

    An edit that makes another strategy of it (type, parameters, symbols, size, times) begins anew: a fresh epoch.
    Raises InvalidInput, NotFound, EvidenceNeeded.
    """
    changes = dict(changes)
    override = promoting.read_override(changes)
    strategy = _locked(user, strategy_id)
    raw = as_raw(strategy)
    if changes.get("strategy_type", strategy.strategy_type) != strategy.strategy_type:
        raw["params"] = {}
    after = check(user, {**raw, **changes})
    _refuse_taken_name(user, after["name"], strategy)
    before = {**{name: getattr(strategy, name) for name in PLAIN}, "symbols": symbols_of(strategy)}
    symbols: list[Instrument] = after.pop("symbols")
    wanted = {**after, "symbols": [found.symbol for found in symbols]}
    changed = sorted(name for name, value in wanted.items() if before[name] != value)
    if not changed:
        return strategy
    remade = bool(REMAKES & set(changed))
    promoted = promoting.judge(strategy, wanted["mode"], remade=remade, override=override, now=now)
    for name in PLAIN:
        setattr(strategy, name, after[name])
    _apply(strategy, changed, symbols, modes={before["mode"], strategy.mode}, remade=remade, now=now)
    remarks = {"override": [None, promoted.reason]} if promoted else {}
    pairs = {name: [_shown(before[name]), _shown(wanted[name])] for name in changed}
    _version(strategy, {**pairs, **remarks}, actor, now)
    if promoted:
        promoting.log_override(strategy, promoted, actor=actor, now=now)
    announce_many([announcement(strategy, "edited")], now)
    return strategy


@gives_way
def delete_strategy(*, user: User, strategy_id: UUID, now: datetime, actor: str) -> None:
    """Switch it off for good; its history stays. What it holds is left as it is."""
    strategy = _locked(user, strategy_id)
    strategy.enabled, strategy.archived_at, strategy.next_run_at = False, now, None
    strategy.updated_at = now
    strategy.version += 1
    strategy.save()
    supersede_all(strategy, "The strategy was deleted.", now=now)
    _version(strategy, {"deleted": [False, True]}, actor, now)
    announce_many([announcement(strategy, "deleted")], now)


def _locked(user: User, strategy_id: UUID) -> Strategy:
    found = (
        Strategy.objects.select_for_update(of=("self",))
        .filter(user=user, id=strategy_id, archived_at__isnull=True)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no strategy {strategy_id}.")
    return found


def _apply(
    strategy: Strategy,
    changed: Sequence[str],
    symbols: Sequence[Instrument],
    *,
    modes: Collection[str],
    remade: bool,
    now: datetime,
) -> None:
    strategy.version += 1
    strategy.updated_at = now
    strategy.next_run_at = next_time(strategy.cron, strategy.timezone, after=now) if strategy.enabled else None
    supersede_all(strategy, "The strategy was edited meanwhile.", now=now)
    if remade:
        strategy.epoch += 1
        strategy.last_bar_at = None
        if "portfolio_id" in changed and strategy.signals.filter(order__isnull=False).exists():
            raise Conflict("It has traded in its portfolio: make a new strategy for another one.")
        _set_symbols(strategy, symbols)
    elif "mode" in changed and StrategyMode.AUTO_TRADE in modes:
        strategy.symbols.update(applied=None, failures=0)  # shadow and earnest have positions of their own
    strategy.save()


def _set_symbols(strategy: Strategy, symbols: Sequence[Instrument]) -> None:
    """The strategy's symbols, begun anew."""
    strategy.symbols.all().delete()
    StrategySymbol.objects.bulk_create(
        StrategySymbol(strategy=strategy, instrument=instrument, position=position)
        for position, instrument in enumerate(symbols)
    )


def _refuse_taken_name(user: User, name: str, editing: Strategy | None) -> None:
    taken = Strategy.objects.filter(user=user, name=name, archived_at__isnull=True)
    if editing is not None:
        taken = taken.exclude(pk=editing.pk)
    if taken.exists():
        raise InvalidInput({"name": f"'{name}' is the name of another of your strategies: choose another name"})


def _version(strategy: Strategy, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    StrategyVersion.objects.create(
        strategy=strategy, version=strategy.version, at=now, actor=actor, changes=dict(changes)
    )


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
