"""Mounted under /api/."""

from __future__ import annotations

from django.urls import path

from accounts import api

urlpatterns = [
    path("auth/token/", api.SignIn.as_view()),
    path("auth/token/refresh/", api.Refresh.as_view()),
    path("auth/refresh/", api.Refresh.as_view(schema=None)),  # the same under the shorter name
    path("auth/logout/", api.SignOut.as_view()),
    path("auth/tokens/", api.Tokens.as_view()),
    path("auth/tokens/<uuid:token_id>/", api.Token.as_view()),
    path("auth/credentials/", api.Credentials.as_view()),
    path("auth/credentials/<slug:kind>/", api.OneCredential.as_view()),
    path("auth/ticket/", api.Ticket.as_view()),
    path("auth/me/", api.Me.as_view()),
]
