"""`POST /hooks/{token}/`: the one address of Puffling that takes orders from programs that do not sign in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from automation.hooks.receiving import LARGEST, Call, receive
from common.api import plain_problem
from common.clock import now

LONGEST_HEADER = 200


@csrf_exempt  # the secret in the path is what proves it; no cookie is looked at
@require_POST
def call(request: HttpRequest, token: str) -> HttpResponse:
    """202 for what was taken, whatever became of it; 404 for everything else about the token and the signature."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > LARGEST or len(request.body) > LARGEST:
        return plain_problem(413, "body_too_large", f"The body is larger than {LARGEST} bytes: send less.")
    answer = receive(
        Call(
            token=token,
            body=request.body,
            stamp=_header(request, "Puffling-Timestamp"),
            given=_header(request, "Puffling-Signature"),
            nonce=_header(request, "Puffling-Nonce"),
        ),
        now=now(),
    )
    if not answer.found:
        return plain_problem(404, "not_found", "There is nothing here.")
    if answer.too_often:
        refused = plain_problem(429, "too_often", "This webhook is called too often: wait a minute.")
        refused.headers["Retry-After"] = "60"
        return refused
    return JsonResponse({"accepted": True}, status=202)


def _header(request: HttpRequest, name: str) -> str:
    return str(request.headers.get(name, ""))[:LONGEST_HEADER]
