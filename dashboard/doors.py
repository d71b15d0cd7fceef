"""What every page shares: signed in, in the user's time zone, inside the frame (navigation, badges, kill switch)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from accounts.guiding import is_offered
from accounts.models import User
from common.clock import now
from common.errors import InvalidInput, NotFound, PufflingError
from dashboard.selectors.frame import frame_of

P = ParamSpec("P")


class UserRequest(HttpRequest):
    """A request of a signed-in user."""

    user: User
    htmx: HtmxDetails


def page(view: Callable[Concatenate[UserRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Signed-in users only; times in the user's zone; what is not theirs does not exist."""

    @wraps(view)
    def inner(request: UserRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        with timezone.override(ZoneInfo(request.user.time_zone)):
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(error.detail) from error

    return inner


def _sign_in_first(request: UserRequest) -> HttpResponse:
    """A part of a page gets 401, which the page explains: a sign-in form has no place inside a part.

    After a form that was sent too late, the sign-in leads back to the page of the form.
    """
    if request.htmx:
        return HttpResponse("Your session has ended: sign in again.", status=401, content_type="text/plain")
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    came_from = urlsplit(request.headers.get("Referer", ""))
    ours = came_from.netloc == request.get_host()
    query = urlencode({"ended": 1, "next": came_from.path if ours and came_from.path else "/"})
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")


def show(
    request: UserRequest, template: str, context: dict[str, Any], *, active: str = "", status: int = 200
) -> HttpResponse:
    """Render a full page inside the frame. `active` names the navigation entry."""
    frame = frame_of(request.user, now=now())
    offered = active == "overview" and is_offered(request.user)
    around = {"frame": frame, "active": active, "guide_offered": offered}
    return render(request, template, {**context, **around}, status=status)


def attempt(request: UserRequest, success: str | None, act: Callable[[], Any]) -> bool:
    """Run one domain call and tell the user what came of it; with None, success is told by the caller.

    NotFound is left to become a 404.
    """
    try:
        act()
    except NotFound:
        raise
    except InvalidInput as error:
        for field, texts in error.errors.items():
            messages.error(request, f"{field.replace('_', ' ')}: {' '.join(texts)}")
        return False
    except PufflingError as error:
        messages.error(request, error.detail)
        return False
    if success is not None:
        messages.success(request, success)
    return True


def back(request: UserRequest, fallback: str, **kwargs: Any) -> HttpResponse:
    """Redirect to the page the form names in `next`, if it is one of ours."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(fallback, **kwargs)


def actor(user: User) -> str:
    """Who did it, for versions and the audit log."""
    return user.get_username()[:80]
