"""Settings: the account, the broker, the agent's providers, what can be taken along."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import credentials, profile
from accounts.models import Credential
from agent import checking
from common.clock import now
from common.errors import InvalidInput, NotFound, PufflingError
from dashboard.doors import UserRequest, actor, attempt, page, show
from dashboard.selectors.settings import PROVIDERS, broker_context, data_context, provider_rows
from dashboard.settings_forms import Blamed, BrokerKeysForm, ElsewhereForm, KeyForm, PasswordForm, ProfileForm
from orders import connections
from safety.policies import confirm_password

Answered = connections.Checked | checking.Checked
ALPACA = (Credential.Kind.ALPACA_KEY, Credential.Kind.ALPACA_SECRET)


@require_http_methods(["GET", "POST"])
@page
def account(request: UserRequest) -> HttpResponse:
    """Name, address, time zone; the theme is kept by the browser."""
    form = ProfileForm(request.POST or None, user=request.user)
    if request.method == "POST" and _done(request, form, lambda: profile.change_profile(
        user=request.user, data=form.typed()
    )):  # fmt: skip
        messages.success(request, "Saved.")
        return redirect("dashboard:settings")
    return _account(request, form=form)


@sensitive_post_parameters()
@require_POST
@page
def password(request: UserRequest) -> HttpResponse:
    """A new password; this session stays, all others end."""
    form = PasswordForm(request.POST)
    given = form.typed()

    def change() -> None:
        _confirm(request, given["current_password"])
        profile.set_new_password(user=request.user, password=given["new_password"], again=given["again"])

    if not _done(request, form, change):
        return _account(request, password_form=form)
    update_session_auth_hash(request, request.user)
    messages.success(request, "The password is changed. Everywhere else you are signed out.")
    return redirect("dashboard:settings")


@sensitive_post_parameters()
@require_POST
@page
def elsewhere(request: UserRequest) -> HttpResponse:
    """End every other session."""
    form = ElsewhereForm(request.POST)
    given = form.typed()["current_password"]

    def end() -> None:
        _confirm(request, given)
        profile.end_other_sessions(user=request.user, password=given)

    if not _done(request, form, end):
        return _account(request, elsewhere_form=form)
    update_session_auth_hash(request, request.user)
    messages.success(request, "Signed out everywhere else. Personal tokens still work: revoke them under API tokens.")
    return redirect("dashboard:settings")


@require_GET
@page
def broker(request: UserRequest) -> HttpResponse:
    return _broker(request, BrokerKeysForm())


@sensitive_post_parameters()
@require_POST
@page
def broker_keys(request: UserRequest) -> HttpResponse:
    """Keep Alpaca's two keys, in place of the former ones."""
    form = BrokerKeysForm(request.POST)
    given = form.typed()
    if not _done(request, form, lambda: credentials.store_pair(
        user=request.user, kinds=ALPACA, key=given["key"], secret=given["secret"], now=now()
    )):  # fmt: skip
        return _broker(request, form, status=422)
    messages.success(request, "The keys are kept, encrypted. They are not shown again.")
    return redirect("dashboard:settings-broker")


@require_POST
@page
def broker_forget(request: UserRequest) -> HttpResponse:
    """Take both keys away."""
    credentials.forget_pair(user=request.user, kinds=ALPACA)
    messages.success(request, "The keys are gone. Orders of accounts that needed them are not sent any more.")
    return redirect("dashboard:settings-broker")


@require_POST
@page
def broker_test(request: UserRequest, account_id: UUID) -> HttpResponse:
    """Ask the broker for the account."""
    checked = connections.check_account(user=request.user, account_id=account_id)
    return _answer(request, checked, "dashboard:settings-broker")


@require_GET
@page
def ai(request: UserRequest) -> HttpResponse:
    return _ai(request, KeyForm())


@sensitive_post_parameters()
@require_POST
@page
def key(request: UserRequest, kind: str) -> HttpResponse:
    """Keep a provider's key, in place of the former one."""
    _known(kind)
    form = KeyForm(request.POST)
    secret = form.typed()["secret"]
    if not _done(request, form, lambda: credentials.store(user=request.user, kind=kind, secret=secret, now=now())):
        return _ai(request, form, kind=kind, status=422)
    messages.success(request, "The key is kept, encrypted. It is not shown again.")
    return redirect("dashboard:settings-ai")


@require_POST
@page
def key_forget(request: UserRequest, kind: str) -> HttpResponse:
    """Take a provider's key away."""
    _known(kind)
    words = "The key is gone. An agent that thought with it cannot run until it has one, or another provider."
    attempt(request, words, lambda: credentials.forget(user=request.user, kind=kind))
    return redirect("dashboard:settings-ai")


@require_POST
@page
def key_test(request: UserRequest, kind: str) -> HttpResponse:
    """Ask the provider for its models: it costs nothing."""
    _known(kind)
    return _answer(request, checking.check_provider(user=request.user, kind=kind), "dashboard:settings-ai")


@require_GET
@page
def data(request: UserRequest) -> HttpResponse:
    """What can be taken along, and how it is backed up."""
    return show(
        request, "dashboard/settings/data.html", {**data_context(request.user), "tab": "data"}, active="settings"
    )


def _done(request: UserRequest, form: Blamed, act: Callable[[], object]) -> bool:
    """Run one domain call; what it refuses lands on the form."""
    try:
        act()
    except InvalidInput as error:
        form.blame(error)
    except NotFound:
        raise
    except PufflingError as error:
        messages.error(request, error.detail)
    else:
        return True
    request.user.refresh_from_db()
    return False


def _confirm(request: UserRequest, given: str) -> None:
    confirm_password(user=request.user, password=given, actor=actor(request.user), now=now())


def _known(kind: str) -> None:
    if kind not in [provider for provider, _ in PROVIDERS]:
        raise NotFound(f"There is no provider {kind!r}.")


def _answer(request: UserRequest, checked: Answered, fallback: str) -> HttpResponse:
    """What came of a test: beside the button, or as a message where there is no script."""
    if request.htmx:
        return render(request, "dashboard/settings/checked.html", {"checked": checked, "at": now()})
    (messages.success if checked.answer == "works" else messages.error)(request, checked.words)
    return redirect(fallback)


def _account(request: UserRequest, **forms: Blamed) -> HttpResponse:
    context = {
        "form": ProfileForm(None, user=request.user),
        "password_form": PasswordForm(),
        "elsewhere_form": ElsewhereForm(),
        "tab": "account",
        **forms,
    }
    wrong = any(form.errors for form in forms.values())
    return show(request, "dashboard/settings/account.html", context, active="settings", status=422 if wrong else 200)


def _broker(request: UserRequest, form: BrokerKeysForm, *, status: int = 200) -> HttpResponse:
    context = {**broker_context(request.user), "form": form, "tab": "broker"}
    return show(request, "dashboard/settings/broker.html", context, active="settings", status=status)


def _ai(request: UserRequest, form: KeyForm, *, kind: str = "", status: int = 200) -> HttpResponse:
    context = {**provider_rows(request.user), "form": form, "wrong_kind": kind, "tab": "ai"}
    return show(request, "dashboard/settings/ai.html", context, active="settings", status=status)
