"""The pages."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import actions, history, overview, trading, watching

app_name = "dashboard"
ACTION = "actions/<uuid:action_id>/"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("parts/<slug:name>/", overview.part, name="part"),
    path("monitoring/", overview.monitoring, name="monitoring"),
    path("actions/", actions.actions, name="actions"),
    path("actions/new/", actions.new, name="action-new"),
    path("actions/preview/", actions.preview, name="action-preview"),
    path("actions/bulk/", actions.bulk, name="actions-bulk"),
    path(ACTION, actions.action, name="action"),
    path(ACTION + "edit/", actions.edit, name="action-edit"),
    path(ACTION + "simulate/", actions.simulate, name="action-simulate"),
    path(ACTION + "history/", history.history, name="action-history"),
    re_path(
        r"^actions/(?P<action_id>[0-9a-f-]{36})/(?P<verb>pause|resume|cancel|execute)/$", actions.do, name="action-do"
    ),
    path("orders/", trading.orders, name="orders"),
    path("orders/<uuid:order_id>/", trading.order, name="order"),
    re_path(
        r"^orders/(?P<order_id>[0-9a-f-]{36})/(?P<verb>cancel|approve|decline)/$", trading.order_do, name="order-do"
    ),
    path("portfolio/", trading.portfolio, name="portfolio"),
    path("alerts/", watching.alerts, name="alerts"),
    path("alerts/acknowledge/", watching.acknowledge_all, name="alerts-acknowledge"),
    path("alerts/<uuid:alert_id>/acknowledge/", watching.acknowledge, name="alert-acknowledge"),
    path("safety/", watching.safety, name="safety"),
    path("safety/kill/", watching.kill, name="kill"),
    path("safety/resume/", watching.resume, name="resume"),
]
