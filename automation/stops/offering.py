"""The stops a person can set on a holding: what each would do, where it would sell, and what would be lost there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from automation import templating
from automation.models import Action
from automation.stops.protection import Loss, Protection, level_of, loss_at
from automation.stops.standing import protection_of
from common.errors import InvalidInput
from common.reading import shown
from portfolios.models import Portfolio


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The template a stop is made from, the parameter that names the holding, and what is settled already."""

    title: str
    template: str
    holding: str = "symbol"
    settled: Mapping[str, str] = field(default_factory=dict)


RECIPES = {
    "fixed": Recipe(title="Fixed stop", template="stop_loss"),
    "trailing": Recipe(title="Trailing stop", template="trailing_stops", holding="symbols"),
    "atr": Recipe(title="ATR stop", template="atr_stop", settled={"kind": "fixed"}),
    "chandelier": Recipe(
        title="ATR stop that follows (chandelier)", template="atr_stop", settled={"kind": "chandelier"}
    ),
    "time": Recipe(title="Time stop", template="time_stop"),
}
OURS = ("symbol", "symbols", "portfolio")  # said by the path


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A stop that can be set now; `problem` says why this one cannot. `params` are the template's, as it has them."""

    stop: str
    template: str
    title: str
    params: Mapping[str, Any]
    sentence: str = ""
    level: Decimal | None = None
    loss: Loss | None = None
    starts_at: str = ""  # a time stop: when its session opens
    warnings: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Stops:
    """What protects a holding, and what could."""

    protection: Protection
    offers: tuple[Offer, ...]


def stops_of(*, user: User, portfolio: Portfolio, symbol: str, now: datetime) -> Stops:
    """The stops of one holding and the offers with their defaults. Raises NotFound when it is not held."""
    protection = protection_of(portfolio, symbol, now=now)
    offers = tuple(_offer(user, portfolio, protection, stop, now) for stop in RECIPES)
    return Stops(protection=protection, offers=offers)


def set_stop(
    *, user: User, portfolio: Portfolio, symbol: str, given: Mapping[str, Any], now: datetime, actor: str
) -> list[Action]:
    """Make a stop: `stop` says which, the rest are its template's parameters. Raises NotFound, InvalidInput."""
    protection_of(portfolio, symbol, now=now)
    stop, errors = given.get("stop"), {}
    recipe = RECIPES.get(stop) if isinstance(stop, str) else None
    if recipe is None:
        known = ", ".join(RECIPES)
        errors["stop"] = f"{shown(stop)} is not known: use {known}" if stop else f"is required: one of {known}"
    for key in {*OURS, *(recipe.settled if recipe else ())} & given.keys():
        errors[key] = f"{shown(given[key])} is not for here: the path and `stop` say it"
    if recipe is None or errors:
        raise InvalidInput(errors)
    own = {key: value for key, value in given.items() if key != "stop"}
    params = {**own, **_said(recipe, portfolio, symbol)}
    return templating.create(user=user, name=recipe.template, params=params, now=now, actor=actor)


def _said(recipe: Recipe, portfolio: Portfolio, symbol: str) -> dict[str, Any]:
    holding = [symbol] if recipe.holding == "symbols" else symbol
    return {recipe.holding: holding, "portfolio": str(portfolio.id), **recipe.settled}


def _offer(user: User, portfolio: Portfolio, protection: Protection, stop: str, now: datetime) -> Offer:
    holding, recipe = protection.holding, RECIPES[stop]
    blueprint = templating.blueprint_of(recipe.template)
    defaults = {f.name: f.default for f in blueprint.fields if f.default and f.name not in (*OURS, *recipe.settled)}
    offer = Offer(stop=stop, template=recipe.template, title=recipe.title, params=defaults)
    said = _said(recipe, portfolio, holding.symbol)
    try:
        plan = templating.preview(user=user, name=recipe.template, params=said, now=now)
    except InvalidInput as bad:
        return replace(offer, problem=" ".join(text for texts in bad.errors.values() for text in texts))
    (planned,) = plan.rules
    level = level_of(planned.rule, holding.last)
    return replace(
        offer,
        sentence=planned.sentence,
        level=level,
        loss=loss_at(holding, level, holding.shares),
        starts_at=planned.rule.get("valid_from", ""),
        warnings=(*planned.warnings, *_doubled(protection)),
    )


def _doubled(protection: Protection) -> tuple[str, ...]:
    first = protection.first
    if first is None or not protection.covered:
        return ()
    return (f"'{first.short}' sells these shares already: whichever comes second is denied. Cancel it, or group them.",)
