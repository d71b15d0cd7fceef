"""Check what a person wrote as an Action: every field, all errors at once, each with the value and the fix."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from automation.drafting.base import storable
from automation.drafting.how import How
from automation.drafting.how_much import SIZES, HowMuch
from automation.drafting.when import When
from automation.models import Action, ActionType
from automation.preflight.refusing import refuse_contradictions
from automation.triggers.base import BadParams
from automation.triggers.reading import shown
from common.errors import InvalidInput
from markets.models import Instrument

__all__ = ["REARMING", "SIZES", "Draft", "as_raw"]

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
        "goal_id",
    }
)


class Draft(When, HowMuch, How):
    """Reads one raw action into model fields. `errors` collects {field: message}.

    `editing` is the action as it stands when the draft is an edit of it: what was right when it was written (a
    window that has since begun, shares held at the time) is not held against an edit of something else.
    """

    def check(self) -> dict[str, Any]:
        """The fields of the Action. Raises InvalidInput with every error."""
        read = self.read
        self.fields["action_type"] = self._required_choice("action_type", ActionType.values)
        self._portfolio()
        self._instrument()
        self._rebalance()
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
        refuse_contradictions(self.fields)
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
    goal = str(action.goal_id) if action.goal_id else None
    return {
        **raw,
        "symbol": action.instrument_id,
        "portfolio": str(action.portfolio_id),
        "goal": goal,
        "targets": action.targets or None,
    }
