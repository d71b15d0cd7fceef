"""Read and change the limits. Tightening acts at once; loosening needs the user's password again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from common.errors import Conflict, InvalidInput
from common.money import HUNDRED, plain
from live.push import announce
from portfolios.models import Portfolio
from portfolios.valuing import value
from safety.events import record
from safety.limits import FIELDS, read_changes
from safety.models import SafetyEvent, SafetyPolicy
from safety.types import PolicyView
from safety.versions import as_json, keep_new, keep_old

REFUSED = "password_refused"
MOST_REFUSED, REFUSED_WITHIN = 5, timedelta(minutes=15)


def ensure_policy(user: User) -> SafetyPolicy:
    """The user's policy; made with the defaults if there is none yet."""
    return SafetyPolicy.objects.get_or_create(user=user, portfolio=None)[0]


def policy_row(user: User, portfolio: Portfolio | None = None) -> SafetyPolicy:
    """The row in force: the portfolio's own if it has one, else the user's."""
    return _in_force(user.pk, portfolio) or ensure_policy(user)


def policy_for(portfolio: Portfolio) -> PolicyView:
    """The limits in force for this portfolio."""
    return as_view(_in_force(portfolio.user_id, portfolio) or ensure_policy(portfolio.user))


def as_view(row: SafetyPolicy) -> PolicyView:
    values = {name: getattr(row, name) for name in FIELDS}
    for name in ("symbol_whitelist", "symbol_blacklist"):
        values[name] = tuple(values[name])
    return PolicyView(version=row.version, **values)


def update_policy(
    *,
    user: User,
    changes: Mapping[str, Any],
    password: str | None = None,
    actor: str,
    now: datetime,
    portfolio: Portfolio | None = None,
) -> SafetyPolicy:
    """Change limits; with a portfolio, its own (made from the user's at the first change).

    InvalidInput names each field that cannot be used, and `current_password` when a change loosens and the password
    is missing or wrong. Conflict after five wrong passwords within a quarter of an hour.
    """
    values, errors = read_changes(changes)
    if errors:
        raise InvalidInput(errors)
    confirmed = password is not None and confirm_password(user=user, password=password, actor=actor, now=now)
    with transaction.atomic():
        row, base = _locked(user, portfolio)
        before = {name: getattr(base, name) for name in values}
        changed = {name: new for name, new in values.items() if new != before[name]}
        _check_together(base, changed)
        loosened = [name for name in changed if _loosens(base, name, changed[name], now)]
        if loosened and not confirmed:
            raise InvalidInput({"current_password": _why(loosened, before, changed)})
        if not changed:
            return base
        keep_old(base, now=now)
        for name, new in changed.items():
            setattr(row, name, new)
        version = base.version
        row.version = version + 1
        row.save()
        where = {} if portfolio is None else {"portfolio": str(portfolio.pk)}
        was = {name: as_json(before[name]) for name in changed}
        became = {name: as_json(new) for name, new in changed.items()}
        note = f"Loosened: {', '.join(loosened)}." if loosened else "Tightened."
        keep_new(row, actor=actor, note=note, now=now)
        record(
            user=user,
            kind="policy",
            actor=actor,
            before={**where, **was, "version": version},
            after={**where, **became, "version": row.version},
            note=note,
            now=now,
        )
        payload = {**where, "version": row.version, "before": was, "after": became}
        announce(user_id=user.pk, topic="safety", kind="policy", payload=payload, now=now)
        return row


