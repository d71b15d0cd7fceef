"""The books, to look at: only the ledger's functions write them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, shown_on
from portfolios.auditing import audit
from portfolios.models import (
    EquityPoint,
    GoalVersion,
    Holding,
    LedgerEntry,
    Lot,
    LotDisposal,
    LotInstruction,
    Portfolio,
    PortfolioGoal,
)


@admin.register(Portfolio)
class PortfolioAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:portfolio", of="")
    list_display = ["name", "user", "primary", "cash", "peak_equity", "created_at"]
    list_filter = ["primary"]
    search_fields = ["name", "user__username", "id"]
    actions = ["audit"]

    @admin.action(description="Audit: do ledger, lots, holdings and cash agree?")
    def audit(self, request: HttpRequest, queryset: Any) -> None:
        for portfolio in queryset:
            found = audit(portfolio)
            for one in found:
                self.message_user(request, f"{portfolio.name}: {one.message}", messages.ERROR)
            if not found:
                self.message_user(request, f"{portfolio.name}: the books agree.", messages.SUCCESS)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "portfolio", "kind", "instrument", "quantity", "price", "amount"]
    list_filter = ["kind"]
    search_fields = ["source_id", "trace_id", "instrument__symbol", "portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio", "instrument"]
    date_hierarchy = "at"


@admin.register(Holding)
class HoldingAdmin(ReadOnlyAdmin):
    list_display = ["portfolio", "instrument", "quantity", "cost", "updated_at"]
    search_fields = ["instrument__symbol", "portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio", "instrument"]


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ["acquired_at", "portfolio", "instrument", "quantity", "open_quantity", "cost", "open_cost"]
    search_fields = ["instrument__symbol", "portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio", "instrument"]


@admin.register(LotDisposal)
class LotDisposalAdmin(ReadOnlyAdmin):
    list_display = ["at", "lot", "quantity", "cost", "proceeds", "gain", "long_term"]
    list_filter = ["long_term"]
    search_fields = ["lot__instrument__symbol", "lot__portfolio__user__username"]
    list_select_related = ["lot"]


@admin.register(EquityPoint)
class EquityPointAdmin(ReadOnlyAdmin):
    list_display = ["at", "portfolio", "equity", "cash"]
    search_fields = ["portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio"]
    date_hierarchy = "at"


@admin.register(PortfolioGoal)
class PortfolioGoalAdmin(ReadOnlyAdmin):
    list_display = ["name", "portfolio", "enabled", "rebalance_mode", "band_kind", "last_rebalanced_at", "archived_at"]
    list_filter = ["enabled", "rebalance_mode", "band_kind", "rebalance_to"]
    search_fields = ["name", "id", "portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio"]


@admin.register(GoalVersion)
class GoalVersionAdmin(ReadOnlyAdmin):
    list_display = ["goal", "version", "at", "actor"]
    search_fields = ["goal__name", "goal__id", "actor"]
    list_select_related = ["goal"]
    date_hierarchy = "at"


@admin.register(LotInstruction)
class LotInstructionAdmin(ReadOnlyAdmin):
    list_display = ["order_id", "portfolio", "method", "lots", "at"]
    list_filter = ["method"]
    search_fields = ["order_id", "portfolio__name", "portfolio__user__username"]
    list_select_related = ["portfolio"]
