"""The agent's routes, and one of each thing they can be about."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from agent.models import AgentRun, ChatMessage, Conversation, ModelPrice, Suggestion
from common.ids import new_id
from portfolios.models import Portfolio

# route -> {method: (kind of thing, other arguments)}
AGENT_ROUTES: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "agent/runs/": {"GET": ("", {})},
    "agent/runs/<uuid:run_id>/": {"GET": ("agent_run", {})},
    "agent/runs/<uuid:run_id>/cancel/": {"POST": ("agent_run", {})},
    "agent/runs/<uuid:run_id>/drafts/<uuid:draft_id>/accept/": {"POST": ("agent_run", {"draft_id": "agent_draft"})},
    "agent/runs/<uuid:run_id>/drafts/<uuid:draft_id>/decline/": {"POST": ("agent_run", {"draft_id": "agent_draft"})},
    "agent/run/": {"POST": ("", {})},
    "agent/config/": {"GET": ("", {}), "PATCH": ("", {})},
    "agent/prices/": {"GET": ("", {}), "POST": ("", {})},
    "agent/prices/<int:price_id>/": {"DELETE": ("agent_price", {})},
    "agent/suggestions/": {"GET": ("", {})},
    "agent/suggestions/<uuid:suggestion_id>/accept/": {"POST": ("suggestion", {})},
    "agent/suggestions/<uuid:suggestion_id>/dismiss/": {"POST": ("suggestion", {})},
    "agent/scorecard/": {"GET": ("", {})},
    "agent/chat/": {"GET": ("", {}), "POST": ("", {})},
    "agent/chat/<uuid:conversation_id>/messages/": {"GET": ("conversation", {})},
    # Without a card in the body nobody gets as far as the message.
    "agent/chat/messages/<int:message_id>/confirm/": {"POST": ("", {"message_id": "chat_message"})},
    "agent/chat/messages/<int:message_id>/decline/": {"POST": ("", {"message_id": "chat_message"})},
    "agent/parse/": {"POST": ("", {})},
    "auth/credentials/": {"GET": ("", {})},
    "auth/credentials/<slug:kind>/": {"PUT": ("", {"kind": "openai"}), "DELETE": ("", {"kind": "openai"})},
}


def agent_world(user: User, portfolio: Portfolio, action: UUID, at: datetime) -> dict[str, Any]:
    """kind -> id."""
    draft = {"card": str(new_id()), "kind": "pause", "action": str(action), "sentence": "", "why": "", "state": "open"}
    conversation = Conversation.objects.create(user=user, title="World", created_at=at, updated_at=at)
    run = AgentRun.objects.create(
        user=user, portfolio=portfolio, trigger="manual", mode="suggest", provider="offline", created_at=at,
        actions_taken=[{"kind": "draft", "draft": draft}],
    )  # fmt: skip
    suggestion = Suggestion.objects.create(
        run=run, user=user, portfolio=portfolio, symbol="AAPL", side="buy", notional=100, rationale="It fell.",
        confidence="0.9", expires_at=at, created_at=at,
    )  # fmt: skip
    price = ModelPrice.objects.create(
        user=user, provider="openai", model="world", input=1, output=1, cache_read=1, cache_write=1, updated_at=at
    )
    message = ChatMessage.objects.create(conversation=conversation, role="assistant", text="Hello", at=at)
    return {
        "agent_run": run.pk,
        "agent_draft": draft["card"],
        "agent_price": price.pk,
        "suggestion": suggestion.pk,
        "conversation": conversation.pk,
        "chat_message": message.pk,
    }
