"""How a rule acts: its order, its limits, its mode."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from automation.drafting.base import Part
from automation.models import ActionType, MissedPolicy, Mode
from automation.triggers.reading import shown
from orders.models import OrderType, TimeInForce


class How(Part):
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
            no_order = kind in (ActionType.NOTIFY, ActionType.REBALANCE)
            if value is not None and (not goes or no_order):
                what = str(kind) if no_order else f"a {order_type} order"
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
