"""The pages."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import (
    actions,
    history,
    hooks,
    library,
    missed,
    overview,
    proving,
    replaying,
    safety,
    trading,
    watching,
)

app_name = "dashboard"
ACTION = "actions/<uuid:action_id>/"
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("parts/<slug:name>/", overview.part, name="part"),
    path("monitoring/", overview.monitoring, name="monitoring"),
    path("actions/", actions.actions, name="actions"),
    path("actions/new/", actions.new, name="action-new"),
    path("actions/preview/", actions.preview, name="action-preview"),
    path("actions/condition/", actions.condition, name="action-condition"),
    path("actions/bulk/", actions.bulk, name="actions-bulk"),
    path("actions/file/", library.rules_file, name="actions-file"),
    path("actions/templates/", library.templates, name="templates"),
    path("actions/templates/<slug:name>/", library.template, name="template"),
    path(ACTION, actions.action, name="action"),
    path(ACTION + "evidence/", proving.evidence, name="action-evidence"),
    path(ACTION + "mode/", proving.mode, name="action-mode"),
    path(ACTION + "versions/<int:version>/restore/", proving.restore, name="action-restore"),
    path(ACTION + "edit/", actions.edit, name="action-edit"),
    path(ACTION + "edit/preview/", actions.preview, name="action-edit-preview"),
    path(ACTION + "simulate/", actions.simulate, name="action-simulate"),
    path(ACTION + "replay/", replaying.replay, name="action-replay"),
    path(ACTION + "replays/<uuid:run_id>/", replaying.progress, name="action-replay-run"),
    path(ACTION + "replays/<uuid:run_id>/stop/", replaying.stop, name="action-replay-stop"),
    path(ACTION + "hook/", hooks.hook, name="action-hook"),
    path(ACTION + "hook/remove/", hooks.no_hook, name="action-no-hook"),
    path(ACTION + "history/", history.history, name="action-history"),
    re_path(rf"^actions/(?P<action_id>{ID})/(?P<verb>pause|resume|cancel|execute)/$", actions.do, name="action-do"),
    path("orders/", trading.orders, name="orders"),
    path("orders/<uuid:order_id>/", trading.order, name="order"),
    re_path(
        r"^orders/(?P<order_id>[0-9a-f-]{36})/(?P<verb>cancel|approve|decline)/$", trading.order_do, name="order-do"
    ),
    path("portfolio/", trading.portfolio, name="portfolio"),
    path("alerts/", watching.alerts, name="alerts"),
    path("alerts/acknowledge/", watching.acknowledge_all, name="alerts-acknowledge"),
    path("alerts/<uuid:alert_id>/acknowledge/", watching.acknowledge, name="alert-acknowledge"),
    re_path(r"^missed/(?P<missed_id>[0-9]{1,18})/(?P<verb>run|decline)/$", missed.answer, name="missed-answer"),
    path("safety/", safety.safety, name="safety"),
    path("safety/limits/", safety.limits, name="safety-limits"),
    path("safety/what-if/", safety.what_if, name="safety-what-if"),
    path("safety/state/", safety.state, name="safety-state"),
    path("safety/audit/", safety.audit, name="safety-audit"),
    path("safety/kill/", safety.kill, name="kill"),
    path("safety/resume/", safety.resume, name="resume"),
]
