"""Strategies in the admin: to look at. What changes one goes through the API's domain functions."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from automation.strategies.lifecycle import update_strategy
from automation.strategies.models import (
    Strategy,
    StrategyRun,
    StrategySignal,
    StrategySymbol,
    StrategyVersion,
)
from common.admin import ReadOnlyAdmin
from common.clock import now
from common.errors import PufflingError


@admin.register(Strategy)
class StrategyAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "strategy_type", "mode", "enabled", "status", "status_reason", "last_run_at"]
    list_filter = ["mode", "enabled", "status", "strategy_type", "timeframe"]
    list_select_related = ["user"]
    search_fields = ["id", "name", "user__username", "symbols__instrument__symbol"]
    date_hierarchy = "created_at"
    actions = ["switch_on", "switch_off"]

    @admin.action(description="Switch on", permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Strategy]) -> None:
        _switch(request, queryset, enabled=True)

    @admin.action(description="Switch off", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Strategy]) -> None:
        _switch(request, queryset, enabled=False)

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Whoever may change strategies may switch them."""
        return request.user.has_perm("automation.change_strategy")


def _switch(request: HttpRequest, queryset: QuerySet[Strategy], *, enabled: bool) -> None:
    actor, count = f"{request.user.get_username()} (admin)"[:80], 0
    for strategy in queryset.select_related("user"):
        try:
            update_strategy(
                user=strategy.user, strategy_id=strategy.pk, changes={"enabled": enabled}, now=now(), actor=actor
            )
            count += 1
        except PufflingError as problem:
            messages.warning(request, f"{strategy}: {problem.detail}")
    if count:
        messages.success(request, f"{count} switched {'on' if enabled else 'off'}.")


@admin.register(StrategySymbol)
class StrategySymbolAdmin(ReadOnlyAdmin):
    list_display = ["strategy", "instrument", "signal", "target", "applied", "bar_at", "unknown", "failures"]
    list_select_related = ["strategy", "instrument"]
    search_fields = ["strategy__id", "strategy__name", "instrument__symbol"]


@admin.register(StrategySignal)
class StrategySignalAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "strategy",
        "instrument",
        "bar_at",
        "signal",
        "target",
        "mode",
        "state",
        "reason_code",
    ]
    list_filter = ["state", "mode", "reason_code"]
    list_select_related = ["strategy", "instrument"]
    search_fields = ["id", "trace_id", "strategy__id", "strategy__name", "instrument__symbol"]
    date_hierarchy = "created_at"


@admin.register(StrategyRun)
class StrategyRunAdmin(ReadOnlyAdmin):
    list_display = ["at", "strategy", "bar_at", "cause", "known", "unknown", "changed", "missed", "note"]
    list_filter = ["cause"]
    list_select_related = ["strategy"]
    search_fields = ["strategy__id", "strategy__name"]
    date_hierarchy = "at"


@admin.register(StrategyVersion)
class StrategyVersionAdmin(ReadOnlyAdmin):
    list_display = ["at", "strategy", "version", "actor", "changes"]
    list_select_related = ["strategy"]
    search_fields = ["strategy__id", "actor"]
