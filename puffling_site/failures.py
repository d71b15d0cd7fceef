"""What a client sees when no view answered: problem JSON under /api/, a page elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from common.api import plain_problem


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/hooks/"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a suspicious operation."""
    if _for_programs(request):
        return plain_problem(400, "bad_request", "The request cannot be understood.")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if _for_programs(request):
        return plain_problem(403, "permission_denied", "You may not do this.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such path."""
    if _for_programs(request):
        detail = f"There is nothing at {request.path[:200]}: see /api/docs/ for what there is."
        return plain_problem(404, "not_found", detail)
    return defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault. The log has the traceback under the request's id."""
    if _for_programs(request):
        return plain_problem(500, "internal_error", "Something broke on our side; it was logged. Try again later.")
    return defaults.server_error(request)
