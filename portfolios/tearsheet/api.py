"""`portfolios/{id}/tear-sheet/`: performance, risk and curve in one call, or as a document to keep."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from common.clock import now
from portfolios.api import owned
from portfolios.performance.api import asked
from portfolios.performance.bodies import curve_body, performance_body, risk_body
from portfolios.performance.reporting import performance_of
from portfolios.performance.serializers import PerformanceQuery, TearSheetOut
from portfolios.risk.reporting import risk_of
from portfolios.tearsheet.composing import compose
from portfolios.tearsheet.html import html

JSON, HTML, PDF = "json", "html", "pdf"


class TearSheetQuery(PerformanceQuery):
    format_ = serializers.ChoiceField([JSON, HTML, PDF], default=JSON, help_text="html and pdf are files to keep")


class AnyAccept(BaseContentNegotiation):
    """The query says which format is wanted; an Accept header of a PDF reader is no reason to refuse."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class TearSheet(APIView):
    permission_classes = [HasScope]
    content_negotiation_class = AnyAccept
    scopes = {"GET": "read"}

    @extend_schema(
        parameters=[TearSheetQuery],
        responses={
            (200, "application/json"): TearSheetOut,
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
        operation_id="portfolios_tear_sheet",
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse | Response:
        """How a portfolio did and what it risks: everything a page needs in one call, or one file of it."""
        portfolio = owned(request, pk)
        query = asked(request, TearSheetQuery)
        wanted, moment = query.pop("format_"), now()
        report = performance_of(portfolio, **query, now=moment)
        risk = risk_of(portfolio, benchmark=query["benchmark"], now=moment)
        if wanted == JSON:
            body = {
                "portfolio": portfolio.name,
                "performance": performance_body(report),
                "risk": risk_body(risk),
                "curve": curve_body(report),
            }
            return Response(TearSheetOut(body).data)
        sheet = compose(portfolio.name, report, risk)
        name = f"{slugify(portfolio.name) or 'portfolio'}-{moment:%Y-%m-%d}.{wanted}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if wanted == HTML:
            return HttpResponse(html(sheet), content_type="text/html; charset=utf-8", headers=headers)
        from portfolios.tearsheet.pdf import pdf  # noqa: PLC0415  reportlab: 10 MB that only a PDF needs

        return HttpResponse(pdf(sheet), content_type="application/pdf", headers=headers)
