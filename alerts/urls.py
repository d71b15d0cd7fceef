"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from alerts import api, config_api
from alerts.channels import api as channels

urlpatterns = [
    path("alerts/", config_api.Configs.as_view()),
    path("alerts/types/", config_api.Types.as_view()),
    path("alerts/<uuid:config_id>/", config_api.Config.as_view()),
    path("alerts/<uuid:config_id>/enable/", config_api.Enable.as_view()),
    path("alerts/<uuid:config_id>/disable/", config_api.Disable.as_view()),
    path("alerts/<uuid:config_id>/explain/", config_api.Explain.as_view()),
    path("alerts/channels/", channels.Channels.as_view()),
    path("alerts/channels/<uuid:channel_id>/", channels.Channel.as_view()),
    path("alerts/channels/<uuid:channel_id>/test/", channels.Test.as_view()),
    path("alerts/deliveries/", channels.Deliveries.as_view()),
    path("alerts/history/", api.History.as_view()),
    path("alerts/history/ack/", api.AcknowledgeAll.as_view()),
    path("alerts/history/<uuid:pk>/", api.HistoryItem.as_view()),
    path("alerts/history/<uuid:pk>/ack/", api.Acknowledge.as_view()),
]
