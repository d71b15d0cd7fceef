"""Doors to export and import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation.api import actor_of
from automation.models import Action, ActionStatus
from automation.transfer.importing import import_rules
from automation.transfer.reading import BadText
from automation.transfer.writing import FORMATS, JSON, YAML, export_rules
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from common.api import json_object
from common.clock import now
from common.errors import InvalidInput
from common.filtering import refuse_unknown
from common.parsing import StrictJSONParser, read_body

MOST_EXPORTED = 10_000  # rules in one answer: a few seconds of work
TYPES = {JSON: "application/json", YAML: "application/yaml"}


class YamlParser(BaseParser):
    """A rules file as the body itself; what a JSON body says beside it is said in the query."""

    media_type = "application/yaml"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return read_body(stream, parser_context or {}).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadText(f"is not UTF-8: byte {error.start} cannot be decoded") from None


class AnyAccept(BaseContentNegotiation):
    """The query says which format is wanted; an Accept header of a YAML reader is no reason to refuse."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Export(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="actions_export",
        parameters=[
            OpenApiParameter("format_", str, enum=FORMATS, description="json (default) or yaml"),
            OpenApiParameter("status", str, enum=ActionStatus.values, description="default: what may still fire"),
            OpenApiParameter("symbol", str),
            OpenApiParameter("ids", str, description="some rules by id, separated by commas"),
        ],
        responses={(200, "application/json"): OpenApiTypes.STR, (200, "application/yaml"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """Your rules as a file, in the words `POST actions/import/` reads. The same rules give the same bytes."""
        refuse_unknown(request, {"format_", "status", "symbol", "ids"})
        query = request.query_params
        chosen = query.get("format_") or JSON
        text = export_rules(
            user=user_of(request),
            format=chosen,
            status=query.get("status", ""),
            symbol=query.get("symbol", ""),
            ids=_ids(query["ids"]) if "ids" in query else None,
            most=MOST_EXPORTED,
        )
        return HttpResponse(
            text,
            content_type=f"{TYPES[chosen]}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="rules.{chosen}"'},
        )


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InvalidInput({"ids": f"{shown(text)} is not a list of ids separated by commas"}) from None


class ImportIn(serializers.Serializer[Any]):
    """A rules file: its `text`, or its content as `document`."""

    text = serializers.CharField(required=False, help_text="a file's text, JSON or YAML")
    document = serializers.JSONField(
        required=False, help_text='{"format": "puffling rules", "version": 1, "rules": […]}'
    )
    format_ = serializers.ChoiceField(choices=FORMATS, required=False, help_text="of the text; default: told by itself")
    dry_run = serializers.BooleanField(required=False, help_text="check and show, change nothing")
    skip_existing = serializers.BooleanField(required=False, help_text="leave out rules you have already")


class ImportedRowOut(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    ref = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    status = serializers.CharField()
    mode = serializers.CharField()
    portfolio = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    same_as = serializers.CharField(allow_blank=True)
    skipped = serializers.BooleanField()
    action = serializers.SerializerMethodField()

    def get_action(self, row: Any) -> UUID | None:
        """The rule that was made."""
        made: Action | None = row.action
        return made.id if made else None


class ImportOut(serializers.Serializer[Any]):
    """What became, or with `dry_run` would become, of each row."""

    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    skipped = serializers.IntegerField()
    rows = ImportedRowOut(many=True)


class Import(APIView):
    scopes = {"POST": "trade"}
    parser_classes = [StrictJSONParser, YamlParser]

    @extend_schema(
        request={"application/json": ImportIn, "application/yaml": OpenApiTypes.STR},
        parameters=[
            OpenApiParameter("dry_run", bool, description="with a YAML body"),
            OpenApiParameter("skip_existing", bool, description="with a YAML body"),
        ],
        responses={200: ImportOut, 201: ImportOut},
        operation_id="actions_import",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create rules from a file: all of them or, if one row is wrong, none; then every mistake is named."""
        asked = _asked(request)
        report = import_rules(user=user_of(request), now=now(), actor=actor_of(request), **asked)
        return Response(ImportOut(report).data, status=200 if report.dry_run else 201)


def _asked(request: Request) -> dict[str, Any]:
    """What is to be imported, and how."""
    if isinstance(request.data, str):  # YAML
        refuse_unknown(request, {"dry_run", "skip_existing"})
        query = request.query_params
        flags = {name: _flag(query, name) for name in ("dry_run", "skip_existing")}
        return {"text": request.data, "format": YAML, **flags}
    refuse_unknown(request, set())
    try:
        read = Reader(json_object(request), "a field of an import")
        asked: dict[str, Any] = {
            "text": read.take("text"),
            "document": read.take("document"),
            "format": read.choice("format_", FORMATS, default=""),
            "dry_run": read.flag("dry_run", default=False),
            "skip_existing": read.flag("skip_existing", default=False),
        }
        if (asked["text"] is None) == (asked["document"] is None):
            read.errors["text"] = "give exactly one of text and document"
        elif asked["text"] is not None and not isinstance(asked["text"], str):
            read.errors["text"] = f"{shown(asked['text'])} is not a text"
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return asked


def _flag(query: Mapping[str, str], name: str) -> bool:
    given = query.get(name, "false").lower()
    if given not in ("true", "false"):
        raise InvalidInput({name: f"{shown(given)} is not true or false"})
    return given == "true"
