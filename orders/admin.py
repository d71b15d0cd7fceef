"""Orders in the admin: looked at, cancelled, never edited."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from brokers.port import BrokerError
from common.admin import ReadOnlyAdmin, shown_on
from common.clock import now
from common.errors import PufflingError
from orders.cancelling import cancel
from orders.models import Fill, Mismatch, Order, OrderTransition


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False


class TransitionInline(ReadOnlyInline):
    model = OrderTransition
    fields = ("at", "from_state", "to_state", "note")
    ordering = ("at", "pk")


class FillInline(ReadOnlyInline):
    model = Fill
    fields = ("at", "quantity", "price", "fee", "execution_id")
    ordering = ("at", "pk")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:order")
    list_display = ("created_at", "instrument", "side", "quantity", "order_type", "state", "reason_code", "portfolio")
    list_filter = ("state", "side", "order_type", "source_kind")
    list_select_related = ("instrument", "portfolio")
    search_fields = ("instrument__symbol", "client_order_id", "broker_order_id", "source_id", "trace_id")
    ordering = ("-created_at",)
    inlines = (TransitionInline, FillInline)
    actions = ("cancel_orders",)
    show_full_result_count = False

    @admin.action(description="Cancel what is left of the selected orders", permissions=["cancel"])
    def cancel_orders(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            try:
                cancel(
                    order, note=f"cancelled by {request.user} in the admin", actor=f"admin {request.user}", now=now()
                )
            except (PufflingError, BrokerError) as error:
                self.message_user(request, f"{order.pk}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{order.pk}: cancelled", messages.SUCCESS)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_order")


@admin.register(OrderTransition)
class OrderTransitionAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:order", of="order_id")
    list_display = ("at", "order_id", "from_state", "to_state", "note")
    list_filter = ("to_state",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:order", of="order_id")
    list_display = ("at", "order_id", "quantity", "price", "fee", "execution_id")
    search_fields = ("execution_id", "order__client_order_id")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Mismatch)
class MismatchAdmin(ReadOnlyAdmin):
    list_display = ("first_seen_at", "account", "kind", "subject", "ours", "theirs", "last_seen_at", "resolved_at")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    ordering = ("-pk",)
