"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from portfolios import api
from portfolios.goals import api as goals
from portfolios.importing.api import ImportTransactions
from portfolios.optimising.api import Optimize
from portfolios.performance import api as performance
from portfolios.tearsheet.api import TearSheet

urlpatterns = [
    path("portfolios/", api.Portfolios.as_view()),
    path("portfolios/<uuid:pk>/", api.OnePortfolio.as_view()),
    path("portfolios/<uuid:pk>/holdings/", api.Holdings.as_view()),
    path("portfolios/<uuid:pk>/lots/", api.Lots.as_view()),
    path("portfolios/<uuid:pk>/transactions/", api.Transactions.as_view()),
    path("portfolios/<uuid:pk>/transactions/import/", ImportTransactions.as_view()),
    path("portfolios/<uuid:pk>/equity-curve/", api.EquityCurve.as_view()),
    path("portfolios/<uuid:pk>/audit/", api.Audit.as_view()),
    path("portfolio/optimize/", Optimize.as_view()),
    path("portfolios/<uuid:pk>/performance/", performance.PerformanceView.as_view()),
    path("portfolios/<uuid:pk>/risk/", performance.RiskView.as_view()),
    path("portfolios/<uuid:pk>/tear-sheet/", TearSheet.as_view()),
    path("portfolios/<uuid:pk>/harvest/", goals.Harvest.as_view()),
    path("portfolio/goals/", goals.Goals.as_view()),
    path("portfolio/goals/<uuid:goal_id>/", goals.OneGoal.as_view()),
    path("portfolio/goals/<uuid:goal_id>/drift/", goals.GoalDrift.as_view()),
    path("portfolio/goals/<uuid:goal_id>/plan/", goals.GoalPlan.as_view()),
    path("portfolio/goals/<uuid:goal_id>/versions/", goals.GoalVersions.as_view()),
]
