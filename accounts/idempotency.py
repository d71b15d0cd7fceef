"""`Idempotency-Key`: the same request sent twice has one effect and gets the first answer again.

    class Orders(APIView):
        @idempotent
        def post(self, request): ...

The record and the effect cannot diverge: both are written in one transaction. A crash before its commit leaves neither
(the client's retry does the work), after it both (the retry gets the stored answer). A refusal (4xx) or an exception
rolls back whatever the view wrote and keeps no record, so that the corrected request may use the same key.

Two requests with one key at once: the second finds the advisory lock taken, is told 409 with Retry-After, and gets the
first one's answer when it comes back. The lock ends with the transaction, however that ends.

A view that talks to the outside inside its request must not use this: what it sent could not be rolled back. Orders do
not: placing records the order, submission happens later from that row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import connection, transaction
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import IdempotencyRecord
from accounts.users import user_of
from common.clock import now as clock_now
from common.errors import InvalidInput, PufflingError

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=48)
MAX_LENGTH = 128
P = ParamSpec("P")


class KeyReused(PufflingError):
    """The key came before with another request."""

    status = 422
    code = "idempotency_key_reused"


class StillRunning(APIException):
    """The first request with this key has not been answered yet. `wait` becomes Retry-After, in seconds."""

    status_code = 409
    default_code = "idempotency_key_in_use"
    default_detail = "The first request with this Idempotency-Key is still running: ask again in a second."
    wait = 1


def idempotent(
    method: Callable[Concatenate[Any, Request, P], Response],
) -> Callable[Concatenate[Any, Request, P], Response]:
    """Make a view method honour `Idempotency-Key`. Without the header it runs as it is."""

    @wraps(method)
    def guarded(view: Any, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return method(view, request, *args, **kwargs)
        _check(key)
        return _once(request, key, lambda: method(view, request, *args, **kwargs), clock_now())

    return guarded


def _check(key: str) -> None:
    if not 1 <= len(key) <= MAX_LENGTH or not (key.isascii() and key.isprintable()):
        raise InvalidInput({HEADER: f"Use 1 to {MAX_LENGTH} printable ASCII characters, such as a UUID."})


def _once(request: Request, key: str, work: Callable[[], Response], now: datetime) -> Response:
    user, fingerprint = user_of(request), _fingerprint(request)
    with transaction.atomic():
        if not _try_lock(user.pk, key):
            raise StillRunning
        record = IdempotencyRecord.objects.filter(user=user, key=key).first()
        if record and record.created_at > now - KEPT_FOR:
            return _replay(record, fingerprint)
        if record:
            record.delete()
        savepoint = transaction.savepoint()
        response = work()
        if response.status_code >= 400:
            transaction.savepoint_rollback(savepoint)
            return response
        transaction.savepoint_commit(savepoint)
        IdempotencyRecord.objects.create(
            user=user,
            key=key,
            request_hash=fingerprint,
            status_code=response.status_code,
            response=json.loads(JSONRenderer().render(response.data) or "null"),
            created_at=now,
        )
        return response


def _fingerprint(request: Request) -> str:
    """What makes two requests the same: method, path and content. Spacing and key order of the JSON do not matter."""
    content = json.dumps(request.data, sort_keys=True, default=str)
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{content}".encode()).hexdigest()


def _try_lock(user_id: int, key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency:{user_id}:{key}"])
        row = cursor.fetchone()
    return bool(row and row[0])


def _replay(record: IdempotencyRecord, fingerprint: str) -> Response:
    if record.request_hash != fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request: send a new key with a new request.")
    return Response(record.response, status=record.status_code, headers={"Idempotent-Replayed": "true"})


def forget_keys(*, before: datetime) -> int:
    """Delete the records older than `before`. Returns how many."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=before).delete()
    return deleted
