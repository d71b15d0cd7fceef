"""Rebalance runs in the admin: to be looked at, and cancelled by the same function as everywhere."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from automation.rebalancing.cancelling import cancel
from automation.rebalancing.models import DriftEpisode, RebalanceLeg, RebalanceRun
from common.admin import ReadOnlyAdmin
from common.clock import now
from common.errors import PufflingError


class LegInline(TabularInline):
    model = RebalanceLeg
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "number", "side", "instrument", "planned_quantity", "planned_price", "quantity", "price", "sized_code",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(RebalanceRun)
class RebalanceRunAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "portfolio", "goal", "cause", "state", "reason_code", "finished_at"]
    list_filter = ["state", "cause", "reason_code"]
    list_select_related = ["user", "portfolio", "goal"]
    search_fields = ["id", "trace_id", "user__username", "goal__name"]
    date_hierarchy = "created_at"
    inlines = [LegInline]
    actions = ["cancel_runs"]

    @admin.action(description="Cancel")
    def cancel_runs(self, request: HttpRequest, queryset: QuerySet[RebalanceRun]) -> None:
        actor = f"{request.user.get_username()} (admin)"[:80]
        for run in queryset.select_related("user"):
            try:
                cancel(user=run.user, run_id=run.pk, actor=actor, now=now())
            except PufflingError as problem:
                messages.warning(request, f"{run}: {problem.detail}")


@admin.register(RebalanceLeg)
class RebalanceLegAdmin(ReadOnlyAdmin):
    list_display = ["run", "number", "side", "instrument", "planned_quantity", "quantity", "price", "sized_code"]
    list_filter = ["side", "sized_code"]
    list_select_related = ["run", "run__goal", "instrument"]
    search_fields = ["run__id", "instrument__symbol"]


@admin.register(DriftEpisode)
class DriftEpisodeAdmin(ReadOnlyAdmin):
    list_display = ["began_at", "goal", "drift", "handled_at", "code", "try_at", "ended_at"]
    list_select_related = ["goal"]
    search_fields = ["goal__name", "goal__id"]
    date_hierarchy = "began_at"
