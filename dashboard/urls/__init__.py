"""The pages, one file of addresses for each part of the site."""

from __future__ import annotations

from dashboard.urls import (
    agent,
    alerts,
    goals,
    overview,
    portfolio,
    rules,
    safety,
    settings,
    starting,
    strategies,
    trading,
)

app_name = "dashboard"

urlpatterns = [
    *agent.urlpatterns,
    *alerts.urlpatterns,
    *goals.urlpatterns,
    *overview.urlpatterns,
    *portfolio.urlpatterns,
    *rules.urlpatterns,
    *safety.urlpatterns,
    *settings.urlpatterns,
    *starting.urlpatterns,
    *strategies.urlpatterns,
    *trading.urlpatterns,
]
