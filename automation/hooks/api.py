"""`actions/{id}/hook/`: the rule's secret address, and who called it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from automation.hooks import keeping
from automation.models import ActionHook, HookCall
from common.api import OwnedQuerysetMixin, StrictSerializer
from common.clock import now


class HookOut(serializers.ModelSerializer[ActionHook]):
    """A rule's address, without its secret."""

    class Meta:
        model = ActionHook
        fields = ["action", "prefix", "signed", "created_at", "last_called_at"]
        read_only_fields = fields


class NewHookOut(HookOut):
    url = serializers.URLField(help_text="POST here; shown only now")
    signing_key = serializers.CharField(allow_blank=True, help_text="if signed: the key; shown only now")

    class Meta(HookOut.Meta):
        fields = [*HookOut.Meta.fields, "url", "signing_key"]
        read_only_fields = fields


class HookIn(StrictSerializer, serializers.Serializer[Any]):
    signed = serializers.BooleanField(default=False, help_text="whether calls must carry Puffling-Signature")


class CallOut(serializers.ModelSerializer[HookCall]):
    """One call. `body` is what somebody sent: not to be trusted."""

    class Meta:
        model = HookCall
        fields = ["id", "received_at", "outcome", "reason", "body", "execution"]
        read_only_fields = fields


class Hook(APIView):
    scopes = {"GET": "read", "POST": "trade", "DELETE": "trade"}

    @extend_schema(responses=HookOut, operation_id="actions_hook_retrieve")
    def get(self, request: Request, action_id: UUID) -> Response:
        """The rule's webhook address, without its secret. 404 when it has none."""
        return Response(HookOut(keeping.hook_of(user_of(request), action_id)).data)

    @extend_schema(request=HookIn, responses={201: NewHookOut}, operation_id="actions_hook_generate")
    def post(self, request: Request, action_id: UUID) -> Response:
        """Make the address, or a new one: the old one ends at once. Address and key are shown in this answer only."""
        given = HookIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = keeping.generate(user=user_of(request), action_id=action_id, now=now(), **given.validated_data)
        url = request.build_absolute_uri(f"/hooks/{made.token}/")
        return Response({**HookOut(made.hook).data, "url": url, "signing_key": made.signing_key}, status=201)

    @extend_schema(responses={204: None}, operation_id="actions_hook_delete")
    def delete(self, request: Request, action_id: UUID) -> Response:
        """Take the address away, with the list of its calls. The rule stays."""
        keeping.delete(user=user_of(request), action_id=action_id)
        return Response(status=204)


class Calls(OwnedQuerysetMixin, ListAPIView[HookCall]):
    """Who called the rule's webhook, and what became of it: newest first, kept for 30 days."""

    queryset = HookCall.objects.order_by("-received_at", "-id")
    serializer_class = CallOut
    owner_field = "hook__action__user"
    ordering_fields = ["received_at"]

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return found
        hook = keeping.hook_of(user_of(self.request), self.kwargs["action_id"])
        return found.filter(hook=hook)
