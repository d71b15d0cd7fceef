"""Alerts and times that were missed."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import missed, watching

urlpatterns = [
    path("alerts/", watching.alerts, name="alerts"),
    path("alerts/acknowledge/", watching.acknowledge_all, name="alerts-acknowledge"),
    path("alerts/<uuid:alert_id>/acknowledge/", watching.acknowledge, name="alert-acknowledge"),
    re_path(r"^missed/(?P<missed_id>[0-9]{1,18})/(?P<verb>run|decline)/$", missed.answer, name="missed-answer"),
]
