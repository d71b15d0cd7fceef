"""Events, to look at."""

from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from live.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "seq", "topic", "kind", "created_at"]
    list_filter = ["topic", "kind"]
    search_fields = ["user__username", "trace_id"]
    date_hierarchy = "created_at"
