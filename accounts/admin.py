"""Users, their tokens and links. Secrets are not here to be seen: only hashes are stored."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import ApiToken, Credential, GuidedStart, IdempotencyRecord, LoginLink, SocketTicket, User
from accounts.tokens import revoke_token
from common.admin import ReadOnlyAdmin
from common.clock import now


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_active", "is_staff", "last_login"]
    fieldsets = [*UserAdmin.fieldsets, ("Preferences", {"fields": ["time_zone"]})]  # type: ignore[misc]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["revoked_at"]
    search_fields = ["name", "prefix", "user__username"]
    exclude = ["secret_hash"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset.select_related("user"):
            revoke_token(user=token.user, token_id=token.pk, now=now())


@admin.register(LoginLink, SocketTicket)
class SingleUseAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "expires_at", "used_at"]
    exclude = ["secret_hash"]
    search_fields = ["user__username"]


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    list_display = ["key", "user", "status_code", "created_at"]
    search_fields = ["key", "user__username"]


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    list_display = ["user", "kind", "last_four", "key_id", "updated_at"]
    list_filter = ["kind"]
    exclude = ["ciphertext"]
    search_fields = ["user__username"]


@admin.register(GuidedStart)
class GuidedStartAdmin(ReadOnlyAdmin):
    list_display = ["user", "action_id", "put_off_at", "finished_at", "updated_at"]
    list_filter = ["finished_at"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
