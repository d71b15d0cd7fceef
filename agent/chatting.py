"""A conversation: sentences become drafts on cards, and a card is confirmed by the person, once.

Nothing a message says changes anything by itself. With a language model set up, what the grammar does not understand
becomes a run of the agent, whose report arrives in the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from agent import starting
from agent.configuring import config_of
from agent.intents import Intent, intent_of
from agent.models import AgentRun, ChatMessage, Conversation, Provider
from agent.parse.reading import Understood, read_sentence
from automation import lifecycle
from automation.explaining import explain
from automation.models import Action, ActionStatus
from automation.sentences import sentence
from automation.situations import situation_of
from automation.why import answer as why_answer
from common.errors import Conflict, InvalidInput, NotFound, PufflingError
from common.ids import new_id
from common.money import plain
from live.push import announce

LONGEST = 2000
SHOWN = 20
KEPT_CONVERSATIONS = 200
LIVING = (ActionStatus.ACTIVE, ActionStatus.PAUSED)
R = ChatMessage.Role
# What a person calls the number of a rule -> where it may be: a column, or a key of trigger_params.
NUMBERS = {
    "price": ("threshold",), "threshold": ("threshold",), "level": ("threshold",), "trigger": ("threshold",),
    "limit": ("limit_price",), "percent": ("percent", "change"),
    "quantity": ("quantity",), "size": ("quantity",), "share": ("quantity",), "shares": ("quantity",),
    "amount": ("amount_usd", "amount"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Puffling says: a text, and cards that can be confirmed."""

    text: str
    cards: Sequence[Mapping[str, Any]] = ()
    run: AgentRun | None = None
    questions: Sequence[Mapping[str, Any]] = field(default=())


def say(*, user: User, text: str, now: datetime, conversation_id: UUID | None = None) -> ChatMessage:
    """A message of the person; returns the answer. Raises NotFound, InvalidInput."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise InvalidInput({"text": f"Say something, in at most {LONGEST} characters."})
    conversation = _conversation(user, conversation_id, text, now)
    pending = _pending(conversation)
    ChatMessage.objects.create(conversation=conversation, role=R.USER, text=text, at=now)
    try:
        answer = _answer(user, conversation, text, pending, now)
    except PufflingError as error:
        answer = Answer(text=error.detail)
    return add(
        conversation,
        role=R.ASSISTANT,
        text=answer.text,
        now=now,
        cards=[*answer.cards, *answer.questions],
        run=answer.run,
    )


def add(
    conversation: Conversation,
    *,
    role: str,
    text: str,
    now: datetime,
    cards: Sequence[Mapping[str, Any]] = (),
    run: AgentRun | None = None,
) -> ChatMessage:
    """Add a message to a conversation and announce it."""
    with transaction.atomic():
        message = ChatMessage.objects.create(
            conversation=conversation, role=role, text=text, cards=[dict(card) for card in cards], run=run, at=now
        )
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=now)
        announce(
            user_id=conversation.user_id,
            topic="agent",
            kind="message",
            payload={"conversation": str(conversation.pk), "message": message.pk, "role": role, "text": text},
            now=now,
        )
    return message


def _conversation(user: User, conversation_id: UUID | None, text: str, now: datetime) -> Conversation:
    if conversation_id is not None:
        return conversation_of(user, conversation_id)
    mine = Conversation.objects.filter(user=user).order_by("-updated_at")
    old = list(mine.values_list("pk", flat=True)[KEPT_CONVERSATIONS - 1 :])
    Conversation.objects.filter(pk__in=old).delete()
    return Conversation.objects.create(user=user, title=text[:120], created_at=now, updated_at=now)


def conversations_of(user: User) -> QuerySet[Conversation]:
    return Conversation.objects.filter(user=user).order_by("-updated_at")


def conversation_of(user: User, conversation_id: UUID) -> Conversation:
    """One conversation of the user. Raises NotFound."""
    found = Conversation.objects.filter(user=user, pk=conversation_id).first()
    if found is None:
        raise NotFound(f"There is no conversation {conversation_id}.")
    return found


def _pending(conversation: Conversation) -> str:
    """The sentence Puffling's last message asked about, if it did."""
    last = conversation.messages.order_by("-id").first()
    for card in last.cards if last else ():
        if card.get("kind") == "question":
            return str(card["about"])
    return ""


