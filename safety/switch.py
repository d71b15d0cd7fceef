"""Kill switches and trading states: the only writer of `Switch`, and the lock that makes a kill complete.

Submission calls `share_lock` and then `view` in the transaction that sends or records an order. `kill` sets the flag,
commits, and then waits for the same lock exclusively: when it returns, nothing that read "off" is under way. (Inside an
outer transaction the lock is kept until that commits, which gives the same promise.) The lock is PostgreSQL's advisory
lock, not a row lock: those queue fairly, while a stream of FOR SHARE readers may overtake a waiting FOR UPDATE forever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Q

from accounts.models import User
from common.errors import Conflict, InvalidInput, NotFound, PufflingError
from live.push import Announcement, announce_many
from portfolios.models import Portfolio
from safety.events import record
from safety.models import Switch, TradingState
from safety.types import SwitchView

Scope = Switch.Scope
RESUME_WORD = "RESUME"
LOCK_SPACE = 0x5AFE  # our first key of the two-key advisory locks; the second is the user's id, 0 for everything
RANK = {TradingState.ACTIVE.value: 0, TradingState.REDUCING.value: 1, TradingState.HALTED.value: 2}
STATES = tuple(RANK)


class NotDrained(Conflict):
    """The switch is set; an earlier submission is still under way."""

    code = "not_drained"


class NotAllowed(PufflingError):
    """Only an administrator may."""

    status = 403
    code = "permission_denied"


@dataclass(frozen=True, kw_only=True)
class Switches:
    """The switches of one user and the global one, as read at one moment."""

    user_id: int
    rows: Mapping[tuple[str, str], tuple[bool, str]]  # (scope, id) -> (killed, trading state)

    def view(
        self, *, portfolio_id: UUID | None = None, action_id: UUID | None = None, agent: bool = False
    ) -> SwitchView:
        """What reaches an order of this portfolio, of this rule, or of the agent."""
        reach = [(Scope.GLOBAL.value, ""), (Scope.USER.value, str(self.user_id))]
        if portfolio_id is not None:
            reach.append((Scope.PORTFOLIO.value, str(portfolio_id)))
        if action_id is not None:
            reach.append((Scope.ACTION.value, str(action_id)))
        if agent:
            reach.append((Scope.AGENT.value, str(self.user_id)))
        found = [(scope, *self.rows[scope, scope_id]) for scope, scope_id in reach if (scope, scope_id) in self.rows]
        return SwitchView(
            killed=tuple(scope for scope, killed, _ in found if killed),
            trading_state=max((state for _, _, state in found), key=RANK.__getitem__),
        )

    def killed(self, scope: str, scope_id: str) -> bool:
        """Whether this very switch is on."""
        return self.rows.get((scope, scope_id), (False, ""))[0]

    def state(self, scope: str, scope_id: str) -> str:
        """The trading state of this very switch."""
        return self.rows.get((scope, scope_id), (False, TradingState.ACTIVE.value))[1]


def ensure_switches(user: User) -> None:
    """Make the global row and the user's row if they are missing; both off."""
    _ensure(user.pk)


def share_lock(user_id: int) -> None:
    """Keep every kill that reaches this user waiting until the transaction ends. Read the switches after it."""
    _in_transaction()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, 0), pg_advisory_xact_lock_shared(%s, %s)",
            [LOCK_SPACE, LOCK_SPACE, user_id],
        )


def load(user_id: int) -> Switches:
    """Every switch that may reach this user, in one query."""
    rows = _rows(user_id)
    if (Scope.GLOBAL, "") not in rows or (Scope.USER, str(user_id)) not in rows:
        _ensure(user_id)
        rows = _rows(user_id)
    return Switches(user_id=user_id, rows=rows)


def view(
    *, user_id: int, portfolio_id: UUID | None = None, action_id: UUID | None = None, agent: bool = False
) -> SwitchView:
    """The switches that reach one order."""
    return load(user_id).view(portfolio_id=portfolio_id, action_id=action_id, agent=agent)


def kill(*, scope: str, scope_id: str = "", user: User | None, reason: str = "", actor: str, now: datetime) -> Switch:
    """Turn a switch on. When this returns, no order that it reaches and that read "off" is under way.

    `user` is whose switch it is; None (the command line) may kill everything. Cancelling what is open already is
    `orders.killing`'s part. Killing twice is harmless. NotFound for what is not the user's, NotAllowed for everything,
    NotDrained if an earlier submission does not end: the switch is on all the same (unless inside a transaction).
    """
    switch = _change(scope, scope_id, user, {"killed": True}, kind="kill", reason=reason, actor=actor, now=now)
    _drain(switch)
    return switch


