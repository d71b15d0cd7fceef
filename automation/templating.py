"""Templates: a blueprint filled in with parameters and the facts of the moment becomes rules, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from automation import lifecycle
from automation.blueprints.base import Blueprint, Facts, Params, Stock, WithHistory
from automation.blueprints.registry import BLUEPRINTS
from automation.drafts import Draft
from automation.explaining import warnings_of
from automation.lookups import Lookups
from automation.models import Action
from automation.sentences import sentence
from automation.triggers.base import BadParams, SessionTimes
from automation.triggers.reading import shown
from common.errors import InvalidInput, NotFound
from common.money import ZERO, nano
from markets import calendar
from markets.bars import day_start
from markets.models import Instrument
from markets.selectors import DAY, last_bars_of, latest_quotes
from markets.types import BarRow
from portfolios.models import Portfolio
from portfolios.valuing import holdings_of

AHEAD = timedelta(days=120)  # as far as a time stop of 60 trading days reaches
COMMON = ("portfolio", "mode")  # parameters of every template


@dataclass(frozen=True, kw_only=True)
class PlannedRule:
    """One rule as it would be made: the API's words, the sentence, what its maker should know."""

    rule: dict[str, Any]
    sentence: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a template would set up."""

    template: str
    sentence: str
    rules: tuple[PlannedRule, ...]


@dataclass(frozen=True, kw_only=True)
class _Filled:
    sentence: str
    raws: list[dict[str, Any]]
    drafts: list[dict[str, Any]]


def blueprint_of(name: str) -> Blueprint:
    """Raises NotFound."""
    if name not in BLUEPRINTS:
        raise NotFound(f"There is no template {name!r}: there are {', '.join(BLUEPRINTS)}.")
    return BLUEPRINTS[name]


def preview(*, user: User, name: str, params: Mapping[str, Any], now: datetime) -> Plan:
    """The rules a template would make. Raises NotFound, InvalidInput naming each parameter; writes nothing."""
    filled = _fill(user, name, params, now)
    trials = [Action(user=user, created_at=now, updated_at=now, **fields) for fields in filled.drafts]
    rules = zip(filled.raws, trials, warnings_of(trials, now=now), strict=True)
    return Plan(
        template=name,
        sentence=filled.sentence,
        rules=tuple(PlannedRule(rule=raw, sentence=sentence(trial), warnings=told) for raw, trial, told in rules),
    )


def create(*, user: User, name: str, params: Mapping[str, Any], now: datetime, actor: str) -> list[Action]:
    """Make the rules of a template in one transaction; they are armed at once. Raises what `preview` raises."""
    return lifecycle.create_many(user=user, drafts=_fill(user, name, params, now).drafts, now=now, actor=actor)


def _fill(user: User, name: str, given: Mapping[str, Any], now: datetime) -> _Filled:
    blueprint = blueprint_of(name)
    own = {key: value for key, value in given.items() if key not in COMMON}
    common = {key: given[key] for key in COMMON if given.get(key) not in (None, "")}
    lookups = Lookups(user)
    portfolio = _portfolio(lookups, common.get("portfolio"))
    try:
        params = blueprint.parse(own)
        bars = blueprint.bars_needed(params) if isinstance(blueprint, WithHistory) else 0
        facts = facts_of(portfolio, blueprint.symbols(params), lookups, now=now, bars=bars)
        raws = [{**raw, **common} for raw in blueprint.drafts(params, facts)]
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return _Filled(sentence=blueprint.sentence(params), raws=raws, drafts=_checked(user, raws, params, lookups, now))


def _portfolio(lookups: Lookups, given: Any) -> Portfolio:
    try:
        found = lookups.primary() if given is None else lookups.portfolio(UUID(str(given)))
    except ValueError:
        found = None
    if found is None:
        what = "is required: you have no primary portfolio" if given is None else f"{shown(given)} is not one of yours"
        raise InvalidInput({"portfolio": what})
    return found


def _checked(
    user: User, raws: list[dict[str, Any]], params: Params, lookups: Lookups, now: datetime
) -> list[dict[str, Any]]:
    """Every rule as a checked draft. What is wrong with one is told on the template's parameter where there is one."""
    drafts = []
    errors: dict[str, str | list[str]] = {}
    for number, raw in enumerate(raws, start=1):
        try:
            drafts.append(Draft(user=user, raw=raw, now=now, lookups=lookups).check())
        except InvalidInput as bad:
            for field, texts in bad.errors.items():
                key = field.rpartition(".")[2]
                known = key if key in params or key in COMMON else f"rule {number} {field}"
                errors.setdefault(known, texts)
    if errors:
        raise InvalidInput(errors)
    return drafts


def facts_of(portfolio: Portfolio, symbols: set[str], lookups: Lookups, *, now: datetime, bars: int = 0) -> Facts:
    """The holdings of a portfolio and these symbols, as they stand, with so many closed daily bars of the symbols.

    Symbols nobody knows are missing.
    """
    holdings = {position.symbol: position for position in holdings_of(portfolio)}
    wanted = {symbol for symbol in symbols | holdings.keys() if symbol.isprintable()}  # others cannot be asked for
    lookups.preload(wanted)
    instruments = {symbol: found for symbol in wanted if (found := lookups.instrument(symbol))}
    quotes = latest_quotes(instruments)
    sessions = {code: _sessions(code, now) for code in {i.exchange_id for s, i in instruments.items() if s in symbols}}
    stocks = {}
    for symbol, instrument in instruments.items():
        held = holdings.get(symbol)
        quote = quotes.get(symbol)
        stocks[symbol] = Stock(
            symbol=symbol,
            held=held.quantity if held else ZERO,
            cost_per_share=nano(held.cost / held.quantity) if held else None,
            last=quote.last if quote else None,
            fractionable=instrument.fractionable,
            sessions=sessions.get(instrument.exchange_id, ()),
            daily=_daily(instrument, bars, now) if symbol in symbols and bars else (),
        )
    return Facts(now=now, portfolio=portfolio.name, stocks=stocks)


def _daily(instrument: Instrument, count: int, now: datetime) -> list[BarRow]:
    """The last closed daily bars: the session in progress is not one of them."""
    before = day_start(calendar.trading_date(instrument.exchange_id, now))
    return last_bars_of([instrument.symbol], DAY, count, before=before)[instrument.symbol]


def _sessions(exchange: str, now: datetime) -> list[SessionTimes]:
    return [
        SessionTimes(date=session.date, opens_at=session.opens_at, closes_at=session.closes_at)
        for session in calendar.sessions_between(exchange, now.date(), (now + AHEAD).date())
    ]
