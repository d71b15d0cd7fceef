"""The markets doors: quotes, bars, instruments, calendar, watchlist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import HasScope
from common import clock
from common.errors import InvalidInput, NotFound
from markets import calendar, instruments, watchlists
from markets.models import CorporateAction, Exchange, Instrument, Quote, WatchlistItem
from markets.selectors import bars
from markets.serializers import (
    BarsAnswer,
    BarsQuery,
    CalendarAnswer,
    CalendarQuery,
    CorporateActionSerializer,
    InstrumentSerializer,
    QuoteSerializer,
    QuotesQuery,
    SearchQuery,
    WatchlistEntry,
    WatchlistSerializer,
)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_SPAN = timedelta(days=800)


def asked(request: Request, query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The query parameters, checked."""
    parsed = query(data=request.query_params)
    parsed.is_valid(raise_exception=True)
    return cast(dict[str, Any], parsed.validated_data)


class CorporateActionFilters(django_filters.FilterSet):
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")

    class Meta:
        model = CorporateAction
        fields = ["symbol", "kind"]


@extend_schema(parameters=[QuotesQuery], tags=["markets"])
class Quotes(generics.ListAPIView[Quote]):
    """The standing quotes of some symbols. A symbol without a quote is not in the answer."""

    permission_classes = [HasScope]
    serializer_class = QuoteSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Quote]:
        quotes = Quote.objects.select_related("instrument").order_by("instrument_id")
        if getattr(self, "swagger_fake_view", False):
            return quotes
        return quotes.filter(instrument_id__in=asked(self.request, QuotesQuery)["symbols"])


class Bars(APIView):
    permission_classes = [HasScope]

    @extend_schema(parameters=[BarsQuery], responses=BarsAnswer, tags=["markets"])
    def get(self, request: Request) -> Response:
        """Bars of one symbol, oldest first."""
        query = asked(request, BarsQuery)
        instrument = instruments.by_symbol(query["symbol"])
        found = bars(
            instrument.symbol,
            query["timeframe"],
            query.get("start", BEGINNING),
            query.get("end", clock.now()),
            query["limit"],
        )
        answer = {
            "symbol": instrument.symbol,
            "timeframe": query["timeframe"],
            "demo": instrument.demo,
            "data_label": instrument.data_label,
            "results": found,
        }
        return Response(BarsAnswer(answer).data)


@extend_schema(parameters=[SearchQuery], tags=["markets"])
class Instruments(generics.ListAPIView[Instrument]):
    """Instruments whose symbol, name or nickname matches `search`, best first."""

    permission_classes = [HasScope]
    serializer_class = InstrumentSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Instrument]:
        if getattr(self, "swagger_fake_view", False):
            return Instrument.objects.none()
        return instruments.search(asked(self.request, SearchQuery)["search"])


class Calendar(APIView):
    permission_classes = [HasScope]

    @extend_schema(parameters=[CalendarQuery], responses=CalendarAnswer, tags=["markets"])
    def get(self, request: Request) -> Response:
        """The sessions of an exchange, and whether it is open now."""
        query, now = asked(request, CalendarQuery), clock.now()
        code = query["exchange"].upper()
        exchange = Exchange.objects.filter(pk=code).first()
        if exchange is None:
            known = ", ".join(Exchange.objects.order_by("pk").values_list("pk", flat=True)) or "none yet"
            raise NotFound(f"There is no exchange {query['exchange']!r}: known are {known}.")
        start = query.get("start", now.date())
        end = query.get("end", start + timedelta(days=30))
        if not timedelta(0) <= end - start <= LONGEST_SPAN:
            raise InvalidInput({"end": f"{end} must be 0 to {LONGEST_SPAN.days} days after start ({start})."})
        coming = calendar.next_session(code, now)
        answer = {
            "exchange": code,
            "name": exchange.name,
            "time_zone": exchange.time_zone,
            "always_open": exchange.always_open,
            "demo": code == calendar.DEMO,
            "is_open": calendar.is_open(code, now),
            "next_open": coming.opens_at if coming else None,
            "results": calendar.sessions_between(code, start, end),
        }
        return Response(CalendarAnswer(answer).data)


class CorporateActions(generics.ListAPIView[CorporateAction]):
    """Splits and cash dividends, the latest ex-date first. Administrators enter them (admin, or a CSV file)."""

    permission_classes = [HasScope]
    serializer_class = CorporateActionSerializer
    filterset_class = CorporateActionFilters
    queryset = CorporateAction.objects.order_by("-ex_date", "-id")
    ordering_fields = ["ex_date"]


@extend_schema(tags=["markets"])
class Watchlist(generics.ListAPIView[WatchlistItem]):
    """The symbols you want to see live."""

    permission_classes = [HasScope]
    scopes = {"GET": "read", "POST": "trade"}
    serializer_class = WatchlistSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[WatchlistItem]:
        if getattr(self, "swagger_fake_view", False):
            return WatchlistItem.objects.none()
        return watchlists.of(cast(User, self.request.user))

    @extend_schema(request=WatchlistEntry, responses={201: WatchlistSerializer})
    def post(self, request: Request) -> Response:
        """Add a symbol; adding it again changes nothing."""
        entry = WatchlistEntry(data=request.data)
        entry.is_valid(raise_exception=True)
        item = watchlists.add(user=cast(User, request.user), symbol=entry.validated_data["symbol"])
        return Response(WatchlistSerializer(item).data, status=status.HTTP_201_CREATED)


class WatchlistSymbol(APIView):
    permission_classes = [HasScope]
    scopes = {"DELETE": "trade"}

    @extend_schema(responses={204: None}, tags=["markets"])
    def delete(self, request: Request, symbol: str) -> Response:
        """Take a symbol off the watchlist."""
        watchlists.remove(user=cast(User, request.user), symbol=symbol)
        return Response(status=status.HTTP_204_NO_CONTENT)
