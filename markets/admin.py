"""The markets in the admin. Quotes and bars come from feeds and files: they are shown, not edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from common import clock
from common.errors import PufflingError
from markets import calendar, corporate_actions, demo
from markets.models import (
    Bar,
    CorporateAction,
    DemoPriceOverride,
    Exchange,
    Instrument,
    MarketSession,
    NewsArticle,
    Quote,
    WatchlistItem,
)


class ReadOnly(ModelAdmin):
    """Rows that processes write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Exchange)
class ExchangeAdmin(ModelAdmin):
    list_display = ("code", "name", "time_zone", "always_open")


@admin.register(MarketSession)
class MarketSessionAdmin(ModelAdmin):
    list_display = ("date", "exchange", "opens_at", "closes_at", "early_close")
    list_filter = ("exchange", "early_close")
    date_hierarchy = "date"
    ordering = ("date",)

    def save_model(self, request: HttpRequest, obj: MarketSession, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        calendar.forget()  # this process at once, the others within five minutes


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin):
    list_display = ("symbol", "name", "exchange", "asset_class", "active", "tradable", "demo", "data_label")
    list_filter = ("exchange", "asset_class", "active", "tradable", "demo")
    search_fields = ("symbol", "name")
    list_select_related = ("exchange",)
    ordering = ("symbol",)


@admin.register(Quote)
class QuoteAdmin(ReadOnly):
    list_display = ("instrument", "last", "bid", "ask", "prev_close", "volume", "at", "source", "dirty")
    list_filter = ("source", "dirty")
    search_fields = ("instrument__symbol", "instrument__name")
    list_select_related = ("instrument",)
    ordering = ("instrument",)


@admin.register(Bar)
class BarAdmin(ReadOnly):
    list_display = ("instrument_id", "timeframe", "at", "open", "high", "low", "close", "volume", "source")
    list_filter = ("timeframe", "source")
    search_fields = ("=instrument__symbol",)
    ordering = ("instrument", "timeframe", "-at")  # the order of the unique index
    show_full_result_count = False


@admin.register(NewsArticle)
class NewsArticleAdmin(ReadOnly):
    list_display = ("published_at", "user", "headline", "symbols", "publisher", "fetched_at")
    search_fields = ("headline", "user__username")
    list_select_related = ("user",)
    ordering = ("-published_at",)


@admin.register(WatchlistItem)
class WatchlistItemAdmin(ModelAdmin):
    list_display = ("user", "instrument", "created_at")
    search_fields = ("user__username", "instrument__symbol")
    autocomplete_fields = ("instrument",)
    list_select_related = ("user", "instrument")


class DemoPriceForm(forms.ModelForm):
    """Refuses what the domain would refuse, beside the fields."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                demo.check_move(cleaned["instrument"], price=cleaned["price"], hold_seconds=cleaned["hold_seconds"])
            except PufflingError as error:
                raise forms.ValidationError(error.detail) from None
        return cleaned


@admin.register(DemoPriceOverride)
class DemoPriceOverrideAdmin(ModelAdmin):
    """Adding one moves the demo market now, like `manage.py demo_price`."""

    list_display = ("instrument", "price", "hold_seconds", "requested_at", "applied_at")
    form = DemoPriceForm
    fields = ("instrument", "price", "hold_seconds")
    autocomplete_fields = ("instrument",)

    def save_model(self, request: HttpRequest, obj: DemoPriceOverride, form: Any, change: bool) -> None:
        demo.move_price(symbol=obj.instrument_id, price=obj.price, hold_seconds=obj.hold_seconds, now=clock.now())


class CorporateActionForm(forms.ModelForm):
    """Says what is wrong before anything is saved; the domain function says it again."""

    class Meta:
        model = CorporateAction
        fields = ("instrument", "kind", "ex_date", "new_shares", "old_shares", "amount", "source")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            wrong = corporate_actions.problems(
                kind=given["kind"],
                ex_date=given["ex_date"],
                new_shares=given.get("new_shares"),
                old_shares=given.get("old_shares"),
                amount=given.get("amount"),
            )
            for field, messages in wrong.items():
                self.add_error(field, messages)
        return given


@admin.register(CorporateAction)
class CorporateActionAdmin(ModelAdmin):
    """Entered here, by file or by the API; applied by the sweeper. What has been applied is history."""

    form = CorporateActionForm
    list_display = ("ex_date", "instrument", "kind", "words", "source", "applied_at")
    list_filter = ("kind",)
    search_fields = ("instrument__symbol",)
    autocomplete_fields = ("instrument",)
    date_hierarchy = "ex_date"
    ordering = ("-ex_date",)

    def has_change_permission(self, request: HttpRequest, obj: CorporateAction | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CorporateAction | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.applied_at is None)

    def save_model(self, request: HttpRequest, obj: CorporateAction, form: Any, change: bool) -> None:
        saved = corporate_actions.record(
            symbol=obj.instrument_id,
            kind=obj.kind,
            ex_date=obj.ex_date,
            new_shares=obj.new_shares,
            old_shares=obj.old_shares,
            amount=obj.amount,
            source=obj.source or str(request.user),
            now=clock.now(),
        )
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: CorporateAction) -> None:
        corporate_actions.forget(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            corporate_actions.forget(obj.pk)
