"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from agent import api, chat_api, draft_api, scorecard_api

urlpatterns = [
    path("agent/runs/", api.Runs.as_view()),
    path("agent/runs/<uuid:run_id>/", api.RunDetail.as_view()),
    path("agent/runs/<uuid:run_id>/cancel/", api.CancelRun.as_view()),
    path("agent/runs/<uuid:run_id>/drafts/<uuid:draft_id>/accept/", draft_api.AcceptDraft.as_view()),
    path("agent/runs/<uuid:run_id>/drafts/<uuid:draft_id>/decline/", draft_api.DeclineDraft.as_view()),
    path("agent/run/", api.StartRun.as_view()),
    path("agent/config/", api.Config.as_view()),
    path("agent/prices/", api.Prices.as_view()),
    path("agent/prices/<int:price_id>/", api.Price.as_view()),
    path("agent/suggestions/", api.Suggestions.as_view()),
    path("agent/suggestions/<uuid:suggestion_id>/accept/", api.Accept.as_view()),
    path("agent/suggestions/<uuid:suggestion_id>/dismiss/", api.Dismiss.as_view()),
    path("agent/scorecard/", scorecard_api.Scorecard.as_view()),
    path("agent/chat/", chat_api.Chat.as_view()),
    path("agent/chat/<uuid:conversation_id>/messages/", chat_api.Messages.as_view()),
    path("agent/chat/messages/<int:message_id>/confirm/", chat_api.ConfirmCard.as_view()),
    path("agent/chat/messages/<int:message_id>/decline/", chat_api.DeclineCard.as_view()),
    path("agent/parse/", api.Parse.as_view()),
]
