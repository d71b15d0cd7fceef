"""Paths of the Actions API."""

from __future__ import annotations

from django.urls import include, path

from automation import api, evidence_api, missed_api, templating_api, trace_api
from automation.backtest import urls as backtests
from automation.hooks import api as hooks
from automation.rebalancing import api as rebalances
from automation.replay import api as replays
from automation.stops import api as stops_api
from automation.strategies import urls as strategies
from automation.transfer import api as transfer_api

urlpatterns = [
    path("portfolios/<uuid:pk>/holdings/<str:symbol>/stops/", stops_api.Stops.as_view()),
    path("", include("automation.scheduling.urls")),
    path("actions/", api.Actions.as_view()),
    path("actions/triggers/", api.TriggerTypes.as_view()),
    path("actions/preview/", api.Preview.as_view()),
    path("actions/missed/", missed_api.MissedTimes.as_view()),
    path("actions/missed/<int:missed_id>/run/", missed_api.RunMissed.as_view()),
    path("actions/missed/<int:missed_id>/decline/", missed_api.DeclineMissed.as_view()),
    path("actions/preflight/", api.Preflight.as_view()),
    path("actions/export/", transfer_api.Export.as_view()),
    path("actions/import/", transfer_api.Import.as_view()),
    path("actions/templates/", templating_api.Templates.as_view()),
    path("actions/templates/<slug:name>/preview/", templating_api.TemplatePreview.as_view()),
    path("actions/templates/<slug:name>/create/", templating_api.TemplateCreate.as_view()),
    path("actions/simulate/", replays.SimulateDraft.as_view()),
    path("actions/replays/", replays.Replays.as_view()),
    path("actions/replays/<uuid:run_id>/", replays.ReplayView.as_view()),
    path("actions/<uuid:action_id>/", api.ActionView.as_view()),
    path("actions/<uuid:action_id>/evidence/", evidence_api.EvidenceView.as_view()),
    path("actions/<uuid:action_id>/versions/<int:version>/restore/", evidence_api.Restore.as_view()),
    path("actions/<uuid:action_id>/pause/", api.Pause.as_view()),
    path("actions/<uuid:action_id>/resume/", api.Resume.as_view()),
    path("actions/<uuid:action_id>/execute-now/", api.ExecuteNow.as_view()),
    path("actions/<uuid:action_id>/hook/", hooks.Hook.as_view()),
    path("actions/<uuid:action_id>/hook/calls/", hooks.Calls.as_view()),
    path("actions/<uuid:action_id>/explain/", api.Explain.as_view()),
    path("actions/<uuid:action_id>/simulate/", replays.Simulate.as_view()),
    path("actions/<uuid:action_id>/executions/", api.Executions.as_view()),
    path("actions/<uuid:action_id>/versions/", api.Versions.as_view()),
    path("actions/<uuid:action_id>/trace/", trace_api.Traces.as_view()),
    path("actions/<uuid:action_id>/why/", trace_api.Why.as_view()),
    *strategies.urlpatterns,
    *backtests.urlpatterns,
    path("portfolio/goals/<uuid:goal_id>/rebalance/", rebalances.Rebalance.as_view()),
    path("portfolio/goals/<uuid:goal_id>/runs/", rebalances.GoalRuns.as_view()),
    path("portfolio/runs/", rebalances.Runs.as_view()),
    path("portfolio/runs/<uuid:run_id>/", rebalances.RunView.as_view()),
    path("portfolio/runs/<uuid:run_id>/cancel/", rebalances.CancelRun.as_view()),
    path("portfolio/runs/<uuid:run_id>/approve/", rebalances.ApproveRun.as_view()),
    path("portfolio/runs/<uuid:run_id>/decline/", rebalances.DeclineRun.as_view()),
]
