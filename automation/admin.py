"""Rules in the admin. Every change goes through the same domain functions as the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from automation import lifecycle, promotion
from automation.backtest.models import BacktestRun
from automation.drafts import SIZES, Draft
from automation.hooks import keeping as hooks
from automation.lifecycle import merged
from automation.models import (
    Action,
    ActionExecution,
    ActionHook,
    ActionVersion,
    HookCall,
    Missed,
    Outage,
    ReplayRun,
    ShadowTrade,
    Trace,
)
from automation.promotion import EvidenceNeeded
from automation.rebalancing import admin as rebalances  # noqa: F401  (registers its models)
from automation.scheduling import admin as scheduling_admin
from automation.sentences import sentence
from automation.strategies import admin as strategies  # noqa: F401  (Django looks for admin pages here)
from common.admin import ReadOnlyAdmin, shown_on
from common.clock import now
from common.errors import InvalidInput, PufflingError

__all__ = ["scheduling_admin"]  # Django looks for the admin of an app here

EDITABLE = [
    "name",
    "action_type",
    "instrument",
    *SIZES,
    "goal",
    "targets",
    "mode",
    "trigger_type",
    "trigger_params",
    "conditions",
    "group",
    "order_type",
    "limit_price",
    "limit_offset",
    "stop_price",
    "time_in_force",
    "message",
    "valid_from",
    "valid_until",
    "max_executions",
    "cooldown_seconds",
    "missed_policy",
    "run_late_minutes",
    "notes",
    "portfolio",
]


class ActionForm(forms.ModelForm):
    """Checked by the same draft as the API, so that the admin accepts exactly what the API accepts."""

    override = forms.CharField(
        required=False, help_text="When a rule becomes automatic against the evidence: why, 10 to 300 characters."
    )

    class Meta:
        model = Action
        fields = ["user", *EDITABLE]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        adding = self.instance._state.adding
        user = cleaned.get("user") if adding else self.instance.user
        if user is not None and not self.errors:
            raw = self.raw() if adding else merged(self.instance, self.raw())
            try:
                fields = Draft(user=user, raw=raw, now=now(), editing=None if adding else self.instance).check()
                if not adding:
                    self.judge(fields)
            except EvidenceNeeded as needed:
                self.add_error("override", needed.detail)
            except InvalidInput as bad:
                for name, problems in bad.errors.items():
                    field = name.split(".")[0].replace("symbol", "instrument")
                    shown = problems if "." not in name else [f"{name.split('.', 1)[1]}: {text}" for text in problems]
                    self.add_error(field if field in self.fields else None, shown)
        return cleaned

    def judge(self, fields: dict[str, Any]) -> None:
        """Whether it may become automatic: `self.instance` is still as it stands."""
        override = promotion.read_override({**self.raw(), "override": self.cleaned_data.get("override")})
        promotion.judge(self.instance, fields, override=override, now=now())

    def raw(self) -> dict[str, Any]:
        """What was entered, in the API's words: everything for a new rule, what changed for an edit."""
        names = EDITABLE if self.instance._state.adding else [n for n in self.changed_data if n in EDITABLE]
        values = {name: self.cleaned_data.get(name) for name in names}
        if "instrument" in values:
            instrument = values.pop("instrument")
            values["symbol"] = instrument.symbol if instrument else None
        if goal := values.get("goal"):
            values["goal"] = str(goal.pk)
        if portfolio := values.get("portfolio"):
            values["portfolio"] = str(portfolio.id)
        return values


class ExecutionInline(TabularInline):
    model = ActionExecution
    fields = readonly_fields = ["triggered_at", "state", "cause", "reason_code", "error", "finished_at"]
    extra = 0
    can_delete = False
    ordering = ["-triggered_at"]
    max_num = 0
    per_page = 10
    show_change_link = True


