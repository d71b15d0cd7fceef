"""The overview, the parts fetched again, monitoring."""

from __future__ import annotations

from django.urls import path

from dashboard.views import overview

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("parts/<slug:name>/", overview.part, name="part"),
    path("monitoring/", overview.monitoring, name="monitoring"),
]
