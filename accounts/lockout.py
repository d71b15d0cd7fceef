"""What a client is told when too many wrong passwords locked it out (django-axes)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.api import plain_problem


def locked_out(
    request: HttpRequest, _response: HttpResponse | None = None, _credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """429: problem JSON for the API, the login page with the reason for people."""
    wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
    words = (
        f"Too many wrong passwords for this name from this address: wait {wait // 60} minutes, or use a login link "
        "(manage.py login_link)."
    )
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = plain_problem(429, "locked_out", words)
    else:
        answer = render(request, "accounts/login.html", {"locked_out": words}, status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer
