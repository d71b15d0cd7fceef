"""Every version of a policy, whole: what held when, who changed it, and what is different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from common.money import plain
from safety.limits import FIELDS
from safety.models import PolicyVersion, SafetyPolicy

FIRST = "The limits a new account begins with."
KEPT_LATER = "Kept when the next version was made."


@dataclass(frozen=True, kw_only=True)
class Change:
    """One limit that differs from the version before. Values as JSON: decimals are text, None is off."""

    name: str
    before: Any
    after: Any


def whole(row: SafetyPolicy) -> dict[str, Any]:
    """Every limit of a policy, as JSON."""
    return {name: as_json(getattr(row, name)) for name in FIELDS}


def as_json(value: Any) -> Any:
    """A limit as it is kept and shown."""
    return plain(value) if isinstance(value, Decimal) else value


def keep_old(base: SafetyPolicy, *, now: datetime) -> None:
    """Keep the version that is about to be left, if it is not there yet: nobody wrote down a policy's first one."""
    PolicyVersion.objects.get_or_create(
        user=base.user,
        portfolio=base.portfolio,
        version=base.version,
        defaults={
            "at": min(base.updated_at, now),
            "actor": "",
            "limits": whole(base),
            "note": FIRST if base.version == 1 else KEPT_LATER,
        },
    )


def keep_new(row: SafetyPolicy, *, actor: str, note: str, now: datetime) -> None:
    """Keep the version that holds from now on, with the transaction of the change."""
    PolicyVersion.objects.create(
        user_id=row.user_id,
        portfolio_id=row.portfolio_id,
        version=row.version,
        at=now,
        actor=actor[:80],
        limits=whole(row),
        note=note[:300],
    )


def versions_of(user: User, portfolio_id: UUID | None = None) -> QuerySet[PolicyVersion]:
    """The user's versions, of all portfolios or of one, the newest first."""
    versions = PolicyVersion.objects.filter(user=user).order_by("-at", "-pk")
    return versions if portfolio_id is None else versions.filter(portfolio=portfolio_id)


def with_changes(versions: Iterable[PolicyVersion]) -> list[tuple[PolicyVersion, list[Change]]]:
    """Each version with what it changed; one query for all the versions before them.

    The first version of a portfolio's own limits is compared with the user's version it was made from.
    """
    listed = list(versions)
    owners = {version.user_id for version in listed}
    numbers = {version.version - 1 for version in listed}
    kept = PolicyVersion.objects.filter(user__in=owners, version__in=numbers)
    before = {(row.user_id, row.portfolio_id, row.version): row.limits for row in kept}
    return [(version, _changes(before, version)) for version in listed]


def _changes(before: Mapping[tuple[int, UUID | None, int], Mapping[str, Any]], version: PolicyVersion) -> list[Change]:
    number = version.version - 1
    old = before.get((version.user_id, version.portfolio_id, number)) or before.get((version.user_id, None, number))
    if old is None:
        return []
    names = [name for name in {**old, **version.limits} if old.get(name) != version.limits.get(name)]
    return [Change(name=name, before=old.get(name), after=version.limits.get(name)) for name in names]
