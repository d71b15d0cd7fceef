"""Broker accounts and the paper broker's book in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from brokers.models import BrokerAccount, PaperFill, PaperOrder
from common.admin import ReadOnlyAdmin


@admin.register(BrokerAccount)
class BrokerAccountAdmin(ModelAdmin):
    """The costs of paper trading may be changed; whose account it is and whether it is live may not."""

    list_display = ("id", "portfolio", "kind", "live", "slippage_bps", "max_fill_quantity", "mismatch", "reconciled_at")
    list_filter = ("kind", "live")
    list_select_related = ("portfolio",)
    readonly_fields = ("id", "portfolio", "kind", "live", "blocked_reason", "mismatch", "reconciled_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PaperOrder)
class PaperOrderAdmin(ReadOnlyAdmin):
    list_display = (
        "accepted_at",
        "instrument",
        "side",
        "quantity",
        "order_type",
        "filled_quantity",
        "status",
        "account",
    )
    list_filter = ("status", "side", "order_type")
    list_select_related = ("instrument", "account")
    search_fields = ("client_order_id", "instrument__symbol")
    ordering = ("-accepted_at",)
    show_full_result_count = False


@admin.register(PaperFill)
class PaperFillAdmin(ReadOnlyAdmin):
    list_display = ("at", "order_id", "quantity", "price", "fee", "execution_id")
    ordering = ("-pk",)
    show_full_result_count = False
