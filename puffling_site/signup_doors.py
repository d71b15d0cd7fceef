"""`/signup/` and `POST /api/auth/signup/`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import OpenView
from accounts.jwt import new_pair
from accounts.pages import BACKEND
from accounts.serializers import PairOut, PersonOut
from common.api import StrictSerializer
from common.clock import now
from common.errors import InvalidInput
from puffling_site.signup import SignupClosed, sign_up, signup_allowed

MAX_PASSWORD = 1000


class SignupIn(StrictSerializer, serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=MAX_PASSWORD, trim_whitespace=False, write_only=True)
    email = serializers.CharField(required=False, allow_blank=True, max_length=254)


class SignupOut(PairOut):
    user = PersonOut()


class Signup(OpenView):
    @extend_schema(request=SignupIn, responses={201: SignupOut}, auth=[], operation_id="auth_sign_up")
    def post(self, request: Request) -> Response:
        """Open an account with a paper portfolio of $100,000 and sign in."""
        given = SignupIn(data=request.data)
        given.is_valid(raise_exception=True)
        user = sign_up(**given.validated_data, now=now())
        return Response({**PairOut(new_pair(user)).data, "user": PersonOut(user).data}, status=201)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup_page(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    if request.user.is_authenticated:
        return redirect("/")
    given = {name: request.POST.get(name, "") for name in ("username", "email")}
    page: dict[str, Any] = {"given": given, "errors": {}, "open": signup_allowed()}
    if request.method == "POST":
        try:
            user = sign_up(**given, password=request.POST.get("password", "")[:MAX_PASSWORD], now=now())
        except InvalidInput as wrong:
            page["errors"] = wrong.errors
        except SignupClosed:
            page["open"] = False
        else:
            login(request, user, backend=BACKEND)
            return redirect("dashboard:start")
    refused = request.method == "POST"
    status = 400 if page["errors"] else 403 if refused or not page["open"] else 200
    return render(request, "accounts/signup.html", page, status=status)
