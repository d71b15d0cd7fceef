"""Due times. Setting one is a row; the sweeper claims what is due every second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from watches.models import Timer


def set_timer(*, owner_kind: str, owner_id: UUID, purpose: str, due_at: datetime, epoch: int) -> None:
    """Set (or move) the owner's timer of this purpose."""
    timer = Timer(owner_kind=owner_kind, owner_id=owner_id, purpose=purpose, due_at=due_at, epoch=epoch)
    Timer.objects.bulk_create(
        [timer],
        update_conflicts=True,
        unique_fields=["owner_kind", "owner_id", "purpose"],
        update_fields=["due_at", "epoch"],
    )


def clear_timers(owner_kind: str, owner_ids: Sequence[UUID], purposes: Sequence[str] | None = None) -> None:
    """Forget the owners' timers, or those of some purposes."""
    timers = Timer.objects.filter(owner_kind=owner_kind, owner_id__in=owner_ids)
    if purposes is not None:
        timers = timers.filter(purpose__in=purposes)
    timers.delete()


def claim_due(now: datetime, limit: int, owner_kind: str) -> list[Timer]:
    """Lock up to `limit` due timers, oldest first, skipping what another process holds. Delete them when handled."""
    return list(
        Timer.objects.select_for_update(skip_locked=True)
        .filter(due_at__lte=now, owner_kind=owner_kind)
        .order_by("due_at")[:limit]
    )
