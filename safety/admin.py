"""Limits, switches and their log. What is changed here goes through the same functions as everywhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from common.admin import ReadOnlyAdmin, shown_on
from common.clock import now
from common.errors import InvalidInput, PufflingError
from safety import switch
from safety.changing import kill
from safety.limits import FIELDS
from safety.models import AuditChain, AuditEntry, PolicyVersion, SafetyEvent, SafetyPolicy, Switch, TradingState
from safety.policies import update_policy


class PolicyForm(forms.ModelForm):
    """Limits of a user. A refusal can only be shown by the form, so the change is made while it is checked."""

    current_password = forms.CharField(
        required=False,
        widget=forms.PasswordInput,
        help_text="the password of the user whose limits these are; needed to loosen",
    )
    actor = ""

    class Meta:
        model = SafetyPolicy
        fields = list(FIELDS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        policy = self.instance
        try:
            update_policy(
                user=policy.user,
                changes={name: cleaned[name] for name in self.changed_data if name in FIELDS},
                password=cleaned["current_password"] or None,
                actor=self.actor,
                now=now(),
                portfolio=policy.portfolio,
            )
        except InvalidInput as refused:
            for field, texts in refused.errors.items():
                self.add_error(field if field in self.fields else None, texts)
        except PufflingError as refused:
            self.add_error(None, refused.detail)
        return cleaned


@admin.register(SafetyPolicy)
class SafetyPolicyAdmin(ModelAdmin):
    form = PolicyForm
    list_display = ["user", "portfolio", "version", "paper_trading", "max_daily_trades", "max_position_pct"]
    list_filter = ["paper_trading"]
    search_fields = ["user__username", "portfolio__name"]
    list_select_related = ["user", "portfolio"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": f"admin {request.user}"})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing: `PolicyForm.clean` made the change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Switch)
class SwitchAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:safety", of="")
    list_display = ["scope", "scope_id", "user", "killed", "trading_state", "reason", "changed_by", "changed_at"]
    list_filter = ["scope", "killed", "trading_state"]
    search_fields = ["scope_id", "user__username", "reason"]
    list_select_related = ["user"]
    actions = ["kill", "reduce", "halt"]

    @admin.action(description="Kill: send nothing, cancel what is open")
    def kill(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset.select_related("user"):
            self._do(request, row, lambda where: kill(**where, reason="Killed in the admin."))

    @admin.action(description="Only reduce positions")
    def reduce(self, request: HttpRequest, queryset: Any) -> None:
        self._set(request, queryset, TradingState.REDUCING.value)

    @admin.action(description="Halt: nothing automatic")
    def halt(self, request: HttpRequest, queryset: Any) -> None:
        self._set(request, queryset, TradingState.HALTED.value)

    def _set(self, request: HttpRequest, queryset: Any, state: str) -> None:
        """Only what is stricter: loosening is for the Safety page, where the password is asked."""
        for row in queryset.select_related("user"):
            if switch.RANK[row.trading_state] < switch.RANK[state]:
                self._do(
                    request,
                    row,
                    lambda where: switch.set_trading_state(**where, state=state, reason="Set in the admin."),
                )

    def _do(self, request: HttpRequest, row: Switch, act: Any) -> None:
        user = request.user if row.scope == Switch.Scope.GLOBAL else row.user
        where = {"scope": row.scope, "scope_id": row.scope_id, "user": user}
        try:
            act({**where, "actor": f"admin {request.user}", "now": now()})
        except PufflingError as refused:
            self.message_user(request, refused.detail, messages.ERROR)
        else:
            self.message_user(request, f"{row.get_scope_display()} {row.scope_id}: done.", messages.SUCCESS)


@admin.register(SafetyEvent)
class SafetyEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "user", "kind", "actor", "note"]
    list_filter = ["kind"]
    search_fields = ["user__username", "actor", "note"]
    list_select_related = ["user"]
    date_hierarchy = "at"


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ["at", "user", "portfolio", "version", "actor", "note"]
    search_fields = ["user__username", "actor", "note"]
    list_select_related = ["user", "portfolio"]
    date_hierarchy = "at"


@admin.register(AuditChain)
class AuditChainAdmin(ReadOnlyAdmin):
    list_display = ["key", "user", "seq", "verified_seq", "verified_at", "damage"]
    search_fields = ["key", "user__username"]
    list_select_related = ["user"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    view_on_site = shown_on("dashboard:safety-audit", of="")
    list_display = ["at", "chain", "seq", "kind", "actor", "subject"]
    list_filter = ["kind"]
    search_fields = ["subject", "actor", "chain__key"]
    list_select_related = ["chain"]
    show_full_result_count = False
