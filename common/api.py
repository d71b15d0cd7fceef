"""What every API door shares: problem JSON (RFC 9457), pagination, owner scoping, refusal of unknown fields."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, OperationalError
from django.db.models import QuerySet
from django.http import Http404, JsonResponse
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from common.errors import InvalidInput, PufflingError

log = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"

if TYPE_CHECKING:
    from rest_framework.generics import GenericAPIView

    _Serializer = serializers.Serializer[Any]
    _View = GenericAPIView[Any]
else:
    _Serializer = _View = object


class StrictSerializer(_Serializer):
    """Mixin for write serializers: a field that does not exist is an error that names the nearest one that does.

        class ActionIn(StrictSerializer, serializers.Serializer): ...

    Silently dropping `quantitiy` or `max_excutions` would make a rule its author did not ask for.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = [name for name, field in self.fields.items() if not field.read_only]
            unknown = {str(key): [_unknown_field(str(key), writable)] for key in data if key not in writable}
            if unknown:
                raise exceptions.ValidationError(unknown)
        return super().to_internal_value(data)


def _unknown_field(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"Unknown field. Did you mean {nearest[0]!r}?" if nearest else f"Unknown field. Known: {', '.join(known)}."


class OwnedQuerysetMixin(_View):
    """Generic views see the signed-in user's rows only: another user's id is 404, like one that never was."""

    owner_field = "user"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular asks without a user
            return queryset.none()
        return queryset.filter(**{self.owner_field: self.request.user})


class Pages(PageNumberPagination):
    """`page` and `page_size` (at most 200) -> {count, next, previous, results}."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


def problem_body(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, list[str]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The members of a problem (RFC 9457): `code` for programs, `detail` for people, `errors` per field."""
    body: dict[str, Any] = {
        **(extra or {}),
        "type": f"/api/docs/#problem-{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return body


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, list[str]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """A problem as the answer of a DRF view."""
    return Response(problem_body(status, code, detail, errors, extra), status=status, content_type=PROBLEM_JSON)


def plain_problem(status: int, code: str, detail: str) -> JsonResponse:
    """A problem as the answer of plain Django: middleware and error handlers."""
    return JsonResponse(problem_body(status, code, detail), status=status, content_type=PROBLEM_JSON)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes problem JSON with per-field errors. Bugs are left to raise."""
    if isinstance(error, InvalidInput):
        set_rollback()
        return problem(error.status, error.code, error.detail, error.errors, error.extra)
    if isinstance(error, PufflingError):
        set_rollback()
        return problem(error.status, error.code, error.detail, extra=error.extra)
    if isinstance(error, RequestDataTooBig):
        set_rollback()
        return problem(413, "body_too_large", "The request body is larger than 1 MB: send less, or split it.")
    if isinstance(error, OperationalError):
        set_rollback()
        log.error("database unavailable: %s", error)
        answer = problem(503, "database_unavailable", "The database did not answer in time: try again in a moment.")
        answer.headers["Retry-After"] = "2"
        return answer
    if isinstance(error, DataError):
        set_rollback()
        log.warning("PostgreSQL refused a value: %s", error)
        return problem(400, "out_of_range", "A number, date or text in the request is outside what can be stored.")
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
        made = problem(response.status_code, _code(error), _words(error))
    for name, value in response.headers.items():  # WWW-Authenticate, Retry-After
        if name.lower() not in ("content-type", "allow", "vary"):
            made.headers[name] = value
    return made


def _code(error: exceptions.APIException) -> str:
    if isinstance(error.detail, Mapping):  # simplejwt: {"detail": …, "code": …}
        return str(error.detail.get("code", "error"))
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "error"


def _words(error: exceptions.APIException) -> str:
    detail = error.detail
    return str(detail.get("detail", detail)) if isinstance(detail, Mapping) else str(detail)


def json_object(request: Request) -> Mapping[str, Any]:
    """The request's body as an object. Raises InvalidInput."""
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


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
