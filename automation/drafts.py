"""Check what a person wrote as an Action: every field, all errors at once, each with the value and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.lookups import Lookups
from automation.models import Action, ActionType, MissedPolicy, Mode
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from automation.triggers.registry import CONDITIONS, TRIGGERS
from common.errors import InvalidInput
from common.money import plain
from markets.models import Instrument
from orders.models import OrderType, TimeInForce

MOST_CONDITIONS = 10
SIZES = ("quantity", "amount_usd", "percent_of_position", "percent_of_equity")
# Editing one of these gives the rule a fresh arming epoch; the others keep its peak, side and cooldown.
REARMING = frozenset(
    {
        "trigger_type",
        "trigger_params",
        "instrument_id",
        "valid_from",
        "valid_until",
        "max_executions",
        "cooldown_seconds",
        "portfolio_id",
        "action_type",
        "group",
    }
)


class Draft:
    """Reads one raw action into model fields. `errors` collects {field: message}.

    `editing` is the action as it stands when the draft is an edit of it: what was right when it was written (a
    window that has since begun, shares held at the time) is not held against an edit of something else.
    """

    def __init__(
        self,
        *,
        user: User,
        raw: Mapping[str, Any],
        now: datetime,
        editing: Action | None = None,
        lookups: Lookups | None = None,
    ) -> None:
        self.user, self.now, self.editing = user, now, editing
        self.lookups = lookups or Lookups(user)
        try:
            self.read = Reader(raw, "a field of an action")
        except BadParams:
            raise InvalidInput({"body": f"must be an object, not {shown(raw)}"}) from None
        self.fields: dict[str, Any] = {}
        self.errors = self.read.errors

    def check(self) -> dict[str, Any]:
        """The fields of the Action. Raises InvalidInput with every error."""
        read = self.read
        self.fields["action_type"] = self._required_choice("action_type", ActionType.values)
        self._portfolio()
        self._instrument()
        self._trigger()
        self._conditions()
        self._sizes()
        self._order()
        self._limits()
        self.fields["mode"] = self._mode(read.take("mode"))
        for key, length in (("name", 120), ("message", 500), ("notes", 10_000)):
            self.fields[key] = self._text(key, length)
        if self.fields["action_type"] != ActionType.NOTIFY and self.fields["message"]:
            self.errors["message"] = "goes with NOTIFY only: use notes for remarks on a trading rule"
        try:
            read.done()
        except BadParams as bad:
            raise InvalidInput(bad.errors) from None
        return self.fields

    # --- who and what
    def _portfolio(self) -> None:
        value = self.read.take("portfolio")
        if value is None:
            portfolio = self.lookups.primary()
            if portfolio is None:
                self.errors["portfolio"] = "is required: you have no primary portfolio"
        else:
            try:
                portfolio = self.lookups.portfolio(UUID(str(value)))
            except ValueError:
                portfolio = None
            if portfolio is None:
                self.errors["portfolio"] = f"{shown(value)} is not one of your portfolios: see /api/portfolios/"
        self.portfolio = portfolio
        self.fields["portfolio_id"] = portfolio.id if portfolio else None

    def _instrument(self) -> None:
        value = self.read.take("symbol")
        self.instrument: Instrument | None = None
        if isinstance(value, str) and value.strip():
            symbol = value.strip().upper()
            if storable(symbol):
                self.instrument = self.lookups.instrument(symbol)
            if self.instrument is None:
                self.errors["symbol"] = f"{shown(value)} is not a known symbol{self.lookups.near_symbol(symbol)}"
            elif not self.instrument.active:
                self.errors["symbol"] = f"{shown(value)} is no longer traded: choose another symbol"
        elif value is not None and not isinstance(value, str):
            self.errors["symbol"] = f"{shown(value)} is not a symbol: give a text such as AAPL"
        elif self.fields["action_type"] in (ActionType.BUY, ActionType.SELL):
            self.errors["symbol"] = f"is required for {self.fields['action_type']}: give a symbol such as AAPL"
        self.fields["instrument_id"] = self.instrument.symbol if self.instrument else None

    # --- when
    def _trigger(self) -> None:
        kind = self._required_choice("trigger_type", TRIGGERS)
        raw = self.read.take("trigger_params")
        self.fields.update(trigger_type=kind, trigger_params={})
        if kind is None:
            return
        trigger = TRIGGERS[kind]
        if trigger.needs_symbol and self.instrument is None:
            self.errors.setdefault("symbol", f"is required for {kind}: give a symbol such as AAPL")
        try:
            self.fields["trigger_params"] = trigger.parse({} if raw is None else raw)
        except BadParams as bad:
            for key, text in bad.errors.items():
                self.errors[f"trigger_params.{key}" if key else "trigger_params"] = text

    def _conditions(self) -> None:
        """A list of conditions in the triggers' own words; a missing symbol is the rule's."""
        given = self.read.take("conditions")
        self.fields["conditions"] = []
        if given is None:
            return
        if not isinstance(given, (list, tuple)) or len(given) > MOST_CONDITIONS:
            self.errors["conditions"] = f"{shown(given)} is not a list of at most {MOST_CONDITIONS} conditions"
            return
        self.fields["conditions"] = [self._condition(f"conditions.{n}", raw) for n, raw in enumerate(given)]

    def _condition(self, key: str, raw: Any) -> dict[str, Any]:
        try:
            read = Reader(raw, "a key of a condition")
        except BadParams as bad:
            self.errors[key] = bad.errors[""]
            return {}
        kind, symbol = read.take("trigger_type"), read.take("symbol")
        params = read.take("trigger_params")
        try:
            read.done()
        except BadParams as bad:
            self.errors.update({f"{key}.{name}": text for name, text in bad.errors.items()})
        if kind not in CONDITIONS:
            self.errors[f"{key}.trigger_type"] = f"{shown(kind)} cannot be a condition: use {' or '.join(CONDITIONS)}"
            return {}
        condition: dict[str, Any] = {"trigger_type": kind}
        try:
            condition["trigger_params"] = TRIGGERS[kind].parse({} if params is None else params)
        except BadParams as bad:
            for name, text in bad.errors.items():
                self.errors[f"{key}.trigger_params{'.' + name if name else ''}"] = text
        if symbol is not None:
            known = isinstance(symbol, str) and storable(symbol)
            found = self.lookups.instrument(symbol.strip().upper()) if known else None
            if found is None or not found.active:
                self.errors[f"{key}.symbol"] = f"{shown(symbol)} is not a known symbol: see /api/markets/instruments/"
            else:
                condition["symbol"] = found.symbol
        elif TRIGGERS[kind].needs_symbol and self.instrument is None:
            self.errors[f"{key}.symbol"] = "is required: the rule itself has no symbol"
        return condition

    # --- how much
    def _sizes(self) -> None:
        read, kind = self.read, self.fields["action_type"]
        given = {
            "quantity": read.decimal("quantity"),
            "amount_usd": read.decimal("amount_usd"),
            "percent_of_position": read.decimal("percent_of_position", at_most=100, places=4),
            "percent_of_equity": read.decimal("percent_of_equity", at_most=100, places=4),
        }
        self.fields.update({key: None if value is None else Decimal(value) for key, value in given.items()})
        sizes = [key for key in SIZES if given[key] is not None]
        if any(key in self.errors for key in SIZES) or kind is None:
            return
        if kind == ActionType.NOTIFY:
            for key in sizes:
                self.errors[key] = f"'{given[key]}' does not go with NOTIFY: leave it out"
            return
        if len(sizes) > 1:
            for key in sizes[1:]:
                self.errors[key] = f"'{given[key]}' is a second size beside {sizes[0]}: give exactly one size"
            return
        if not sizes:
            self.errors["quantity"] = f"is required: give exactly one of {', '.join(SIZES)}"
            return
        size = sizes[0]
        if (size == "percent_of_position" and kind == ActionType.BUY) or (
            size == "percent_of_equity" and kind == ActionType.SELL
        ):
            other = "percent_of_equity" if kind == ActionType.BUY else "percent_of_position"
            self.errors[size] = f"'{given[size]}' does not go with {kind}: use {other}, quantity or amount_usd"
            return
        if size == "amount_usd" and Decimal(given[size] or 0) != round(Decimal(given[size] or 0), 2):
            self.errors[size] = f"'{given[size]}' has parts of a cent: give dollars and cents"
        if kind == ActionType.SELL and not self._unchanged(size, self.fields[size]):
            self._held(size, Decimal(given[size] or 0))
        if (
            size == "quantity"
            and self.instrument
            and not self.instrument.fractionable
            and Decimal(given[size] or 0) % 1
        ):
            self.errors[size] = f"'{given[size]}' is not whole: {self.instrument.symbol} trades in whole shares"

    def _unchanged(self, field: str, value: Any) -> bool:
        """Whether an edit leaves this field, and the instrument it is about, as they were."""
        old = self.editing
        same_symbol = old is not None and old.instrument_id == (self.instrument.symbol if self.instrument else None)
        return old is not None and same_symbol and getattr(old, field) == value

    def _held(self, size: str, value: Decimal) -> None:
        if not self.portfolio or not self.instrument:
            return
        symbol = self.instrument.symbol
        quantity = self.lookups.held(self.portfolio, symbol)
        if not quantity:
            self.errors[size] = f"'{plain(value)}' cannot be sold: {self.portfolio.name} holds no {symbol}"
        elif size == "quantity" and value > quantity:
            self.errors[size] = (
                f"'{plain(value)}' is more than is held: {self.portfolio.name} holds {plain(quantity)} {symbol}"
            )

    # --- how
    def _order(self) -> None:
        read, kind = self.read, self.fields["action_type"]
        order_type = read.choice("order_type", OrderType.values, default=OrderType.MARKET)
        limit, offset = read.decimal("limit_price"), read.decimal("limit_offset", above=None)
        stop = read.decimal("stop_price")
        force = read.choice("time_in_force", TimeInForce.values, default=TimeInForce.DAY)
        limited = order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        if limited and (limit is None) == (offset is None) and not self.errors.keys() & {"limit_price", "limit_offset"}:
            self.errors["limit_price"] = f"a {order_type} order needs exactly one of limit_price and limit_offset"
        for key, value, goes in (
            ("limit_price", limit, limited),
            ("limit_offset", offset, limited),
            ("stop_price", stop, order_type in (OrderType.STOP, OrderType.STOP_LIMIT)),
        ):
            if value is not None and (not goes or kind == ActionType.NOTIFY):
                what = "NOTIFY" if kind == ActionType.NOTIFY else f"a {order_type} order"
                self.errors[key] = f"'{value}' does not go with {what}: leave it out"
        if order_type in (OrderType.STOP, OrderType.STOP_LIMIT) and stop is None and "stop_price" not in self.errors:
            self.errors["stop_price"] = f"is required for a {order_type} order"
        self.fields.update(
            order_type=order_type,
            time_in_force=force,
            limit_price=None if limit is None else Decimal(limit),
            limit_offset=None if offset is None else Decimal(offset),
            stop_price=None if stop is None else Decimal(stop),
        )

    def _limits(self) -> None:
        read = self.read
        start, end = read.moment("valid_from"), read.moment("valid_until")
        if start and end and end <= start:
            self.errors["valid_until"] = f"{end.isoformat()} is not after valid_from ({start.isoformat()})"
        elif end and end <= self.now and not self._unchanged("valid_until", end):
            self.errors["valid_until"] = f"{end.isoformat()} has already passed: give a later time"
        unlimited = "max_executions" in read.raw and read.raw["max_executions"] in (None, "")
        maximum = read.integer("max_executions", default=1, at_most=1_000_000)
        cooldown = read.integer("cooldown_seconds", default=0, at_least=0, at_most=31_536_000)
        self.fields.update(
            valid_from=start,
            valid_until=end,
            max_executions=None if unlimited else maximum,
            cooldown_seconds=cooldown or 0,
            group=self._text("group", 60).strip(),
        )
        self._missed()

    def _missed(self) -> None:
        read = self.read
        policy = read.choice("missed_policy", MissedPolicy.values, default=MissedPolicy.SKIP)
        given = "run_late_minutes" in read.raw and read.raw["run_late_minutes"] not in (None, "")
        minutes = read.integer("run_late_minutes", default=60, at_most=7 * 24 * 60)
        if given and policy != MissedPolicy.RUN_LATE and "run_late_minutes" not in self.errors:
            self.errors["run_late_minutes"] = f"'{minutes}' goes with missed_policy run_late only: leave it out"
        self.fields.update(missed_policy=policy, run_late_minutes=minutes if policy == MissedPolicy.RUN_LATE else None)

    def _mode(self, given: Any) -> str:
        if given is None:
            live = self.lookups.live(self.portfolio)
            return Mode.NOTIFY if live and self.fields["action_type"] != ActionType.NOTIFY else Mode.AUTO
        if given not in Mode.values:
            self.errors["mode"] = f"{shown(given)} is not a mode: use {' or '.join(Mode.values)}"
        return str(given)

    # --- small readers
    def _required_choice(self, key: str, choices: Any) -> str | None:
        value = self.read.take(key)
        options = list(choices)
        if not isinstance(value, str):
            self.errors[key] = f"is required: use {' or '.join(options)}"
            return None
        if value not in options:
            near = difflib.get_close_matches(value, options, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use {' or '.join(options)}"
            self.errors[key] = f"{shown(value)} is not known: {hint}"
            return None
        return value

    def _text(self, key: str, length: int) -> str:
        value = self.read.take(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors[key] = f"{shown(value)} is not a text"
            return ""
        if len(value) > length:
            self.errors[key] = f"is {len(value)} characters long: at most {length} are kept"
        if not storable(value):
            self.errors[key] = "contains a NUL character or half of a surrogate pair: remove it"
        return value


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold it."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def as_raw(action: Action) -> dict[str, Any]:
    """An action as `Draft` reads it, so that an edit is checked together with what it leaves alone."""
    raw: dict[str, Any] = {
        name: getattr(action, name)
        for name in (
            *SIZES,
            "action_type",
            "order_type",
            "limit_price",
            "limit_offset",
            "stop_price",
            "time_in_force",
            "trigger_type",
            "trigger_params",
            "conditions",
            "group",
            "missed_policy",
            "run_late_minutes",
            "mode",
            "name",
            "message",
            "notes",
            "valid_from",
            "valid_until",
            "max_executions",
            "cooldown_seconds",
        )
    }
    return {**raw, "symbol": action.instrument_id, "portfolio": str(action.portfolio_id)}
