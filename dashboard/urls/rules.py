"""Rules: the list, the form, one rule, templates and files."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import actions, history, hooks, library, making, proving, replaying

ACTION = "actions/<uuid:action_id>/"
ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

urlpatterns = [
    path("actions/", actions.actions, name="actions"),
    path("actions/new/", actions.new, name="action-new"),
    path("actions/preview/", actions.preview, name="action-preview"),
    path("actions/chart/", making.chart, name="action-chart"),
    path("actions/proof/", making.proof, name="action-proof"),
    path("actions/words/", making.words, name="words"),
    path("actions/words/form/", making.words_form, name="words-form"),
    path("actions/words/create/", making.words_create, name="words-create"),
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
    path(ACTION + "edit/proof/", making.proof, name="action-edit-proof"),
    path(ACTION + "simulate/", actions.simulate, name="action-simulate"),
    path(ACTION + "replay/", replaying.replay, name="action-replay"),
    path(ACTION + "replays/<uuid:run_id>/", replaying.progress, name="action-replay-run"),
    path(ACTION + "replays/<uuid:run_id>/stop/", replaying.stop, name="action-replay-stop"),
    path(ACTION + "hook/", hooks.hook, name="action-hook"),
    path(ACTION + "hook/remove/", hooks.no_hook, name="action-no-hook"),
    path(ACTION + "history/", history.history, name="action-history"),
    re_path(rf"^actions/(?P<action_id>{ID})/(?P<verb>pause|resume|cancel|execute)/$", actions.do, name="action-do"),
]
