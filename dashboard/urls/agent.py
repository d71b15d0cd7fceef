"""The agent: runs, chat, budget, scorecard."""

from __future__ import annotations

from django.urls import path

from dashboard.views import agent, agent_chat, agent_settings

urlpatterns = [
    path("agent/", agent.agent, name="agent"),
    path("agent/analyse/", agent.analyse, name="agent-analyse"),
    path("agent/runs/<uuid:agent_run_id>/", agent.run, name="agent-run"),
    path("agent/runs/<uuid:agent_run_id>/steps/", agent.run_steps, name="agent-run-steps"),
    path("agent/runs/<uuid:agent_run_id>/state/", agent.run_state, name="agent-run-state"),
    path("agent/runs/<uuid:agent_run_id>/step/", agent.run_step, name="agent-run-step"),
    path("agent/runs/<uuid:agent_run_id>/cancel/", agent.run_cancel, name="agent-run-cancel"),
    *(
        path(
            f"agent/runs/<uuid:agent_run_id>/drafts/<uuid:draft_id>/{verb}/",
            agent.draft_do,
            {"verb": verb},
            name=f"agent-draft-{verb}",
        )
        for verb in ("accept", "decline")
    ),
    *(
        path(
            f"agent/suggestions/<uuid:suggestion_id>/{verb}/",
            agent.suggestion_do,
            {"verb": verb},
            name=f"agent-suggestion-{verb}",
        )
        for verb in ("accept", "dismiss")
    ),
    path("agent/scorecard/", agent.scorecard, name="agent-scorecard"),
    path("agent/chat/", agent_chat.chat, name="agent-chat"),
    path("agent/chat/say/", agent_chat.say, name="agent-say"),
    path("agent/chat/<uuid:conversation_id>/", agent_chat.conversation, name="agent-conversation"),
    path("agent/chat/<uuid:conversation_id>/messages/", agent_chat.chat_messages, name="agent-messages"),
    *(
        path(
            f"agent/chat/messages/<int:message_id>/{verb}/",
            agent_chat.card_do,
            {"verb": verb},
            name=f"agent-card-{verb}",
        )
        for verb in ("confirm", "decline")
    ),
    path("agent/settings/", agent_settings.settings, name="agent-settings"),
    path("agent/settings/prices/", agent_settings.price_set, name="agent-price-set"),
    path("agent/settings/prices/<int:price_id>/forget/", agent_settings.price_forget, name="agent-price-forget"),
]
