"""What the frame around every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from alerts.models import Alert
from live.models import EventCounter
from markets.models import Instrument
from portfolios.models import Portfolio
from safety.models import Switch


@dataclass(frozen=True, kw_only=True)
class Frame:
    """`seq` is the number of the last event when the page was made; the sockets go on from there."""

    portfolios: list[Portfolio]
    live: bool
    demo: bool
    killed: list[Switch]
    trading_state: str
    unread: int
    seq: int
    now: datetime

    @property
    def killed_everything(self) -> bool:
        """Whether the server's own switch is off: only an operator resumes that."""
        return any(switch.scope == Switch.Scope.GLOBAL for switch in self.killed)


def switches_of(user: User) -> list[Switch]:
    """The switches that reach everything this user does."""
    mine = Q(scope=Switch.Scope.USER, scope_id=str(user.pk))
    return list(Switch.objects.filter(Q(scope=Switch.Scope.GLOBAL) | mine).order_by("scope"))


def portfolios_of(user: User) -> list[Portfolio]:
    """The user's portfolios with their broker accounts, the primary one first."""
    return list(Portfolio.objects.filter(user=user).select_related("broker_account").order_by("-primary", "created_at"))


def frame_of(user: User, *, now: datetime) -> Frame:
    """Five queries."""
    portfolios = portfolios_of(user)
    switches = switches_of(user)
    restricted = [switch.trading_state for switch in switches if switch.trading_state != "active"]
    return Frame(
        portfolios=portfolios,
        live=any(hasattr(portfolio, "broker_account") and portfolio.broker_account.live for portfolio in portfolios),
        demo=Instrument.objects.filter(demo=True, active=True).exists(),
        killed=[switch for switch in switches if switch.killed],
        trading_state="halted" if "halted" in restricted else restricted[0] if restricted else "active",
        unread=Alert.objects.filter(user=user, acknowledged_at__isnull=True).count(),
        seq=EventCounter.objects.filter(user=user).values_list("last_seq", flat=True).first() or 0,
        now=now,
    )
