"""What the account doors read and write."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from rest_framework import serializers

from accounts.models import ApiToken, Credential, User
from common.api import StrictSerializer


class SignInIn(StrictSerializer, serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class RefreshIn(StrictSerializer, serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class PairOut(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="send as Authorization: Bearer …; lives 15 minutes")
    refresh = serializers.CharField(help_text="exchange at auth/token/refresh/; works once, lives 7 days")


class TokenOut(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiToken.Scope.choices))

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
        read_only_fields = fields


class TokenIn(StrictSerializer, serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiToken.Scope.choices), allow_empty=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="never when left out")


class NewTokenOut(TokenOut):
    secret = serializers.CharField(help_text="shown only now; send as Authorization: Token …")

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "secret"]
        read_only_fields = fields


class TicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text='send {"ticket": …} as the first message of the socket')
    expires_at = serializers.DateTimeField()


class CredentialOut(serializers.ModelSerializer[Credential]):
    class Meta:
        model = Credential
        fields = ["kind", "last_four", "created_at", "updated_at"]
        read_only_fields = fields


class CredentialIn(StrictSerializer, serializers.Serializer[Any]):
    secret = serializers.CharField(max_length=4096, write_only=True, help_text="the key; never shown again")


class MeIn(StrictSerializer, serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["email", "time_zone"]

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError(f"{value!r} is no IANA time zone: use one like America/New_York.")
        return value


class PersonOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "email", "time_zone", "is_staff"]
        read_only_fields = fields


class MeOut(PersonOut):
    """Documents the answer of auth/me/: the person, and what this request was allowed with."""

    signed_in_with = serializers.ChoiceField(["session", "jwt", "token"])
    scopes = serializers.ListField(child=serializers.ChoiceField(ApiToken.Scope.choices))

    class Meta(PersonOut.Meta):
        fields = [*PersonOut.Meta.fields, "signed_in_with", "scopes"]
        read_only_fields = fields
