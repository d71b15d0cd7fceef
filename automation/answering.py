"""What a person answers about a missed time: run it now, or leave it. Once, and under the rule's lock."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from alerts.history import acknowledge
from alerts.models import Alert
from automation import arming, lifecycle, missing, overdue
from automation.models import Action, ActionStatus, Missed
from common.errors import Conflict, NotFound
from common.giving_way import gives_way


@gives_way
def run(*, user: User, missed_id: int, now: datetime, actor: str) -> Missed:
    """Fire the rule now for the time it missed, through the gate. Raises NotFound, or Conflict saying why not."""
    action, missed = _asked(user, missed_id)
    if now - missed.found_at > overdue.ANSWER_WITHIN:
        raise Conflict("This question is older than 24 hours: execute the rule by hand if you still want it.")
    if action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
        raise Conflict(f"This rule is {action.status}: only an active or paused rule can be run.")
    if action.valid_until and action.valid_until < now:
        raise Conflict(f"This rule's window ended at {action.valid_until:%Y-%m-%d %H:%M} UTC: give it a later one.")
    if arming.used_up(action):
        raise Conflict(f"This rule has had {action.executions_count} of {action.max_executions} executions.")
    observation = {"by": actor, **overdue.seen(missed.due_at, now)}
    missed.execution = lifecycle.fire_by_hand(action, observation=observation, now=now)
    late = overdue.in_words(now - missed.due_at)
    return _answer(action, missed, Missed.Outcome.RUN, f"Run {late} late, as {actor} said.", now, actor)


@gives_way
def decline(*, user: User, missed_id: int, now: datetime, actor: str) -> Missed:
    """Leave it undone. Raises NotFound, or Conflict when it was answered before."""
    action, missed = _asked(user, missed_id)
    return _answer(action, missed, Missed.Outcome.DECLINED, f"Not run, as {actor} said.", now, actor)


def _asked(user: User, missed_id: int) -> tuple[Action, Missed]:
    """The rule and the question, both locked."""
    mine = Missed.objects.filter(action__user=user, id=missed_id)
    action_id = mine.values_list("action_id", flat=True).first()
    if action_id is None:
        raise NotFound(f"There is no missed time {missed_id}.")
    action = lifecycle.locked(user, action_id)
    missed = mine.select_for_update(of=("self",)).get()
    if missed.outcome != Missed.Outcome.ASKED:
        raise Conflict(f"This missed time waits for no answer: {missed.get_outcome_display().lower()}. {missed.note}")
    return action, missed


def _answer(action: Action, missed: Missed, outcome: str, note: str, now: datetime, actor: str) -> Missed:
    missed.outcome, missed.note, missed.decided_by, missed.decided_at = outcome, note[:300], actor, now
    missed.save(update_fields=["outcome", "note", "decided_by", "decided_at", "execution"])
    for alert in Alert.objects.filter(user=action.user_id, dedupe_key=missing.question_key(missed.pk)):
        acknowledge(user=action.user, alert_id=alert.pk, now=now)
    lifecycle.tell(action, f"missed_{outcome}", now)
    return missed