def _answer(user: User, conversation: Conversation, text: str, pending: str, now: datetime) -> Answer:
    if intent := intent_of(text):
        return _about_rules(user, intent, now)
    understood = read_sentence(user=user, text=text, now=now)
    if pending and not understood.parsed.complete and understood.parsed.refused is None:
        together = read_sentence(user=user, text=f"{pending} {text}", now=now)
        if together.parsed.complete or len(together.parsed.questions) < len(understood.parsed.questions):
            understood = together
    if understood.parsed.refused is not None:
        return Answer(text=understood.parsed.refused.text)
    if understood.parsed.complete:
        return _drafts(understood)
    not_a_rule = not understood.parsed.drafts and understood.parsed.questions[0].field in ("action_type", "text")
    if not_a_rule:
        return _ask_the_agent(user, conversation, text, now)
    return _questions(understood)


def _drafts(understood: Understood) -> Answer:
    cards = [
        {
            "card": str(new_id()),
            "kind": "create",
            "data": dict(draft),
            "sentence": review.explanation.sentence,
            "warnings": list(review.explanation.warnings),
            "findings": [found.text for found in review.findings],
            "said": understood.parsed.text,
            "number": number,
            "state": "open",
        }
        for number, (draft, review) in enumerate(zip(understood.parsed.drafts, understood.reviews, strict=True))
    ]
    assumed = " ".join(understood.parsed.assumed)
    what = "this rule" if len(cards) == 1 else f"these {len(cards)} rules"
    return Answer(text=f"Shall I make {what}?{' I took it that: ' + assumed if assumed else ''}", cards=cards)


def _questions(understood: Understood) -> Answer:
    parsed = understood.parsed
    asked = [
        {"kind": "question", "field": one.field, "text": one.text, "options": list(one.options), "about": parsed.text}
        for one in parsed.questions
    ]
    return Answer(text=" ".join(one.text for one in parsed.questions), questions=asked)


def _ask_the_agent(user: User, conversation: Conversation, text: str, now: datetime) -> Answer:
    config = config_of(user, now=now)
    run = starting.start_run(
        user=user, now=now, trigger=AgentRun.Trigger.CHAT, question=text, conversation=conversation
    )
    if config.provider == Provider.OFFLINE:
        return Answer(
            text="That is no rule I understand. Without a language model I can tell how things stand: here it comes. "
            "For a rule, say for instance: Sell 10 AAPL if the price drops below 150 by Friday.",
            run=run,
        )
    return Answer(text="I am looking into it.", run=run)


# --- rules that exist
def _about_rules(user: User, intent: Intent, now: datetime) -> Answer:
    found = find_rules(user, intent.which, status=intent.status)
    if intent.kind == "list":
        return _list(found, now)
    if not found:
        return Answer(
            text=f"I find no rule of yours{' about ' + intent.which if intent.which else ''} that still lives."
        )
    if len(found) > 1 and intent.kind in ("why", "explain", "edit"):
        return Answer(text="Which one? " + " · ".join(f"{sentence(one)} ({str(one.pk)[-6:]})" for one in found[:SHOWN]))
    rule = found[0]
    if intent.kind == "why":
        return Answer(text=" ".join(filter(None, _why(rule, now))))
    if intent.kind == "explain":
        told = explain(rule, now=now)
        return Answer(text=f"{told.sentence} {told.status_line}.")
    if intent.kind == "edit":
        return _edit(rule, intent)
    return _change_cards(found, intent.kind)


def _why(rule: Action, now: datetime) -> list[str]:
    told = why_answer(situation_of(rule, now=now, explanation=explain(rule, now=now)))
    return [told.answer, told.needed]


def _list(found: Sequence[Action], now: datetime) -> Answer:
    if not found:
        return Answer(text="You have no such rule. Say one, such as: Buy $500 of SPY every Monday at open.")
    lines = [f"{sentence(one)} ({one.get_status_display().lower()}, {str(one.pk)[-6:]})" for one in found[:SHOWN]]
    more = f"\n… and {len(found) - SHOWN} more." if len(found) > SHOWN else ""
    return Answer(text="\n".join(lines) + more)


