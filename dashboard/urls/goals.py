"""Goals, their plans and rebalance runs."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
