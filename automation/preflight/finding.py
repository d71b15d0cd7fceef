"""What is found, as people read it: about one rule, and among all rules of a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from automation.models import Action, ActionStatus
from automation.preflight import gathering
from automation.preflight.checks import find_all
from automation.preflight.types import Finding, Severity
from automation.sentences import sentence
from portfolios.models import Portfolio

MAY_FIRE = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)  # an ended rule gets in nobody's way


@dataclass(frozen=True, kw_only=True)
class Involved:
    """A rule in a finding. `id` is None for the one asked about while it is not stored as it is shown."""

    id: UUID | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A finding as people read it."""

    code: str
    severity: str
    text: str
    advice: str
    rules: tuple[Involved, ...]
    more_rules: int
    key: str


def findings_about(action: Action, *, now: datetime) -> tuple[Found, ...]:
    """What this rule, stored or not, gets into; a paused one as if it were active. The worst first."""
    if action.status not in MAY_FIRE:
        return ()
    facts, rules = gathering.about(action, now=now)
    return _shown(find_all(facts), rules)


def findings_of(user: User, *, now: datetime) -> tuple[Found, ...]:
    """Everything found among the user's active rules, portfolio by portfolio, the worst first."""
    found: list[Found] = []
    portfolios = Portfolio.objects.filter(user=user).select_related("user", "broker_account").order_by("name")
    for portfolio in portfolios:
        facts, rules = gathering.everything(portfolio, now=now)
        found += _shown(find_all(facts), rules)
    order = list(Severity)
    return tuple(sorted(found, key=lambda one: order.index(Severity(one.severity))))


def _shown(findings: Iterable[Finding], rules: Mapping[UUID, Action]) -> tuple[Found, ...]:
    return tuple(
        Found(
            code=finding.code,
            severity=finding.severity.value,
            text=finding.text,
            advice=finding.advice,
            rules=tuple(_involved(rules[rule]) for rule in finding.rules),
            more_rules=finding.more,
            key=finding.key,
        )
        for finding in findings
    )


def _involved(action: Action) -> Involved:
    return Involved(id=None if action._state.adding else action.pk, sentence=sentence(action))