@admin.register(Action)
class ActionAdmin(ModelAdmin):
    form = ActionForm
    view_on_site = shown_on("dashboard:action")
    list_display = ["sentence", "user", "status", "mode", "instrument", "executions_count", "last_triggered_at"]
    list_filter = ["status", "mode", "action_type", "trigger_type"]
    list_select_related = ["user", "instrument", "goal"]
    search_fields = ["id", "name", "instrument__symbol", "user__username", "notes"]
    date_hierarchy = "created_at"
    autocomplete_fields = ["instrument"]
    readonly_fields = [
        "id", "status", "status_reason", "held_by", "epoch", "executions_count", "failures_in_a_row", "version",
    ]  # fmt: skip
    inlines = [ExecutionInline]
    actions = ["pause", "resume", "cancel", "execute_now"]

    @admin.display(description="rule")
    def sentence(self, action: Action) -> str:
        return sentence(action)

    def get_readonly_fields(self, request: HttpRequest, obj: Action | None = None) -> list[str]:
        return [*self.readonly_fields, "user"] if obj else list(self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a rule is cancelled, never deleted: its history stays

    def save_model(self, request: HttpRequest, obj: Action, form: Any, change: bool) -> None:
        if change:
            changes = {**form.raw(), "override": form.cleaned_data.get("override")}
            saved = lifecycle.update_action(
                user=obj.user, action_id=obj.id, changes=changes, now=now(), actor=_actor(request)
            )
        else:
            saved = lifecycle.create_action(user=obj.user, data=form.raw(), now=now(), actor=_actor(request))
        obj.__dict__.update(saved.__dict__)

    @admin.action(description="Pause")
    def pause(self, request: HttpRequest, queryset: QuerySet[Action]) -> None:
        _each(request, queryset, lifecycle.pause, "paused")

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, queryset: QuerySet[Action]) -> None:
        _each(request, queryset, lifecycle.resume, "resumed")

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Action]) -> None:
        _each(request, queryset, lifecycle.cancel, "cancelled")

    @admin.action(description="Execute now (through the safety gate)")
    def execute_now(self, request: HttpRequest, queryset: QuerySet[Action]) -> None:
        _each(request, queryset, lifecycle.execute_now, "started")


def _actor(request: HttpRequest) -> str:
    return f"{request.user.get_username()} (admin)"[:80]


def _each(request: HttpRequest, queryset: QuerySet[Action], verb: Callable[..., Any], done: str) -> None:
    count = 0
    for action in queryset.select_related("user"):
        try:
            verb(user=action.user, action_id=action.id, now=now(), actor=_actor(request))
            count += 1
        except PufflingError as problem:
            messages.warning(request, f"{action}: {problem.detail}")
    if count:
        messages.success(request, f"{count} {done}.")


@admin.register(ActionExecution)
class ActionExecutionAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:action", of="action_id")
    list_display = ["triggered_at", "action", "state", "cause", "reason_code", "error", "finished_at"]
    list_filter = ["state", "cause", "reason_code"]
    list_select_related = ["action"]
    search_fields = ["id", "trace_id", "action__id", "action__instrument__symbol"]
    date_hierarchy = "triggered_at"


@admin.register(ActionVersion)
class ActionVersionAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "version", "actor", "changes"]
    list_select_related = ["action"]
    search_fields = ["action__id", "actor"]


@admin.register(Missed)
class MissedAdmin(ReadOnlyAdmin):
    list_display = ["due_at", "action", "policy", "outcome", "note", "decided_by", "decided_at"]
    list_filter = ["outcome", "policy"]
    list_select_related = ["action"]
    search_fields = ["action__id", "action__instrument__symbol", "note", "decided_by"]
    date_hierarchy = "due_at"


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = ["began_at", "ended_at"]
    date_hierarchy = "began_at"


@admin.register(ShadowTrade)
class ShadowTradeAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "side", "quantity", "instrument", "price", "fee"]
    list_filter = ["side"]
    list_select_related = ["action", "instrument"]
    search_fields = ["action__id", "instrument__symbol"]
    date_hierarchy = "at"


@admin.register(ReplayRun)
class ReplayRunAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "action", "state", "done_steps", "total_steps", "error", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["user", "action"]
    search_fields = ["id", "action__id", "user__username"]
    date_hierarchy = "created_at"


@admin.register(BacktestRun)
class BacktestRunAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "kind", "name", "start", "end", "state", "done_steps", "total_steps", "error"]
    list_filter = ["state", "kind", "timeframe"]
    list_select_related = ["user"]
    search_fields = ["id", "name", "subject", "user__username"]
    date_hierarchy = "created_at"


@admin.register(Trace)
class TraceAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:action-history", of="action_id")
    list_display = ["at", "action", "kind", "line", "count"]
    list_filter = ["kind"]
    list_select_related = ["action"]
    search_fields = ["action__id", "line"]
    date_hierarchy = "at"


@admin.register(ActionHook)
class ActionHookAdmin(ReadOnlyAdmin):
    list_display = ["action", "prefix", "signed", "created_at", "last_called_at"]
    list_filter = ["signed"]
    list_select_related = ["action"]
    search_fields = ["action__id", "prefix", "action__user__username"]
    actions = ["take_away"]

    @admin.action(description="Take the selected addresses away")
    def take_away(self, request: HttpRequest, queryset: Any) -> None:
        for hook in queryset.select_related("action__user"):
            hooks.delete(user=hook.action.user, action_id=hook.action_id)


@admin.register(HookCall)
class HookCallAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "hook", "outcome", "reason", "execution"]
    list_filter = ["outcome"]
    list_select_related = ["hook__action", "execution"]
    search_fields = ["hook__action__id", "body"]
    date_hierarchy = "received_at"
