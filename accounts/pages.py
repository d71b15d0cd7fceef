"""The pages with which people sign in and out."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.links import use_link
from common.clock import now

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignInPage(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in with a one-time link.

    Opening it is enough: it is printed on the terminal of whoever started Puffling, so one click is what they expect.
    What merely looks at links does not spend it: HEAD, and browsers fetching ahead, get a page with a button.
    Opening a spent link in the browser that spent it goes on to the site; elsewhere it says so.
    """
    looking = request.method == "HEAD" or "prefetch" in (
        request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    )
    if looking:
        return render(request, "accounts/login_link.html", {"confirm": True})
    user = use_link(secret, now=now())
    if user is None:
        if request.user.is_authenticated:
            return redirect("/")
        return render(request, "accounts/login_link.html", {"confirm": False}, status=410)
    login(request, user, backend=BACKEND)
    return redirect("/")


urlpatterns = [
    path("login/", SignInPage.as_view(), name="login"),
    path("login/link/<str:secret>/", login_link, name="login_link"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
