"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from safety import api

urlpatterns = [
    path("safety/", api.Safety.as_view()),
    path("safety/events/", api.Events.as_view()),
    path("safety/versions/", api.Versions.as_view()),
    path("safety/audit/", api.Audit.as_view()),
]