def _change_cards(found: Sequence[Action], verb: str) -> Answer:
    fitting = [
        one
        for one in found
        if verb == "cancel" or one.status == (ActionStatus.ACTIVE if verb == "pause" else ActionStatus.PAUSED)
    ]
    if not fitting:
        return Answer(
            text=f"None of them can be {verb}d: {', '.join(one.get_status_display().lower() for one in found[:5])}."
        )
    cards = [
        {"card": str(new_id()), "kind": verb, "action": str(one.pk), "sentence": sentence(one), "state": "open"}
        for one in fitting[:SHOWN]
    ]
    return Answer(
        text=f"{verb.capitalize()} {'this rule' if len(cards) == 1 else f'these {len(cards)} rules'}?", cards=cards
    )


def _edit(rule: Action, intent: Intent) -> Answer:
    for name in NUMBERS[intent.what]:
        value = plain(intent.value) if intent.value is not None else ""
        if name in rule.trigger_params:
            changes: dict[str, Any] = {"trigger_params": {**rule.trigger_params, name: value}}
        elif getattr(rule, name, None) is not None:
            changes = {name: value}
        else:
            continue
        card = {
            "card": str(new_id()), "kind": "edit", "action": str(rule.pk), "data": changes, "state": "open",
            "sentence": f"{sentence(rule)} → {intent.what} {value}",
        }  # fmt: skip
        return Answer(text="Change it like this?", cards=[card])
    return Answer(text=f"That rule has no {intent.what}: {sentence(rule)}")


def find_rules(user: User, which: str, *, status: str = "") -> list[Action]:
    """The living rules somebody means: by symbol, name, company, or the end of the id. Nothing said: all."""
    rules = Action.objects.filter(user=user, status__in=[status] if status else LIVING).select_related("instrument")
    wanted = which.strip().strip("\"'").removesuffix("'s").strip()
    if wanted and wanted.lower() not in ("all", "every", "everything", "all of them"):
        named = Q(instrument_id=wanted.upper()) | Q(name__iexact=wanted) | Q(group__iexact=wanted)
        named |= Q(instrument__name__istartswith=wanted) | Q(instrument__aliases__contains=[wanted.lower()])
        ending = [one.pk for one in rules if str(one.pk).endswith(wanted.lower())] if len(wanted) >= 6 else []
        rules = rules.filter(named | Q(pk__in=ending))
    return list(rules.order_by("-created_at")[:200])


# --- cards
def confirm(*, user: User, message_id: int, card_id: str, now: datetime) -> dict[str, Any]:
    """Do what a card says, once. Raises NotFound, Conflict when it was answered before, InvalidInput."""
    return _settle(user, message_id, card_id, now, agreed=True)


def decline(*, user: User, message_id: int, card_id: str, now: datetime) -> dict[str, Any]:
    """Leave it."""
    return _settle(user, message_id, card_id, now, agreed=False)


@transaction.atomic
def _settle(user: User, message_id: int, card_id: str, now: datetime, *, agreed: bool) -> dict[str, Any]:
    message = ChatMessage.objects.select_for_update().filter(pk=message_id, conversation__user=user).first()
    card = next((card for card in message.cards if card.get("card") == card_id), None) if message else None
    if message is None or card is None:
        raise NotFound("There is no such card.")
    if card["state"] != "open":
        raise Conflict(f"It was {card['state']} before: nothing was done now.")
    card["state"] = "done" if agreed else "declined"
    if agreed:
        card["action"] = str(carry_out(user, card, now).pk)
    message.save(update_fields=["cards"])
    return dict(card)


def carry_out(user: User, card: Mapping[str, Any], now: datetime, *, where: str = "in chat") -> Action:
    """Do what a card says. Raises what the rule's own door raises."""
    kind, actor = card["kind"], f"{user.get_username()} {where}"
    if kind == "create":
        return lifecycle.create_action(user=user, data=card["data"], now=now, actor=actor)
    rule_id = UUID(card["action"])
    if kind == "edit":
        return lifecycle.update_action(user=user, action_id=rule_id, changes=card["data"], now=now, actor=actor)
    verbs = {"pause": lifecycle.pause, "resume": lifecycle.resume, "cancel": lifecycle.cancel}
    return verbs[kind](user=user, action_id=rule_id, now=now, actor=actor)
