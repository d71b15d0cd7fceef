"""The door to importing a history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from common.clock import now
from common.filtering import refuse_unknown
from common.parsing import StrictJSONParser, read_body
from portfolios.api import owned
from portfolios.importing.booking import import_history
from portfolios.importing.formats.registry import FORMATS
from portfolios.importing.serializers import HistoryIn, HistoryOut

QUERY = ("format_", "dry_run", "allow_negative_cash")


class CsvParser(BaseParser):
    """The file as the body itself; what a JSON body says beside it is said in the query."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return read_body(stream, parser_context or {}).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError(f"The file is not UTF-8: byte {error.start} cannot be decoded.", "malformed_csv") from None


class ImportTransactions(APIView):
    scopes = {"POST": "trade"}
    parser_classes = [StrictJSONParser, CsvParser]

    @extend_schema(
        request={"application/json": HistoryIn, "text/csv": OpenApiTypes.STR},
        parameters=[
            OpenApiParameter("format_", str, enum=list(FORMATS), description="with a CSV body"),
            OpenApiParameter("dry_run", bool, description="with a CSV body"),
            OpenApiParameter("allow_negative_cash", bool, description="with a CSV body"),
        ],
        responses={200: HistoryOut, 201: HistoryOut},
        operation_id="portfolios_transactions_import",
    )
    @idempotent
    def post(self, request: Request, pk: UUID) -> Response:
        """Import a broker's export or our own CSV: all of it or, if one row is wrong, nothing and every mistake named.

        Rows that were imported before are left alone, so that the same file, or one that overlaps, can come again.
        """
        portfolio = owned(request, pk)
        if isinstance(request.data, str):
            refuse_unknown(request, set(QUERY))
            data = {
                "text": request.data,
                **{name: request.query_params[name] for name in QUERY if name in request.query_params},
            }
        else:
            refuse_unknown(request, ())
            data = request.data
        asked = HistoryIn(data=data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        report = import_history(portfolio=portfolio, now=now(), format=given.pop("format_", ""), **given)
        return Response(HistoryOut(report).data, status=200 if report.dry_run else 201)
