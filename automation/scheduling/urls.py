"""Paths of the scheduler."""

from __future__ import annotations

from django.urls import path

from automation.scheduling import api

urlpatterns = [
    path("scheduler/", api.Jobs.as_view()),
    path("scheduler/types/", api.JobTypes.as_view()),
    path("scheduler/preview/", api.PreviewSchedule.as_view()),
    path("scheduler/status/", api.Status.as_view()),
    path("scheduler/start/", api.Start.as_view()),
    path("scheduler/stop/", api.Stop.as_view()),
    path("scheduler/<uuid:job_id>/", api.JobView.as_view()),
    path("scheduler/<uuid:job_id>/run-now/", api.RunNow.as_view()),
    path("scheduler/<uuid:job_id>/runs/", api.Runs.as_view()),
    path("scheduler/<uuid:job_id>/runs/<uuid:run_id>/", api.RunView.as_view()),
]
