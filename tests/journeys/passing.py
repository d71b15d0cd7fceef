"""Time that a test does not wait for: leases end, validity stretches."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from automation.models import OPEN_EXECUTIONS, ActionExecution, RebalanceRun
from automation.rebalancing.states import OPEN as OPEN_RUNS
from common.clock import now
from orders.models import Order
from orders.states import TERMINAL
from watches.models import Watch

LONGER = timedelta(minutes=20)


def leases_end() -> None:
    """What dead workers held is free, as it would be half a minute later."""
    ActionExecution.objects.filter(lease_until__gt=now()).update(lease_until=now())
    Order.objects.filter(lease_until__gt=now()).update(lease_until=now())
    RebalanceRun.objects.filter(lease_until__gt=now()).update(lease_until=now())


def firings_stay_valid() -> None:
    """A firing expires after two minutes; on a busy machine starting new processes may take that long."""
    ActionExecution.objects.filter(state__in=OPEN_EXECUTIONS).update(expires_at=F("expires_at") + LONGER)
    Order.objects.exclude(state__in=TERMINAL).update(expires_at=F("expires_at") + LONGER)
    RebalanceRun.objects.filter(state__in=OPEN_RUNS).update(
        expires_at=F("expires_at") + LONGER, until=F("until") + LONGER, deadline=F("deadline") + LONGER
    )


def cooldowns_end() -> None:
    """Every rule has cooled down."""
    Watch.objects.filter(rearm_at__gt=now()).update(rearm_at=now())
