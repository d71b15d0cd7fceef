"""The kill switch, the state, limits, the audit log."""

from __future__ import annotations

from django.urls import path

from dashboard.views import safety

urlpatterns = [
    path("safety/", safety.safety, name="safety"),
    path("safety/limits/", safety.limits, name="safety-limits"),
    path("safety/what-if/", safety.what_if, name="safety-what-if"),
    path("safety/state/", safety.state, name="safety-state"),
    path("safety/audit/", safety.audit, name="safety-audit"),
    path("safety/kill/", safety.kill, name="kill"),
    path("safety/resume/", safety.resume, name="resume"),
]
