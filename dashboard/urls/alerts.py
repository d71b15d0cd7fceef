"""Alerts, what was asked for, and times that were missed."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import alerting, missed

CONFIG = "alerts/asked/<uuid:config_id>/"
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

urlpatterns = [
    path("alerts/", alerting.alerts, name="alerts"),
    path("alerts/acknowledge/", alerting.acknowledge_all, name="alerts-acknowledge"),
    path("alerts/<uuid:alert_id>/acknowledge/", alerting.acknowledge, name="alert-acknowledge"),
    path("alerts/asked/", alerting.asked, name="alert-configs"),
    path("alerts/asked/new/", alerting.new, name="alert-config-new"),
    path("alerts/asked/preview/", alerting.preview, name="alert-config-preview"),
    path(CONFIG, alerting.config, name="alert-config"),
    re_path(
        rf"^alerts/asked/(?P<config_id>{ID})/(?P<verb>enable|disable|delete)/$",
        alerting.config_do,
        name="alert-config-do",
    ),
    re_path(r"^missed/(?P<missed_id>[0-9]{1,18})/(?P<verb>run|decline)/$", missed.answer, name="missed-answer"),
]
