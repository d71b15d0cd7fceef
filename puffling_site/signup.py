"""Open an account: a user with a portfolio, a paper broker account, a policy and switches; all of it or nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from brokers.opening import open_paper_account
from common.errors import InvalidInput, PufflingError
from portfolios.opening import open_portfolio
from safety.policies import ensure_policy
from safety.switch import ensure_switches

OPENING_CASH = Decimal(100_000)


class SignupClosed(PufflingError):
    """This installation takes no new accounts."""

    status = 403
    code = "signup_closed"


@transaction.atomic
def open_account(
    *,
    username: str,
    password: str,
    email: str = "",
    now: datetime,
    cash: Decimal = OPENING_CASH,
    admin: bool = False,
) -> User:
    """A new user who can trade on paper at once. `cash` is in dollars. InvalidInput names each field and the fix."""
    user = User(username=username, email=email, is_staff=admin, is_superuser=admin, date_joined=now)
    _check(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise InvalidInput({"username": f"{username!r} is taken: choose another name."}) from None
    ensure_switches(user)
    ensure_policy(user)
    portfolio = open_portfolio(user=user, name="Main", cash=cash, now=now, primary=True)
    open_paper_account(portfolio=portfolio)
    return user


@transaction.atomic
def sign_up(*, username: str, password: str, email: str = "", now: datetime) -> User:
    """`open_account` for a stranger. The first account of an installation is its administrator."""
    with connection.cursor() as cursor:  # two strangers at once must not both be the first
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('signup', 0))")
    if not signup_allowed():
        raise SignupClosed("This installation takes no new accounts: ask its administrator for one.")
    return open_account(username=username, password=password, email=email, now=now, admin=not User.objects.exists())


def signup_allowed() -> bool:
    """PUFFLING_SIGNUP=open, or nobody has an account yet."""
    return settings.CONFIG.signup == "open" or not User.objects.exists()


def _check(user: User, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as wrong:
        errors.update(wrong.message_dict)
    if "username" not in errors and User.objects.filter(username__iexact=user.username).exists():
        errors["username"] = [f"{user.username!r} is taken: choose another name."]
    try:
        validate_password(password, user)
    except ValidationError as wrong:
        errors["password"] = list(wrong.messages)
    if errors:
        raise InvalidInput(errors)
