"""The alert history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from alerts.history import acknowledge
from alerts.models import Alert
from common.admin import ReadOnlyAdmin
from common.clock import now


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["triggered_at", "user", "kind", "severity", "symbol", "title", "acknowledged_at"]
    list_filter = ["kind", "severity", "acknowledged_at"]
    search_fields = ["title", "body", "symbol", "dedupe_key", "trace_id", "user__username"]
    date_hierarchy = "triggered_at"
    actions = ["acknowledge"]

    @admin.action(description="Mark the selected alerts as seen")
    def acknowledge(self, request: HttpRequest, queryset: Any) -> None:
        for alert in queryset.select_related("user"):
            acknowledge(user=alert.user, alert_id=alert.pk, now=now())
