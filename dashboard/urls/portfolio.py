"""The portfolio: holdings, lots, ledger, performance, risk, import."""

from __future__ import annotations

from django.urls import path

from dashboard.views import portfolio, portfolio_changes

urlpatterns = [
    path("portfolio/", portfolio.holdings, name="portfolio"),
    path("portfolio/lots/", portfolio.lots, name="portfolio-lots"),
    path("portfolio/ledger/", portfolio.ledger, name="portfolio-ledger"),
    path("portfolio/ledger.csv", portfolio.ledger_file, name="portfolio-ledger-file"),
    path("portfolio/performance/", portfolio.performance, name="portfolio-performance"),
    path("portfolio/risk/", portfolio.risk, name="portfolio-risk"),
    path("portfolio/import/", portfolio_changes.history, name="portfolio-import"),
    path("portfolio/transfers/", portfolio_changes.transfers, name="portfolio-transfers"),
    path("portfolio/weights/", portfolio_changes.weights, name="portfolio-weights"),
    path("portfolios/", portfolio_changes.portfolios, name="portfolios"),
    path("portfolios/<uuid:portfolio_id>/rename/", portfolio_changes.portfolio_rename, name="portfolio-rename"),
    path("portfolios/<uuid:portfolio_id>/primary/", portfolio_changes.portfolio_primary, name="portfolio-primary"),
]
