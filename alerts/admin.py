"""Alert configs and the alert history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from alerts import configs, standing
from alerts.channels import keeping
from alerts.conditions.registry import KINDS
from alerts.history import acknowledge
from alerts.models import Alert, AlertChannel, AlertConfig, Delivery
from common.admin import ReadOnlyAdmin, shown_on
from common.clock import now


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:alerts", of="")
    list_display = ["triggered_at", "user", "kind", "severity", "symbol", "title", "acknowledged_at"]
    list_filter = ["kind", "severity", "acknowledged_at"]
    search_fields = ["title", "body", "symbol", "dedupe_key", "trace_id", "user__username"]
    date_hierarchy = "triggered_at"
    actions = ["acknowledge"]

    @admin.action(description="Mark the selected alerts as seen")
    def acknowledge(self, request: HttpRequest, queryset: Any) -> None:
        for alert in queryset.select_related("user"):
            acknowledge(user=alert.user, alert_id=alert.pk, now=now())


@admin.register(AlertConfig)
class AlertConfigAdmin(ReadOnlyAdmin):
    """Written by their owners; here they are looked at, switched on and off, and deleted."""

    list_display = ["__str__", "user", "alert_type", "waits_for", "enabled", "fired_count", "last_fired_at"]
    list_filter = ["alert_type", "enabled", "severity", "repeats"]
    list_select_related = ["user"]
    search_fields = ["name", "instrument__symbol", "user__username", "subject"]
    date_hierarchy = "created_at"
    actions = ["enable", "disable", "forget"]
    readonly_fields = ["stands"]

    @admin.display(description="Waits for")
    def waits_for(self, config: AlertConfig) -> str:
        return KINDS[config.alert_type].sentence(config.condition)

    @admin.display(description="Stands")
    def stands(self, config: AlertConfig) -> str:
        found = standing.standing_of(config, now=now())
        return f"{found.state}{f': {found.reason}' if found.reason else ''}. {found.sentence}"

    @admin.action(description="Switch the selected alerts on")
    def enable(self, request: HttpRequest, queryset: Any) -> None:
        for config in queryset.select_related("user"):
            configs.set_enabled(user=config.user, config_id=config.pk, enabled=True, now=now())

    @admin.action(description="Switch the selected alerts off")
    def disable(self, request: HttpRequest, queryset: Any) -> None:
        for config in queryset.select_related("user"):
            configs.set_enabled(user=config.user, config_id=config.pk, enabled=False, now=now())

    @admin.action(description="Delete the selected alerts; what they told stays")
    def forget(self, request: HttpRequest, queryset: Any) -> None:
        for config in queryset.select_related("user"):
            configs.delete(user=config.user, config_id=config.pk, now=now())


@admin.register(AlertChannel)
class AlertChannelAdmin(ReadOnlyAdmin):
    """Written by their owners; where they send is shown to nobody."""

    list_display = ["name", "user", "kind", "hint", "enabled", "failures_in_a_row", "last_sent_at", "last_error"]
    list_filter = ["kind", "enabled"]
    list_select_related = ["user"]
    search_fields = ["name", "hint", "user__username"]
    actions = ["switch_off", "send_test"]

    @admin.action(description="Switch the selected channels off")
    def switch_off(self, request: HttpRequest, queryset: Any) -> None:
        for channel in queryset.select_related("user"):
            keeping.update(user=channel.user, channel_id=channel.pk, changes={"enabled": False}, now=now())

    @admin.action(description="Send a test")
    def send_test(self, request: HttpRequest, queryset: Any) -> None:
        for channel in queryset.select_related("user"):
            keeping.send_test(user=channel.user, channel_id=channel.pk, now=now())


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "channel", "alert", "state", "reason", "attempts", "next_try_at", "outcome"]
    list_filter = ["state", "reason", "digest"]
    list_select_related = ["channel", "alert"]
    search_fields = ["channel__name", "channel__user__username", "alert__title", "outcome"]
    date_hierarchy = "created_at"
