"""Paths of the Actions API."""

from __future__ import annotations

from django.urls import path

from automation import api
from automation.replay import api as replays

urlpatterns = [
    path("actions/", api.Actions.as_view()),
    path("actions/triggers/", api.TriggerTypes.as_view()),
    path("actions/preview/", api.Preview.as_view()),
    path("actions/simulate/", replays.SimulateDraft.as_view()),
    path("actions/replays/", replays.Replays.as_view()),
    path("actions/replays/<uuid:run_id>/", replays.ReplayView.as_view()),
    path("actions/<uuid:action_id>/", api.ActionView.as_view()),
    path("actions/<uuid:action_id>/pause/", api.Pause.as_view()),
    path("actions/<uuid:action_id>/resume/", api.Resume.as_view()),
    path("actions/<uuid:action_id>/execute-now/", api.ExecuteNow.as_view()),
    path("actions/<uuid:action_id>/explain/", api.Explain.as_view()),
    path("actions/<uuid:action_id>/simulate/", replays.Simulate.as_view()),
    path("actions/<uuid:action_id>/executions/", api.Executions.as_view()),
    path("actions/<uuid:action_id>/versions/", api.Versions.as_view()),
]
