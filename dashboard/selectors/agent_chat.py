"""Conversations and their messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from agent.chatting import conversation_of, conversations_of
from agent.models import AgentRun, ChatMessage, Conversation
from agent.starting import OPEN
from common.errors import NotFound
from dashboard.selectors.agent_run import StepView, steps_of

SHOWN = 40  # messages at first, and with each "older"
CONVERSATIONS = 30
VERBS = {
    "create": ("New rule", "Create", "Leave it"),
    "edit": ("Change a rule", "Change it", "Leave it as it is"),
    "pause": ("Pause a rule", "Pause it", "Leave it"),
    "resume": ("Resume a rule", "Resume it", "Leave it"),
    "cancel": ("End a rule", "End it", "Leave it"),
}
EXAMPLES = (
    "Sell 10 AAPL if the price drops below 150 by Friday",
    "Buy $2000 of MSFT when it rises 3% today",
    "Tell me when NVDA falls 5% in a day",
    "List my active rules",
    "Why did my AAPL rule not fire?",
    "Pause all my rules for AAPL",
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A draft as a card: what kind it is, what the two buttons say. `said`: the sentence it was read from, of whose
    drafts it is the one with `number`."""

    id: str
    title: str
    yes: str
    no: str
    state: str
    sentence: str
    why: str
    warnings: list[str]
    findings: list[str]
    action: str
    said: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """A message with its cards, the answers it offers, and the run behind it. `steps`: of a run still under way."""

    message: ChatMessage
    cards: list[Card]
    options: list[str]
    run: AgentRun | None
    open: bool
    steps: list[StepView]


def card_of(stored: Mapping[str, Any]) -> Card:
    title, yes, no = VERBS.get(str(stored.get("kind")), ("Draft", "Do it", "Leave it"))
    return Card(
        id=str(stored["card"]),
        title=title,
        yes=yes,
        no=no,
        state=str(stored.get("state", "open")),
        sentence=str(stored.get("sentence", "")),
        why=str(stored.get("why", "")),
        warnings=[str(one) for one in stored.get("warnings", ())],
        findings=[str(one) for one in stored.get("findings", ())],
        action=str(stored.get("action", "")),
        said=str(stored.get("said", "")),
        number=int(stored.get("number", 0)),
    )


def told(message: ChatMessage) -> Told:
    run = message.run
    under_way = run is not None and run.state in OPEN
    return Told(
        message=message,
        cards=[card_of(one) for one in message.cards if "card" in one],
        options=[str(option) for one in message.cards if one.get("kind") == "question" for option in one["options"]],
        run=run,
        open=under_way,
        steps=steps_of(run) if run is not None and under_way else [],
    )


def conversation_list(user: User) -> list[Conversation]:
    return list(conversations_of(user)[:CONVERSATIONS])


def messages_of(conversation: Conversation, *, before: int | None = None, after: int | None = None) -> dict[str, Any]:
    """The newest messages, or those before or after one. `older`: the id to ask before, for more."""
    rows = conversation.messages.select_related("run").defer("run__report", "run__actions_taken")
    if after is not None:
        found = list(rows.filter(id__gt=after).order_by("id")[:SHOWN])
        more = False
    else:
        if before is not None:
            rows = rows.filter(id__lt=before)
        found = list(rows.order_by("-id")[: SHOWN + 1])[::-1]
        more = len(found) > SHOWN
        found = found[-SHOWN:]
    return {
        "conversation": conversation,
        "told": [told(one) for one in found],
        "older": found[0].pk if more else None,
        "last": found[-1].pk if found else (after or 0),
    }


def conversation_page(user: User, conversation_id: UUID) -> dict[str, Any]:
    """Raises NotFound."""
    return messages_of(conversation_of(user, conversation_id))


def message_of(user: User, message_id: int) -> ChatMessage:
    """Raises NotFound."""
    found = ChatMessage.objects.filter(pk=message_id, conversation__user=user).select_related("conversation").first()
    if found is None:
        raise NotFound("There is no such message.")
    return found
