"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from live.api import Events

urlpatterns = [path("events/", Events.as_view())]
