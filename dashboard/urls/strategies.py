"""Strategies, jobs and backtests."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.urls.rules import ID
from dashboard.views import backtests, jobs, strategies

STRATEGY = "strategies/<uuid:strategy_id>/"
JOB = "jobs/<uuid:job_id>/"
BACKTEST = "backtests/<uuid:backtest_id>/"

urlpatterns = [
    path("strategies/", strategies.strategies, name="strategies"),
    path("strategies/new/", strategies.new, name="strategy-new"),
    path(STRATEGY, strategies.strategy, name="strategy"),
    path(STRATEGY + "edit/", strategies.edit, name="strategy-edit"),
    path(STRATEGY + "mode/", strategies.mode, name="strategy-mode"),
    re_path(
        rf"^strategies/(?P<strategy_id>{ID})/(?P<verb>run|pause|resume|delete)/$", strategies.do, name="strategy-do"
    ),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/new/", jobs.new, name="job-new"),
    path("jobs/preview/", jobs.preview, name="job-preview"),
    re_path(r"^jobs/(?P<verb>start|stop)/$", jobs.all_jobs, name="jobs-all"),
    path(JOB, jobs.job, name="job"),
    path(JOB + "edit/", jobs.edit, name="job-edit"),
    path(JOB + "runs/<uuid:job_run_id>/", jobs.run, name="job-run"),
    re_path(rf"^jobs/(?P<job_id>{ID})/(?P<verb>run|enable|disable|delete)/$", jobs.do, name="job-do"),
    path("backtests/", backtests.backtests, name="backtests"),
    path("backtests/new/", backtests.new, name="backtest-new"),
    path("backtests/compare/", backtests.compare, name="backtests-compare"),
    path(BACKTEST, backtests.backtest, name="backtest"),
    path(BACKTEST + "discard/", backtests.discard, name="backtest-discard"),
]
