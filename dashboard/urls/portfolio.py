"""The portfolio: holdings, lots, ledger, performance, risk, import."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
