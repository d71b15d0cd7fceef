"""`alerts/channels/` and `alerts/deliveries/`: where alerts go besides the site, and what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from alerts.channels import keeping
from alerts.models import AlertChannel, Delivery
from common.api import OwnedQuerysetMixin, json_object
from common.clock import now


class ChannelOut(serializers.ModelSerializer[AlertChannel]):
    """A channel. Where it sends is never shown again, only `hint`."""

    class Meta:
        model = AlertChannel
        fields = [
            "id",
            "name",
            "kind",
            "hint",
            "enabled",
            "verbosity",
            "quiet_from",
            "quiet_until",
            "time_zone",
            "flood_count",
            "flood_minutes",
            "digest_minutes",
            "repeat_minutes",
            "repeat_most",
            "failures_in_a_row",
            "last_sent_at",
            "last_error",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class NewChannelOut(ChannelOut):
    signing_key = serializers.CharField(
        allow_blank=True, help_text="webhook: what messages are signed with; shown only now"
    )

    class Meta(ChannelOut.Meta):
        fields = [*ChannelOut.Meta.fields, "signing_key"]
        read_only_fields = fields


class ChannelIn(serializers.Serializer[Any]):
    """What a channel is made of. `alerts.channels.reading` checks it: every field at once, with value and fix."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=AlertChannel.Kind.choices)
    target = serializers.CharField(
        write_only=True,
        help_text="ann@example.com · https://example.com/hook · https://ntfy.sh/my-topic · tgram://bot-token/chat-id",
    )
    token = serializers.CharField(required=False, write_only=True, help_text="ntfy: an access token, if needed")
    enabled = serializers.BooleanField(required=False)
    verbosity = serializers.DictField(
        child=serializers.ChoiceField(choices=AlertChannel.Verbosity.choices),
        required=False,
        help_text='by kind of alert, and "default"; critical alerts are never only collected',
    )
    quiet_from = serializers.CharField(required=False, allow_null=True, help_text="HH:MM; critical alerts come through")
    quiet_until = serializers.CharField(required=False, allow_null=True, help_text="HH:MM")
    time_zone = serializers.CharField(required=False, help_text="of the quiet hours; default: yours")
    flood_count = serializers.IntegerField(required=False, help_text="default 10 messages …")
    flood_minutes = serializers.IntegerField(required=False, help_text="… in 10 minutes; more become one digest")
    digest_minutes = serializers.IntegerField(required=False, help_text="default 60")
    repeat_minutes = serializers.IntegerField(
        required=False, allow_null=True, help_text="critical alerts come again until acknowledged; 0 or null: once"
    )
    repeat_most = serializers.IntegerField(required=False, help_text="default 10")


class ChannelChanges(ChannelIn):
    """An edit: any of a channel's fields, except its kind."""

    name = serializers.CharField(max_length=80, required=False)
    kind = serializers.ChoiceField(choices=AlertChannel.Kind.choices, required=False)
    target = serializers.CharField(required=False, write_only=True)


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    """One alert on its way to one channel. `reason` says why it waits, or was not sent."""

    channel_name = serializers.CharField(source="channel.name")
    title = serializers.CharField(source="alert.title")

    class Meta:
        model = Delivery
        fields = [
            "id",
            "alert",
            "title",
            "channel",
            "channel_name",
            "state",
            "reason",
            "digest",
            "silent",
            "attempts",
            "repeats",
            "next_try_at",
            "message_id",
            "outcome",
            "created_at",
            "sent_at",
        ]
        read_only_fields = fields


class DeliveryFilters(django_filters.FilterSet):
    class Meta:
        model = Delivery
        fields = ["state", "channel", "alert", "reason"]


class Channels(OwnedQuerysetMixin, ListAPIView[AlertChannel]):
    """Where your alerts go besides the site."""

    queryset = AlertChannel.objects.order_by("name")
    serializer_class = ChannelOut
    ordering_fields = ["name", "created_at", "last_sent_at"]
    scopes = {"GET": "read", "POST": "admin"}

    @extend_schema(request=ChannelIn, responses={201: NewChannelOut}, operation_id="alerts_channels_create")
    def post(self, request: Request) -> Response:
        """Make a channel. Its target is kept encrypted; send a test to see whether it works."""
        channel, key = keeping.create(user=user_of(request), data=json_object(request), now=now())
        return Response({**ChannelOut(channel).data, "signing_key": key}, status=201)


class Channel(APIView):
    scopes = {"GET": "read", "PATCH": "admin", "DELETE": "admin"}

    @extend_schema(responses=ChannelOut, operation_id="alerts_channels_retrieve")
    def get(self, request: Request, channel_id: UUID) -> Response:
        """One channel."""
        return Response(ChannelOut(keeping.channel_of(user_of(request), channel_id)).data)

    @extend_schema(request=ChannelChanges, responses=NewChannelOut, operation_id="alerts_channels_update")
    def patch(self, request: Request, channel_id: UUID) -> Response:
        """Edit a channel. A webhook's new target gets a new signing key."""
        changes = json_object(request)
        channel, key = keeping.update(user=user_of(request), channel_id=channel_id, changes=changes, now=now())
        return Response({**ChannelOut(channel).data, "signing_key": key})

    @extend_schema(responses={204: None}, operation_id="alerts_channels_delete")
    def delete(self, request: Request, channel_id: UUID) -> Response:
        """Forget a channel, where it sends, and what it sent. The alerts stay."""
        keeping.delete(user=user_of(request), channel_id=channel_id, now=now())
        return Response(status=204)


class Test(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: DeliveryOut}, operation_id="alerts_channels_test")
    def post(self, request: Request, channel_id: UUID) -> Response:
        """Send a test message now; ask `alerts/deliveries/` for its outcome."""
        delivery = keeping.send_test(user=user_of(request), channel_id=channel_id, now=now())
        return Response(DeliveryOut(delivery).data, status=202)


class Deliveries(OwnedQuerysetMixin, ListAPIView[Delivery]):
    """What was sent over your channels, or not, and why: newest first."""

    queryset = Delivery.objects.select_related("channel", "alert").order_by("-id")
    serializer_class = DeliveryOut
    owner_field = "channel__user"
    filterset_class = DeliveryFilters
    ordering_fields = ["id", "created_at", "sent_at", "next_try_at"]
