"""Paths of the backtests API."""

from __future__ import annotations

from django.urls import path

from automation.backtest import api

urlpatterns = [
    path("backtests/", api.Backtests.as_view()),
    path("backtests/compare/", api.Compare.as_view()),
    path("backtests/<uuid:backtest_id>/", api.BacktestView.as_view()),
    path("strategies/<uuid:strategy_id>/backtest/", api.BacktestStrategy.as_view()),
    path("portfolio/goals/<uuid:goal_id>/backtest/", api.BacktestGoal.as_view()),
]
