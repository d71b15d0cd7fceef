"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from portfolios import api
from portfolios.importing.api import ImportTransactions

urlpatterns = [
    path("portfolios/", api.Portfolios.as_view()),
    path("portfolios/<uuid:pk>/", api.OnePortfolio.as_view()),
    path("portfolios/<uuid:pk>/holdings/", api.Holdings.as_view()),
    path("portfolios/<uuid:pk>/lots/", api.Lots.as_view()),
    path("portfolios/<uuid:pk>/transactions/", api.Transactions.as_view()),
    path("portfolios/<uuid:pk>/transactions/import/", ImportTransactions.as_view()),
    path("portfolios/<uuid:pk>/equity-curve/", api.EquityCurve.as_view()),
    path("portfolios/<uuid:pk>/audit/", api.Audit.as_view()),
]
