"""Paths of the strategies API."""

from __future__ import annotations

from django.urls import path

from automation.strategies import api

urlpatterns = [
    path("strategies/", api.Strategies.as_view()),
    path("strategies/types/", api.Types.as_view()),
    path("strategies/<uuid:strategy_id>/", api.StrategyView.as_view()),
    path("strategies/<uuid:strategy_id>/signals/", api.Signals.as_view()),
    path("strategies/<uuid:strategy_id>/runs/", api.Runs.as_view()),
    path("strategies/<uuid:strategy_id>/versions/", api.Versions.as_view()),
    path("strategies/<uuid:strategy_id>/run-now/", api.RunNow.as_view()),
    path("strategies/<uuid:strategy_id>/evidence/", api.EvidenceView.as_view()),
    path("strategies/<uuid:strategy_id>/promote/", api.Promote.as_view()),
]
