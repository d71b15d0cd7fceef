"""Admin pages for rows that only domain functions may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin

from common.models import Heartbeat


def shown_on(page: str, *, of: str = "pk") -> Callable[[Any, Any], str]:
    """`view_on_site` of an admin page: the dashboard's page of a row, found by the row's attribute `of` (empty: none).

    The page shows it to its owner only.
    """

    def view_on_site(_admin: Any, row: Any) -> str:
        return reverse(page, args=[getattr(row, of)] if of else [])

    return view_on_site


class ReadOnlyAdmin(ModelAdmin):
    """Look, search, filter; no adding, changing or deleting."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ["process", "at", "details"]
    view_on_site = shown_on("dashboard:monitoring", of="")
    search_fields = ["process"]
