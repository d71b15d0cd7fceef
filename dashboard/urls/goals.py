"""Goals, their plans and rebalance runs."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import goal_editing, goals, rebalancing

urlpatterns = [
    path("goals/", goals.goals, name="goals"),
    path("goals/new/", goal_editing.new, name="goal-new"),
    path("goals/harvest/", goals.harvest, name="harvest"),
    path("goals/runs/", rebalancing.runs, name="rebalance-runs"),
    path("goals/runs/<uuid:rebalance_id>/", rebalancing.run, name="rebalance-run"),
    re_path(
        r"^goals/runs/(?P<rebalance_id>[0-9a-f-]{36})/(?P<verb>cancel|approve|decline)/$",
        rebalancing.run_do,
        name="rebalance-run-do",
    ),
    path("goals/<uuid:goal_id>/", goals.goal, name="goal"),
    path("goals/<uuid:goal_id>/bars/", goals.bars, name="goal-bars"),
    path("goals/<uuid:goal_id>/plan/", goals.plan, name="goal-plan"),
    path("goals/<uuid:goal_id>/try/", goals.try_out, name="goal-try"),
    path("goals/<uuid:goal_id>/edit/", goal_editing.edit, name="goal-edit"),
    path("goals/<uuid:goal_id>/switch/", goal_editing.switch, name="goal-switch"),
    path("goals/<uuid:goal_id>/delete/", goal_editing.delete, name="goal-delete"),
    path("goals/<uuid:goal_id>/rebalance/", rebalancing.rebalance, name="goal-rebalance"),
]
