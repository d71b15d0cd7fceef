"""How much a rule trades: exactly one size, and no more than is held."""

from __future__ import annotations

from decimal import Decimal

from automation.drafting.base import Part
from automation.models import ActionType
from common.money import plain

SIZES = ("quantity", "amount_usd", "percent_of_position", "percent_of_equity")


class HowMuch(Part):
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
        if kind in (ActionType.NOTIFY, ActionType.REBALANCE):
            for key in sizes:
                self.errors[key] = f"'{given[key]}' does not go with {kind}: leave it out"
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
