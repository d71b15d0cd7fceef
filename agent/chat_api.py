"""`agent/chat/`: conversations, and the cards in them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from agent import chatting
from agent.models import ChatMessage, Conversation
from common.api import OwnedQuerysetMixin, StrictSerializer
from common.clock import now


class MessageOut(serializers.ModelSerializer[ChatMessage]):
    conversation = serializers.UUIDField(source="conversation_id")
    run = serializers.UUIDField(source="run_id", allow_null=True)

    class Meta:
        model = ChatMessage
        fields = ["id", "conversation", "role", "text", "cards", "run", "at"]
        read_only_fields = fields


class ConversationOut(serializers.ModelSerializer[Conversation]):
    class Meta:
        model = Conversation
        fields = ["id", "title", "created_at", "updated_at"]
        read_only_fields = fields


class SayIn(StrictSerializer, serializers.Serializer[Any]):
    text = serializers.CharField(max_length=chatting.LONGEST)
    conversation = serializers.UUIDField(required=False, help_text="a new one when left out")


class CardIn(StrictSerializer, serializers.Serializer[Any]):
    card = serializers.CharField(max_length=40)


class CardOut(serializers.Serializer[Any]):
    card = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(["open", "done", "declined"])
    action = serializers.UUIDField(required=False)
    sentence = serializers.CharField()


class Chat(OwnedQuerysetMixin, ListAPIView[Conversation]):
    """Your conversations, the latest first."""

    scopes = {"POST": "trade"}
    queryset = Conversation.objects.order_by("-updated_at")
    serializer_class = ConversationOut
    ordering_fields = ["updated_at", "created_at"]

    @extend_schema(request=SayIn, responses={201: MessageOut}, operation_id="agent_chat_say")
    def post(self, request: Request) -> Response:
        """Say something; the answer comes back. Drafts are on cards and become rules when you confirm them."""
        given = SayIn(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        answer = chatting.say(
            user=user_of(request), text=data["text"], now=now(), conversation_id=data.get("conversation")
        )
        return Response(MessageOut(answer).data, status=201)


class Messages(OwnedQuerysetMixin, ListAPIView[ChatMessage]):
    """The messages of a conversation, oldest first."""

    owner_field = "conversation__user"
    queryset = ChatMessage.objects.order_by("id")
    serializer_class = MessageOut

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        chatting.conversation_of(user_of(self.request), self.kwargs["conversation_id"])
        return super().get_queryset().filter(conversation=self.kwargs["conversation_id"])


class ConfirmCard(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=CardIn, responses=CardOut, operation_id="agent_chat_confirm")
    def post(self, request: Request, message_id: int) -> Response:
        """Do what a card says. It works once."""
        given = CardIn(data=request.data)
        given.is_valid(raise_exception=True)
        card = given.validated_data["card"]
        return Response(
            CardOut(chatting.confirm(user=user_of(request), message_id=message_id, card_id=card, now=now())).data
        )


class DeclineCard(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=CardIn, responses=CardOut, operation_id="agent_chat_decline")
    def post(self, request: Request, message_id: int) -> Response:
        """Leave a card undone."""
        given = CardIn(data=request.data)
        given.is_valid(raise_exception=True)
        card = given.validated_data["card"]
        return Response(
            CardOut(chatting.decline(user=user_of(request), message_id=message_id, card_id=card, now=now())).data
        )
