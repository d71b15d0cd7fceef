"""Personal tokens, how an assistant connects with one, and the addresses that call rules."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.tokens import create_token, revoke_token
from common.clock import now
from common.errors import InvalidInput
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.settings import hook_rows, token_rows
from dashboard.settings_forms import TokenForm


@require_http_methods(["GET", "POST"])
@page
def tokens(request: UserRequest) -> HttpResponse:
    """The list, and a new one. Its secret is on the page that made it, and nowhere else."""
    form, at = TokenForm(request.POST or None), now()
    if request.method == "POST":
        try:
            name = form.typed()["name"].strip()
            if not name or len(name) > 80:
                raise InvalidInput({"name": f"{name[:40]!r}: write a name of 1 to 80 characters."})
            made, secret = create_token(
                user=request.user, name=name, scopes=form.wanted(), now=at, expires_at=form.expiry(at)
            )
        except InvalidInput as error:
            form.blame(error)
        else:
            context = {"token": made, "secret": secret, "config": _mcp(request, secret), "tab": "tokens"}
            answer = show(request, "dashboard/settings/token_made.html", context, active="settings")
            answer["Cache-Control"] = "no-store"
            return answer
    context = {
        "form": form,
        **token_rows(request.user, now=at),
        "hooks": hook_rows(request.user),
        "mcp": request.build_absolute_uri("/mcp"),
        "config": _mcp(request, "pfl_…"),
        "tab": "tokens",
    }
    status = 422 if form.errors else 200
    return show(request, "dashboard/settings/tokens.html", context, active="settings", status=status)


@require_POST
@page
def revoke(request: UserRequest, token_id: UUID) -> HttpResponse:
    revoke_token(user=request.user, token_id=token_id, now=now())
    messages.success(request, "The token is revoked: what used it is refused from now on.")
    return redirect("dashboard:settings-tokens")


def _mcp(request: UserRequest, secret: str) -> str:
    """The configuration of an assistant, ready to copy."""
    server = {"url": request.build_absolute_uri("/mcp"), "headers": {"Authorization": f"Bearer {secret}"}}
    return json.dumps({"mcpServers": {"puffling": server}}, indent=2, ensure_ascii=False)
