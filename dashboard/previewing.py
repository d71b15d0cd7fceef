"""The rule on the form, read back before it exists, with what it would get into."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.arming import next_due
from automation.explaining import explain_draft
from automation.models import Action
from automation.planning import plan_of
from automation.preflight.finding import findings_about
from automation.preflight.reviewing import drafted
from automation.simulating import order_now
from automation.triggers.base import ClockPlan, RequestPlan
from common.errors import InvalidInput
from dashboard.action_form import SIZES, ActionForm
from dashboard.selectors.making import past_of

NEXT_TIMES = 5


def preview_of(user: User, form: ActionForm, *, now: datetime, editing: UUID | None = None) -> dict[str, Any]:
    """The explanation, the findings and the firings of the past; or what is missing as (label, texts)."""
    try:
        draft = drafted(user=user, data=form.as_data(), now=now, editing=editing)
    except InvalidInput as error:
        return {"missing": missing_of(form, error)}
    return {
        "explanation": explain_draft(draft, now=now),
        "findings": findings_about(draft, now=now),
        "times": next_times(draft, now=now),
        **past_of(draft, str(form.data.get("timeframe", "1d")), now=now),
    }


def missing_of(form: ActionForm, error: InvalidInput) -> list[tuple[str, str]]:
    """What is missing, by the form's labels; the domain's names of sizes in the form's words."""
    found = []
    for path, texts in error.errors.items():
        text = " ".join(texts)
        for name, said in SIZES:
            text = text.replace(name, said)
        found.append((form.label_of(path), text))
    return found


def next_times(draft: Action, *, now: datetime) -> list[datetime]:
    """The next moments of a rule on a clock; empty for any other."""
    plan, found = plan_of(draft), list[datetime]()
    if not isinstance(plan, ClockPlan) or isinstance(plan, RequestPlan):
        return []
    after: datetime | None = now
    while after is not None and len(found) < NEXT_TIMES:
        after = next_due(draft, plan, after=after)
        if after is not None:
            found.append(after)
    return found


def proof_of(user: User, form: ActionForm, *, now: datetime, editing: UUID | None = None) -> dict[str, Any]:
    """The order the rule would place if it fired now, judged by the gate; nothing is written."""
    try:
        draft = drafted(user=user, data=form.as_data(), now=now, editing=editing)
    except InvalidInput as error:
        return {"missing": missing_of(form, error)}
    try:
        return {"draft": draft, "order": order_now(draft, now=now)}
    except InvalidInput as error:
        return {"draft": draft, "refused": " ".join(" ".join(texts) for texts in error.errors.values())}
