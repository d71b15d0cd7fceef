"""Who may call what."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken


class HasScope(BasePermission):
    """Signed in, and, with a personal token, in possession of the scope the view asks for.

    A view declares `scopes = {"GET": "read", "POST": "trade"}`; the name of a viewset action (`"kill": "admin"`)
    goes before its method. Undeclared reads need `read`. Undeclared writes are refused to personal tokens, so that a
    forgotten declaration is a closed door. A session or JWT has every scope.
    """

    code = "scope_missing"

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        needed = needed_scope(view, request.method or "")
        if needed in request.auth.scopes:
            return True
        have = ", ".join(request.auth.scopes) or "none"
        self.message = (
            f"This token's scopes ({have}) do not include {needed!r}: create a token that has it."
            if needed
            else "Personal tokens cannot do this: sign in."
        )
        return False


def needed_scope(view: Any, method: str) -> str | None:
    """The scope `view` asks of a personal token; None if no token may do it."""
    scopes: dict[str, str] = getattr(view, "scopes", {})
    declared = scopes.get(getattr(view, "action", None) or "") or scopes.get(method)
    if declared:
        return declared
    return ApiToken.Scope.READ.value if method in SAFE_METHODS else None
