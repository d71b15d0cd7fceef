"""The engine's rows, to look at: the engine alone moves them."""

from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from watches.models import Series, Timer, Watch


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ["subject", "observable", "kind", "reference", "reference_at", "value", "value_at"]
    list_filter = ["kind"]
    search_fields = ["subject", "observable"]


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    list_display = ["series", "owner_kind", "owner_id", "direction", "level", "phase", "armed_at", "rearm_at"]
    list_filter = ["phase", "owner_kind"]
    list_select_related = ["series"]
    search_fields = ["owner_id", "series__subject"]
    show_full_result_count = False  # counting a million rows would be the slowest thing on the page


@admin.register(Timer)
class TimerAdmin(ReadOnlyAdmin):
    list_display = ["due_at", "owner_kind", "owner_id", "purpose", "epoch"]
    list_filter = ["owner_kind", "purpose"]
    search_fields = ["owner_id"]
