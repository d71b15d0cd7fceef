"""Events, to look at."""

from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from live.models import Event, EventCounter, ShownSymbol


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "seq", "topic", "kind", "created_at"]
    list_filter = ["topic", "kind"]
    search_fields = ["user__username", "trace_id"]
    date_hierarchy = "created_at"


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyAdmin):
    list_display = ["user", "last_seq"]
    list_select_related = ["user"]
    search_fields = ["user__username"]


@admin.register(ShownSymbol)
class ShownSymbolAdmin(ReadOnlyAdmin):
    list_display = ["symbol", "until"]
    search_fields = ["symbol"]
