"""The agent in the Django admin: settings and prices to change, everything it did to read."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from agent.models import (
    AgentConfig,
    AgentRun,
    AgentStep,
    ChatMessage,
    Conversation,
    ModelPrice,
    NewsReading,
    Reservation,
    Suggestion,
    SuggestionScore,
)
from common.admin import ReadOnlyAdmin


@admin.register(ModelPrice)
class ModelPriceAdmin(ModelAdmin):
    list_display = ["provider", "model", "user", "input", "output", "cache_read", "cache_write", "updated_at"]
    list_filter = ["provider"]
    search_fields = ["model"]


@admin.register(AgentConfig)
class AgentConfigAdmin(ReadOnlyAdmin):
    list_display = ["user", "provider", "model", "mode", "dollars_per_day", "dollars_per_month", "updated_at"]
    list_filter = ["provider", "mode"]
    search_fields = ["user__username"]


@admin.register(AgentRun)
class AgentRunAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "trigger", "mode", "provider", "state", "cost", "tainted", "reason_code"]
    list_filter = ["state", "mode", "provider", "trigger", "tainted"]
    search_fields = ["user__username", "id", "trace_id"]
    list_select_related = ["user"]


@admin.register(AgentStep)
class AgentStepAdmin(ReadOnlyAdmin):
    list_display = ["at", "run", "number", "kind", "name", "failed", "cost", "milliseconds"]
    list_filter = ["kind", "failed"]
    search_fields = ["run__id", "name"]


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "side", "symbol", "confidence", "state", "return_percent"]
    list_filter = ["state", "side"]
    search_fields = ["symbol", "user__username"]
    list_select_related = ["user"]


@admin.register(SuggestionScore)
class SuggestionScoreAdmin(ReadOnlyAdmin):
    list_display = ["at", "suggestion", "sessions", "return_percent", "benchmark_percent"]
    list_filter = ["sessions"]
    list_select_related = ["suggestion"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["at", "user", "run", "reserved", "settled"]
    search_fields = ["user__username"]
    list_select_related = ["user", "run"]


@admin.register(NewsReading)
class NewsReadingAdmin(ReadOnlyAdmin):
    list_display = ["at", "article", "symbol", "sentiment", "event", "confidence", "method", "model"]
    list_filter = ["method", "event", "sentiment"]
    search_fields = ["symbol", "article__user__username"]
    list_select_related = ["article"]


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ["updated_at", "user", "title"]
    search_fields = ["user__username", "title"]
    list_select_related = ["user"]


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    list_display = ["at", "conversation", "role", "text"]
    list_filter = ["role"]
