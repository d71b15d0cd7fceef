"""`agent/runs/{id}/drafts/{draft}/…`: what the agent wanted done to a rule, accepted or declined by a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from agent import answering
from common.clock import now


class DraftOut(serializers.Serializer[Any]):
    """A draft after it was answered. `action`: the rule it made or changed."""

    card = serializers.UUIDField()
    kind = serializers.CharField(help_text="create, edit, pause, resume or cancel")
    sentence = serializers.CharField()
    why = serializers.CharField(help_text="why a person had to decide")
    state = serializers.CharField(help_text="open, done or declined")
    action = serializers.UUIDField(required=False)


class AcceptDraft(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=DraftOut, operation_id="agent_drafts_accept")
    @idempotent
    def post(self, request: Request, run_id: UUID, draft_id: UUID) -> Response:
        """Do what the draft says, in your name."""
        done = answering.accept_draft(user=user_of(request), run_id=run_id, draft_id=draft_id, now=now())
        return Response(DraftOut(done).data)


class DeclineDraft(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=DraftOut, operation_id="agent_drafts_decline")
    def post(self, request: Request, run_id: UUID, draft_id: UUID) -> Response:
        """Leave it."""
        left = answering.decline_draft(user=user_of(request), run_id=run_id, draft_id=draft_id, now=now())
        return Response(DraftOut(left).data)
