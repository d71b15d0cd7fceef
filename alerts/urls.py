"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from alerts import api

urlpatterns = [
    path("alerts/history/", api.History.as_view()),
    path("alerts/history/ack/", api.AcknowledgeAll.as_view()),
    path("alerts/history/<uuid:pk>/", api.HistoryItem.as_view()),
    path("alerts/history/<uuid:pk>/ack/", api.Acknowledge.as_view()),
]
