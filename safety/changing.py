"""What the Safety page and `PATCH safety/` do: limits, kill switch and trading state in one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User
from common.errors import Conflict, InvalidInput
from portfolios.models import Portfolio
from safety import switch
from safety.limits import read_changes
from safety.models import SafetyPolicy, Switch
from safety.policies import confirm_password, policy_row, update_policy

SWITCHES = ("kill_switch", "trading_state")


class Kill(Protocol):
    """`orders.killing.kill`, or `safety.switch.kill` while nothing else is plugged in."""

    def __call__(
        self, *, scope: str, scope_id: str, user: User | None, reason: str, actor: str, now: datetime
    ) -> object: ...


class _Socket:
    kill: Kill = staticmethod(switch.kill)


def use_kill(function: Kill) -> None:
    """Plug in what a kill does besides setting the switch: cancelling, verifying. Called by the wiring."""
    _Socket.kill = staticmethod(function)


def kill(*, scope: str, scope_id: str, user: User | None, reason: str, actor: str, now: datetime) -> None:
    """The kill that is plugged in."""
    _Socket.kill(scope=scope, scope_id=scope_id, user=user, reason=reason, actor=actor, now=now)


@dataclass(frozen=True, kw_only=True)
class SafetyState:
    """The limits in force and the switches, of a user or of one portfolio."""

    policy: SafetyPolicy
    portfolio: Portfolio | None
    killed: tuple[str, ...]
    trading_state: str


def state_of(*, user: User, portfolio: Portfolio | None = None) -> SafetyState:
    """What holds for the user, or for this portfolio."""
    view = switch.view(user_id=user.pk, portfolio_id=portfolio.pk if portfolio else None)
    return SafetyState(
        policy=policy_row(user, portfolio),
        portfolio=portfolio,
        killed=view.killed,
        trading_state=view.trading_state,
    )


def change_safety(
    *,
    user: User,
    changes: Mapping[str, Any],
    password: str | None = None,
    actor: str,
    now: datetime,
    portfolio: Portfolio | None = None,
) -> SafetyState:
    """Apply `changes`: limits, `kill_switch` (true only), `trading_state`.

    Everything is read before anything is done; then the strictest first, so that a kill never waits for a limit.
    InvalidInput per field; `current_password` when something loosens and the password is missing or wrong.
    """
    limits = {name: value for name, value in changes.items() if name not in SWITCHES}
    _, errors = read_changes(limits)
    errors |= _switch_errors(changes)
    if errors:
        raise InvalidInput(errors)
    scope, scope_id = _scope(user, portfolio)
    where: dict[str, Any] = {"scope": scope, "scope_id": scope_id, "user": user, "actor": actor, "now": now}
    killed = switch.load(user.pk).killed(scope, scope_id)
    if changes.get("kill_switch") is True:
        kill(**where, reason="Killed on the Safety page.")
    elif changes.get("kill_switch") is False and killed:
        raise Conflict(
            f"The kill switch is on. To trade again, send the word {switch.RESUME_WORD} to /api/safety/resume/.",
            code="resume_needed",
        )
    if "trading_state" in changes:
        _set_trading_state(changes["trading_state"], password, where)
    if limits:
        update_policy(user=user, changes=limits, password=password, actor=actor, now=now, portfolio=portfolio)
    return state_of(user=user, portfolio=portfolio)


def _switch_errors(changes: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    if not isinstance(changes.get("kill_switch", False), bool):
        errors["kill_switch"] = f"{changes['kill_switch']!r} is neither true nor false."
    state = changes.get("trading_state", "active")
    if state not in switch.STATES:
        errors["trading_state"] = f"{state!r} is not a state: use one of {', '.join(switch.STATES)}."
    return errors


def _set_trading_state(state: str, password: str | None, where: dict[str, Any]) -> None:
    user: User = where["user"]
    now_in = switch.load(user.pk).state(where["scope"], where["scope_id"])
    if switch.RANK[state] < switch.RANK[now_in]:
        if password is None:
            text = f"Going from {now_in} to {state} loosens: send your password as current_password to confirm."
            raise InvalidInput({"current_password": text})
        confirm_password(user=user, password=password, actor=where["actor"], now=where["now"])
    switch.set_trading_state(**where, state=state, reason="Set on the Safety page.")


def _scope(user: User, portfolio: Portfolio | None) -> tuple[str, str]:
    if portfolio is None:
        return Switch.Scope.USER.value, str(user.pk)
    return Switch.Scope.PORTFOLIO.value, str(portfolio.pk)
