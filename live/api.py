"""`GET events/`: what the sockets announced, for whoever was not listening."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from common.filtering import refuse_unknown
from live.catching_up import catch_up

MAX_EVENTS = 500


class EventsIn(serializers.Serializer[Any]):
    after = serializers.IntegerField(default=0, min_value=0, max_value=2**62, help_text="the last seq you have")
    limit = serializers.IntegerField(default=200, min_value=1, max_value=MAX_EVENTS)


class EventOut(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="1, 2, 3 … for each user, without gaps")
    topic = serializers.CharField()
    kind = serializers.CharField()
    payload = serializers.DictField()
    trace_id = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()


class EventsOut(serializers.Serializer[Any]):
    last_seq = serializers.IntegerField(help_text="the newest there is")
    more = serializers.BooleanField(help_text="true: ask again after the last of these")
    forgotten = serializers.BooleanField(help_text="true: events after `after` are too old to be kept; reload instead")
    results = EventOut(many=True)


class Events(APIView):
    @extend_schema(parameters=[EventsIn], responses=EventsOut, operation_id="events_list")
    def get(self, request: Request) -> Response:
        """Events after `after`, oldest first."""
        refuse_unknown(request, {"after", "limit"})
        given = EventsIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        found = catch_up(user_of(request).pk, **given.validated_data)
        return Response(
            {
                "last_seq": found.last_seq,
                "more": found.more,
                "forgotten": found.forgotten,
                "results": [event.message() for event in found.events],
            }
        )