def confirm_password(*, user: User, password: str, actor: str, now: datetime) -> bool:
    """True if it is the user's password; else InvalidInput, remembered in the log. Call outside a transaction."""
    refused = SafetyEvent.objects.filter(user=user, kind=REFUSED, at__gt=now - REFUSED_WITHIN).count()
    if refused >= MOST_REFUSED:
        minutes = int(REFUSED_WITHIN.total_seconds() // 60)
        raise Conflict(
            f"The password was wrong {refused} times within {minutes} minutes. Wait {minutes} minutes, then try again.",
            code="too_many_attempts",
        )
    if user.check_password(password):
        return True
    record(user=user, kind=REFUSED, actor=actor, before={}, after={}, now=now)
    raise InvalidInput({"current_password": "This is not your password. Type the one you sign in with."})


@dataclass(frozen=True, kw_only=True)
class PolicyDraft:
    """Limits as they would be after a change that nobody made yet. `loosened`: the limits that need the password."""

    present: PolicyView
    changed: PolicyView
    loosened: tuple[str, ...]


def draft_policy(
    *, user: User, changes: Mapping[str, Any], now: datetime, portfolio: Portfolio | None = None
) -> PolicyDraft:
    """What `update_policy` would make of these changes; nothing is written. InvalidInput per field."""
    values, errors = read_changes(changes)
    if errors:
        raise InvalidInput(errors)
    row = policy_row(user, portfolio)
    changed = {name: new for name, new in values.items() if new != getattr(row, name)}
    _check_together(row, changed)
    loosened = tuple(name for name in changed if _loosens(row, name, changed[name], now))
    present = as_view(row)
    for name, new in changed.items():
        setattr(row, name, new)
    return PolicyDraft(present=present, changed=as_view(row), loosened=loosened)


def _in_force(user_id: int, portfolio: Portfolio | None) -> SafetyPolicy | None:
    reaches = Q(portfolio=None) if portfolio is None else Q(portfolio=None) | Q(portfolio=portfolio)
    own_first = F("portfolio").asc(nulls_last=True)
    return SafetyPolicy.objects.filter(reaches, user=user_id).order_by(own_first).first()


def _locked(user: User, portfolio: Portfolio | None) -> tuple[SafetyPolicy, SafetyPolicy]:
    """(the row to write, the row it starts from): different while a portfolio has no limits of its own."""
    ensure_policy(user)
    users = SafetyPolicy.objects.select_for_update().get(user=user, portfolio=None)
    if portfolio is None:
        return users, users
    own = SafetyPolicy.objects.select_for_update().filter(portfolio=portfolio).first()
    if own is not None:
        return own, own
    made = SafetyPolicy(user=user, portfolio=portfolio, **{name: getattr(users, name) for name in FIELDS})
    return made, users


def _check_together(base: SafetyPolicy, changed: Mapping[str, Any]) -> None:
    reduce, halt = (changed.get(n, getattr(base, n)) for n in ("daily_loss_reduce_pct", "daily_loss_halt_pct"))
    if reduce > halt:
        raise InvalidInput(
            {
                "daily_loss_reduce_pct": f"Trading is reduced at a loss of {plain(reduce)} % and halted at "
                f"{plain(halt)} %: the first must not be above the second."
            }
        )


def _loosens(base: SafetyPolicy, name: str, new: Any, now: datetime) -> bool:
    old = getattr(base, name)
    if name == "large_order_amount" and old is None and new is not None:
        limit = _large_order_limit(base, now)
        return limit is None or new > limit
    return FIELDS[name].looser(old, new)


def _large_order_limit(base: SafetyPolicy, now: datetime) -> Decimal | None:
    """What `large_order_pct` comes to in dollars, at the least; None if it cannot be told."""
    portfolios = Portfolio.objects.filter(user_id=base.user_id)
    if base.portfolio_id is not None:
        portfolios = portfolios.filter(pk=base.portfolio_id)
    equities = [value(portfolio, now=now).equity for portfolio in portfolios]
    known = [equity for equity in equities if equity is not None]
    if not known or len(known) < len(equities):
        return None
    return min(known) * base.large_order_pct / HUNDRED


def _why(loosened: list[str], before: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    what = "; ".join(f"{name} from {as_json(before[name])} to {as_json(changed[name])}" for name in loosened)
    return f"This loosens your limits ({what}): send your password as current_password to confirm."
