"""The guided start."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import starting

urlpatterns = [
    path("start/", starting.start, name="start"),
    path("start/arm/", starting.arm, name="start-arm"),
    re_path(r"^start/(?P<verb>later|nearer|again|finish)/$", starting.step, name="start-do"),
]
