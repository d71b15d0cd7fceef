"""`markets/news/`: the news about some symbols, fetched with the caller's own keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from accounts.users import user_of
from common import clock
from common.filtering import refuse_unknown
from markets.models import NewsArticle
from markets.news.keeping import LONGEST_BACK, MOST, latest
from markets.serializers import symbols_in

MOST_SYMBOLS = 50


class NewsQuery(serializers.Serializer[Any]):
    symbols = serializers.CharField(help_text=f"comma-separated, at most {MOST_SYMBOLS}")
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_BACK.days, default=2, help_text="how far back; at most 30"
    )
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=20, help_text="the newest so many")

    def validate_symbols(self, value: str) -> list[str]:
        return symbols_in(value, most=MOST_SYMBOLS)


class NewsArticleSerializer(serializers.ModelSerializer[NewsArticle]):
    class Meta:
        model = NewsArticle
        fields = ("id", "provider", "headline", "summary", "publisher", "link", "symbols", "published_at")
        read_only_fields = fields


class NewsAnswer(serializers.Serializer[Any]):
    available = serializers.BooleanField(help_text="false: there is no source of news; `reason` says what to do")
    reason = serializers.CharField()
    results = NewsArticleSerializer(many=True, help_text="the newest first; texts are the publishers'")


class NewsView(APIView):
    permission_classes = [HasScope]

    @extend_schema(
        parameters=[NewsQuery],
        responses={200: NewsAnswer, 502: None},
        tags=["markets"],
        operation_id="markets_news_retrieve",
    )
    def get(self, request: Request) -> Response:
        """The newest articles about some symbols, fetched now with your own Alpaca keys."""
        refuse_unknown(request, set(NewsQuery().fields))
        given = NewsQuery(data=request.query_params)
        given.is_valid(raise_exception=True)
        query, now = given.validated_data, clock.now()
        found = latest(
            user_id=user_of(request).pk,
            symbols=query["symbols"],
            since=now - timedelta(days=query["days"]),
            limit=query["limit"],
            now=now,
        )
        answer = {"available": found.available, "reason": found.reason, "results": found.articles}
        return Response(NewsAnswer(answer).data)
