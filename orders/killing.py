"""The kill switch from click to proof: the flag, the orders on the wire, the open orders, and a look that none is left.

Submitters read the flag under a share lock, so once it is committed no order that has not been sent is sent any more.
What was being sent at that moment is a finite set of `submitting` orders: it is waited for, then cancelled like the
rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from brokers.models import BrokerAccount
from brokers.registry import broker_for
from common.errors import Conflict, InvalidInput
from live.push import Announcement, announce_many
from orders import submitting
from orders.cancelling import cancel_all
from orders.claiming import due
from orders.models import Order, Source
from orders.placing import lock_portfolio
from orders.reconciling import Report, reconcile_account
from orders.states import IN_FLIGHT, OrderState
from orders.stopwatch import Stopwatch
from safety import switch
from safety.events import record
from safety.models import Switch
from safety.switch import RESUME_WORD

S = OrderState
WAIT = timedelta(seconds=15)
PAUSE_SECONDS = 0.02
REPORT = "kill_report"  # its kind in the safety log
KEPT_OPEN = 100  # orders named in the log


@dataclass(frozen=True, kw_only=True, slots=True)
class KillReport:
    """What a kill did. `verified_in_seconds` is None when orders were still open after 15 s."""

    scope: str
    scope_id: str
    verified_in_seconds: float | None
    cancelled: int
    filled_meanwhile: int
    still_open: tuple[UUID, ...]

    @property
    def sentence(self) -> str:
        """'Verified in 1.8 s: 3 cancelled, 1 filled meanwhile.'"""
        if self.verified_in_seconds is None:
            return (
                f"NOT verified: {len(self.still_open)} still open, {self.cancelled} cancelled, "
                f"{self.filled_meanwhile} filled meanwhile. Nothing new is sent. Look at the broker's own site."
            )
        return (
            f"Verified in {self.verified_in_seconds:.1f} s: {self.cancelled} cancelled, "
            f"{self.filled_meanwhile} filled meanwhile."
        )


def kill(*, scope: str, scope_id: str, user: User | None, reason: str, actor: str, now: datetime) -> KillReport:
    """Stop everything in `scope`: nothing new is sent, open orders are cancelled, and that is checked.

    scope: global, user, portfolio, action or agent. Not inside a transaction: the flag must be committed first.
    """
    watch = Stopwatch(now)
    row = switch.kill(scope=scope, scope_id=scope_id, user=user, reason=reason, actor=actor, now=now)
    scope_id = row.scope_id
    affected = orders_in(scope, scope_id)
    open_before = set(affected.filter(state__in=IN_FLIGHT).values_list("pk", flat=True))
    left = _empty(affected, watch, note=f"kill switch: {reason}"[:400], actor=actor)
    ended = Order.objects.filter(pk__in=open_before)
    filled = ended.filter(state=S.FILLED).count()
    report = KillReport(
        scope=scope,
        scope_id=scope_id,
        verified_in_seconds=None if left else watch.elapsed().total_seconds(),
        cancelled=len(open_before) - filled - len(open_before & left),
        filled_meanwhile=filled,
        still_open=tuple(sorted(left)),
    )
    _tell(report, user, reason, actor, watch.now())
    return report


def orders_in(scope: str, scope_id: str) -> QuerySet[Order]:
    """Every order that a switch of this scope reaches."""
    orders = Order.objects.all()
    match scope:
        case Switch.Scope.GLOBAL:
            return orders
        case Switch.Scope.USER:
            return orders.filter(portfolio__user=int(scope_id))
        case Switch.Scope.PORTFOLIO:
            return orders.filter(portfolio=UUID(scope_id))
        case Switch.Scope.ACTION:
            return orders.filter(action_id=UUID(scope_id))
        case Switch.Scope.AGENT:
            return orders.filter(portfolio__user=int(scope_id), source_kind=Source.AGENT_RUN)
    raise InvalidInput({"scope": f"{scope!r} is not known: use {', '.join(Switch.Scope.values)}."})


def _empty(affected: QuerySet[Order], watch: Stopwatch, *, note: str, actor: str) -> set[UUID]:
    """Cancel until nothing is open; returns what still is after 15 s."""
    while True:
        now = watch.now()
        _resolve_unknown(affected, now)
        cancel_all(affected, note=note, actor=actor, now=now)
        left = set(affected.filter(state__in=IN_FLIGHT).values_list("pk", flat=True))
        if not left or watch.elapsed() > WAIT:
            return left
        time.sleep(PAUSE_SECONDS)


def _resolve_unknown(affected: QuerySet[Order], now: datetime) -> None:
    """Look up what a dead worker left behind or nobody knows; living submitters to remote brokers are waited for.

    An embedded broker takes nothing from a submitter whose lease is gone, so its leases are taken away at once.
    """
    sending = affected.filter(state__in=[S.SUBMITTING, S.UNKNOWN])
    for account in BrokerAccount.objects.filter(pk__in=sending.values("account")).order_by("pk"):
        # Under the lock that submitters take before they lock these rows, or the two would deadlock.
        with transaction.atomic():
            lock_portfolio(account.portfolio_id)
            own = affected.filter(account=account)
            own.filter(state=S.UNKNOWN).update(not_before=None)
            if broker_for(account).local:
                own.filter(state=S.SUBMITTING).update(lease_until=now)
    ids = list(due(now).filter(pk__in=sending).values_list("pk", flat=True))
    if ids:
        submitting.submit_once(ids, now=now)


def _tell(report: KillReport, user: User | None, reason: str, actor: str, now: datetime) -> None:
    """The report is kept, and everybody whose trading was stopped hears of it."""
    everything = user is None or report.scope == Switch.Scope.GLOBAL
    told = list(User.objects.filter(is_active=True)) if everything else [user]
    named = f"Kill switch ({report.scope}): {reason}" if reason else f"Kill switch ({report.scope})"
    payload = {
        "scope": report.scope,
        "scope_id": report.scope_id,
        "sentence": report.sentence,
        "still_open": [str(order_id) for order_id in report.still_open],
    }
    alerts = [
        NewAlert(
            user_id=person.pk,
            kind=Alert.Kind.SAFETY,
            severity=Alert.Severity.CRITICAL,
            title=named,
            body=report.sentence,
            data=payload,
            dedupe_key=f"kill:{report.scope}:{report.scope_id}:{now.isoformat()}",
        )
        for person in told
        if person
    ]
    with transaction.atomic():
        record(user=user, kind=REPORT, actor=actor, before={}, after=_kept(report), note=report.sentence, now=now)
        raise_alerts(alerts, now)
        announce_many(
            [Announcement(user_id=a.user_id, topic="safety", kind="kill_report", payload=payload) for a in alerts], now
        )


def _kept(report: KillReport) -> dict[str, Any]:
    """The report as the safety log keeps it."""
    seconds = report.verified_in_seconds
    return {
        "scope": report.scope,
        "scope_id": report.scope_id,
        "verified_in_seconds": None if seconds is None else f"{seconds:.1f}",
        "cancelled": report.cancelled,
        "filled_meanwhile": report.filled_meanwhile,
        "still_open": [str(order_id) for order_id in report.still_open[:KEPT_OPEN]],
    }


def resume(*, scope: str, scope_id: str, user: User | None, word: str, actor: str, now: datetime) -> None:
    """Take a kill back: the word must be typed, and the books must agree with every broker in scope.

    Raises InvalidInput for the word, Conflict while something does not agree.
    """
    if word != RESUME_WORD:
        raise InvalidInput({"word": f"{word!r} is not the word: type {RESUME_WORD} to trade again."})
    accounts = BrokerAccount.objects.order_by("pk")
    if user is not None and scope != Switch.Scope.GLOBAL:
        accounts = accounts.filter(portfolio__user=user)
    watch = Stopwatch(now)
    for account in accounts:
        report = _compared(account, watch)
        if report.error:
            raise Conflict(f"Account {account.pk} could not be compared with its broker: {report.error} Try again.")
        if report.mismatches:
            raise Conflict(f"The books and the broker disagree: {report.mismatches[0].sentence} Clear that up first.")
    switch.resume(scope=scope, scope_id=scope_id, user=user, word=word, actor=actor, now=now)


def _compared(account: BrokerAccount, watch: Stopwatch) -> Report:
    """Compare an account; the periodic reconciler, should it be at it this very moment, is waited for."""
    while True:
        report = reconcile_account(account, now=watch.now())
        if not report.busy or watch.elapsed() > WAIT:
            return report
        time.sleep(PAUSE_SECONDS)
