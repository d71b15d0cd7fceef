"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from orders import api

urlpatterns = [
    path("orders/", api.Orders.as_view()),
    path("orders/<uuid:pk>/", api.OneOrder.as_view()),
    path("orders/<uuid:pk>/cancel/", api.Cancel.as_view()),
    path("approvals/", api.Approvals.as_view()),
    path("approvals/<uuid:pk>/", api.OneApproval.as_view()),
    path("approvals/<uuid:pk>/approve/", api.Approve.as_view()),
    path("approvals/<uuid:pk>/decline/", api.Decline.as_view()),
    path("safety/kill/", api.Kill.as_view()),
    path("safety/resume/", api.Resume.as_view()),
    path("safety/what-if/", api.WhatIf.as_view()),
]
