"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from markets import api
from markets.news import api as news_api

urlpatterns = [
    path("markets/quotes/", api.Quotes.as_view()),
    path("markets/bars/", api.Bars.as_view()),
    path("markets/instruments/", api.Instruments.as_view()),
    path("markets/calendar/", api.Calendar.as_view()),
    path("markets/corporate-actions/", api.CorporateActions.as_view()),
    path("markets/news/", news_api.NewsView.as_view()),
    path("markets/watchlist/", api.Watchlist.as_view()),
    path("markets/watchlist/<str:symbol>/", api.WatchlistSymbol.as_view()),
]
