"""Paths of the Actions API."""

from __future__ import annotations

from django.urls import path

from automation import api, trace_api

urlpatterns = [
    path("actions/", api.Actions.as_view()),
    path("actions/triggers/", api.TriggerTypes.as_view()),
    path("actions/preview/", api.Preview.as_view()),
    path("actions/<uuid:action_id>/", api.ActionView.as_view()),
    path("actions/<uuid:action_id>/pause/", api.Pause.as_view()),
    path("actions/<uuid:action_id>/resume/", api.Resume.as_view()),
    path("actions/<uuid:action_id>/execute-now/", api.ExecuteNow.as_view()),
    path("actions/<uuid:action_id>/explain/", api.Explain.as_view()),
    path("actions/<uuid:action_id>/simulate/", api.Simulate.as_view()),
    path("actions/<uuid:action_id>/executions/", api.Executions.as_view()),
    path("actions/<uuid:action_id>/versions/", api.Versions.as_view()),
    path("actions/<uuid:action_id>/trace/", trace_api.Traces.as_view()),
    path("actions/<uuid:action_id>/why/", trace_api.Why.as_view()),
]
