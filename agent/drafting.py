"""What the agent wants done to a rule: done at once where it may, else written down as a draft for a person.

A draft is a card like those of the chat: `{card, kind, data or action, sentence, why, state}`. The cards of a run are
in its `actions_taken` with `kind: draft`; a run in a conversation gives them to its last message instead. A person
accepts or declines each once (`agent.answering`, `agent.chatting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agent.fencing import Words
from agent.permitting import actor_of, why_not_itself, why_too_large
from agent.showing import sentence_of, written_in
from agent.tools.base import Answer, Context
from automation import lifecycle
from automation.drafts import Draft
from automation.explaining import Explanation, explain, explain_draft
from automation.models import Action, ActionStatus, ActionType, Mode
from automation.sentences import sentence
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id

VERBS = {"pause": lifecycle.pause, "resume": lifecycle.resume, "cancel": lifecycle.cancel}


def create(context: Context, data: Mapping[str, Any]) -> Answer:
    """A new rule of the run's portfolio. InvalidInput like creating it by hand."""
    raw = {**data, "portfolio": str(context.portfolio.pk)}
    fields = Draft(user=context.user, raw=raw, now=context.now).check()
    action = Action(user=context.user, created_at=context.now, updated_at=context.now, **fields)
    explained = explain_draft(action, now=context.now)
    if why := _why_draft(context, fields):
        card = {"kind": "create", "data": raw, "sentence": explained.sentence, "warnings": list(explained.warnings)}
        return _draft(card, why, action, explained)
    made = lifecycle.create_action(user=context.user, data=raw, now=context.now, actor=actor_of(context))
    return _did(made, "created", explained)


def edit(context: Context, action_id: UUID, changes: Mapping[str, Any]) -> Answer:
    """Changes of a rule of the run's portfolio. NotFound, Conflict for one that has ended, InvalidInput."""
    action = _living(context, action_id)
    fields = _checked_edit(context, action, changes)
    after = Action(user=context.user, created_at=action.created_at, updated_at=context.now, **fields)
    explained = explain_draft(after, now=context.now)
    if why := why_not_itself(context) or why_too_large(fields, context.portfolio, now=context.now):
        card = {
            "kind": "edit",
            "action": str(action.pk),
            "data": dict(changes),
            "sentence": f"{sentence(action)} → {explained.sentence}",
            "warnings": list(explained.warnings),
        }
        return _draft(card, why, after, explained)
    made = lifecycle.update_action(
        user=context.user, action_id=action.pk, changes=changes, now=context.now, actor=actor_of(context)
    )
    return _did(made, "edited", explained)


def change(context: Context, action_id: UUID, verb: str) -> Answer:
    """Pause, resume or cancel a rule of the run's portfolio. NotFound, Conflict."""
    action = _living(context, action_id)
    explained = explain(action, now=context.now)
    why = why_not_itself(context)
    if not why and verb == "resume" and action.mode == Mode.AUTO:
        fields = _checked_edit(context, action, {})
        why = why_too_large(fields, context.portfolio, now=context.now)
    if why:
        card = {"kind": verb, "action": str(action.pk), "sentence": explained.sentence, "warnings": []}
        return _draft(card, why, action, explained)
    made = VERBS[verb](user=context.user, action_id=action.pk, now=context.now, actor=actor_of(context))
    return _did(made, {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}[verb], explained)


def _checked_edit(context: Context, action: Action, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields after the edit. InvalidInput; what it says of fields that stay may quote people, so it is not told."""
    raw = lifecycle.merged(action, changes)
    try:
        return Draft(user=context.user, raw=raw, now=context.now, editing=action).check()
    except InvalidInput as bad:
        told = {
            name: texts if name.split(".")[0] in changes else ["It cannot stay as it is with this change."]
            for name, texts in bad.errors.items()
        }
        raise InvalidInput(told) from None


def _why_draft(context: Context, fields: Mapping[str, Any]) -> str:
    """A rule that only tells may be made by every untainted run that proposes; one that trades, where it may act."""
    why = why_not_itself(context)
    if fields["action_type"] == ActionType.NOTIFY and context.run_id is not None and not context.tainted:
        return "" if why in ("", "the run only proposes") and context.mode != "report" else why
    return why or why_too_large(fields, context.portfolio, now=context.now)


def _living(context: Context, action_id: UUID) -> Action:
    mine = Action.objects.filter(user=context.user, portfolio=context.portfolio).select_related("instrument", "goal")
    action = mine.filter(pk=action_id).first()
    if action is None:
        raise NotFound(f"There is no rule {action_id} in this portfolio.")
    if action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED):
        raise Conflict(f"The rule is {action.status} already.")
    return action


def _draft(card: Mapping[str, Any], why: str, action: Action, explained: Explanation) -> Answer:
    words = Words()
    made = {"card": str(new_id()), **card, "why": why, "state": "open"}
    text = sentence_of(action, explained, words)
    content = {"draft": made["card"], "rule": text, "because": why, "next": "A person accepts or declines it."}
    return Answer(content=content, taint=words.taint, done=({"kind": "draft", "draft": made},))


def _did(action: Action, what: str, explained: Explanation) -> Answer:
    words = Words()
    text = words.within(sentence(action), written_in(action), "a rule that quotes a name")
    del explained
    done = {"kind": f"rule_{what}", "id": str(action.pk), "sentence": sentence(action)}
    return Answer(
        content={what: str(action.pk), "rule": text, "status": action.status}, taint=words.taint, done=(done,)
    )