def resume(
    *, scope: str, scope_id: str = "", user: User | None, word: str, reason: str = "", actor: str, now: datetime
) -> Switch:
    """Turn a switch off. `word` is what the person typed: RESUME, in capitals."""
    if word != RESUME_WORD:
        raise InvalidInput({"word": f"{word!r} does not resume trading: type {RESUME_WORD}."})
    return _change(scope, scope_id, user, {"killed": False}, kind="resume", reason=reason, actor=actor, now=now)


def set_trading_state(
    *, scope: str, scope_id: str = "", user: User | None, state: str, reason: str = "", actor: str, now: datetime
) -> Switch:
    """Set active, reducing or halted. Doors ask for the password before they call this to loosen."""
    if state not in RANK:
        raise InvalidInput({"trading_state": f"{state!r} is not a state: use one of {', '.join(STATES)}."})
    switch = _change(
        scope, scope_id, user, {"trading_state": state}, kind="trading_state", reason=reason, actor=actor, now=now
    )
    if state != TradingState.ACTIVE:
        _drain(switch)
    return switch


@transaction.atomic
def _change(
    scope: str,
    scope_id: str,
    user: User | None,
    values: dict[str, Any],
    *,
    kind: str,
    reason: str,
    actor: str,
    now: datetime,
) -> Switch:
    scope_id = _checked(scope, scope_id, user)
    everything = scope == Scope.GLOBAL
    switch, _ = Switch.objects.select_for_update().get_or_create(
        scope=scope, scope_id=scope_id, defaults={"user": None if everything else user}
    )
    if not everything and switch.user_id != (user.pk if user else None):
        raise NotFound(f"There is no {scope} {scope_id}.")
    before = {name: getattr(switch, name) for name in values}
    if before == values:
        return switch
    for name, value in values.items():
        setattr(switch, name, value)
    switch.epoch += 1
    switch.reason, switch.changed_by, switch.changed_at = reason[:200], actor[:80], now
    switch.save()
    where = {"scope": scope, "scope_id": scope_id}
    record(
        user=user, kind=kind, actor=actor, before={**where, **before}, after={**where, **values}, note=reason, now=now
    )
    payload = {
        **where,
        "killed": switch.killed,
        "trading_state": switch.trading_state,
        "reason": switch.reason,
        "changed_by": switch.changed_by,
        "epoch": switch.epoch,
    }
    told = User.objects.filter(is_active=True).values_list("pk", flat=True) if user is None or everything else [user.pk]
    announce_many([Announcement(user_id=pk, topic="safety", kind=kind, payload=payload) for pk in told], now)
    return switch


def _drain(switch: Switch) -> None:
    """Wait until every transaction that holds the shared lock, and may have read the switch before, has ended."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, switch.user_id or 0])
    except OperationalError as error:  # lock_timeout
        # Inside an outer transaction the error undoes the switch with it.
        state = "NOT set" if connection.in_atomic_block else "set"
        raise NotDrained(
            f"The switch is {state}: a submission that began before it has not ended yet. Look at the open orders and "
            "do it again."
        ) from error


def _checked(scope: str, scope_id: str, user: User | None) -> str:
    """The scope's id as it is stored, if `user` may switch it."""
    if scope not in Scope.values:
        raise InvalidInput({"scope": f"{scope!r} is not a scope: use one of {', '.join(Scope.values)}."})
    if scope == Scope.GLOBAL:
        if user is not None and not user.is_superuser:
            raise NotAllowed("Only an administrator can switch everything: switch your own trading (scope user).")
        return ""
    if user is None:
        raise InvalidInput({"user": f"Say whose {scope} is meant."})
    if scope in (Scope.USER, Scope.AGENT):
        if scope_id not in ("", str(user.pk)):
            raise NotFound(f"There is no {scope} {scope_id}.")
        return str(user.pk)
    try:
        wanted = UUID(str(scope_id))
    except ValueError as error:
        raise InvalidInput({"scope_id": f"{scope_id!r} is not the id of a {scope}."}) from error
    if scope == Scope.PORTFOLIO and not Portfolio.objects.filter(pk=wanted, user=user).exists():
        raise NotFound(f"There is no portfolio {scope_id}.")
    return str(wanted)


def _rows(user_id: int) -> dict[tuple[str, str], tuple[bool, str]]:
    rows = Switch.objects.filter(Q(scope=Scope.GLOBAL) | Q(user_id=user_id))
    return {
        (scope, scope_id): (killed, state)
        for scope, scope_id, killed, state in rows.values_list("scope", "scope_id", "killed", "trading_state")
    }


def _ensure(user_id: int) -> None:
    Switch.objects.bulk_create(
        [Switch(scope=Scope.GLOBAL), Switch(scope=Scope.USER, scope_id=str(user_id), user_id=user_id)],
        ignore_conflicts=True,
    )


def _in_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("share_lock lasts until the transaction ends: open one (transaction.atomic) first.")
