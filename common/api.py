"""What every API door shares: problem JSON (RFC 9457), pagination, owner scoping."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from common.errors import InvalidInput, PufflingError

log = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"


class Pages(PageNumberPagination):
    """`page` and `page_size` (at most 200) -> {count, next, previous, results}."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


def problem(status: int, code: str, detail: str, errors: Mapping[str, list[str]] | None = None) -> Response:
    """A problem JSON response."""
    body: dict[str, Any] = {
        "type": f"/api/docs/#problem-{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, content_type=PROBLEM_JSON)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes problem JSON with per-field errors. Bugs are left to raise."""
    if isinstance(error, InvalidInput):
        set_rollback()
        return problem(error.status, error.code, error.detail, error.errors)
    if isinstance(error, PufflingError):
        set_rollback()
        return problem(error.status, error.code, error.detail)
    if isinstance(error, RequestDataTooBig):
        set_rollback()
        return problem(413, "body_too_large", "The request body is larger than 1 MB: send less, or split it.")
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    if isinstance(error, exceptions.ValidationError):
        fields = flatten(error.detail)
        text = "; ".join(f"{field}: {' '.join(messages)}" for field, messages in fields.items())
        made = problem(response.status_code, "invalid", text, fields)
    else:
        made = problem(response.status_code, _code(error), str(error.detail))
    for name, value in response.headers.items():  # WWW-Authenticate, Retry-After
        if name.lower() not in ("content-type", "allow", "vary"):
            made.headers[name] = value
    return made


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "error"


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested errors as {dotted.field: [messages]}."""
    if isinstance(detail, Mapping):
        out: dict[str, list[str]] = {}
        for key, value in detail.items():
            name = f"{prefix}.{key}" if prefix and key != "non_field_errors" else prefix or str(key)
            for field, messages in flatten(value, name).items():
                out.setdefault(field, []).extend(messages)
        return out
    if isinstance(detail, list) and any(isinstance(item, (Mapping, list)) for item in detail):
        out = {}
        for index, item in enumerate(detail):
            if item:
                out.update(flatten(item, f"{prefix}.{index}" if prefix else str(index)))
        return out
    messages = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(message) for message in messages]}
