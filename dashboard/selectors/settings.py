"""What the settings show. Of a secret only its last four characters leave the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import ApiToken, Credential, User
from agent.models import AgentConfig, Provider
from automation.models import ActionHook
from automation.sentences import sentence
from dashboard.selectors.frame import portfolios_of
from markets.models import Instrument
from orders.connections import served_kinds
from portfolios.models import Portfolio
from safety.models import SafetyPolicy

SHOWN_REVOKED = 10
# docs/operations.md says where the programs and $URL come from.
BACKUP = '"$BIN/pg_dump" --format=custom --file=puffling.dump "$URL"'
RESTORE = '"$BIN/pg_restore" --clean --if-exists --no-owner --dbname="$URL" puffling.dump'


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key that is kept, or could be. `used`: the agent thinks with it now."""

    kind: str
    title: str
    about: str
    kept: Credential | None
    used: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the switches before real money, and whether it is on."""

    done: bool
    title: str
    text: str


PROVIDERS = (
    (Provider.ANTHROPIC, "Claude models. Keys are made in Anthropic's console and begin with sk-ant-."),
    (Provider.OPENAI, "GPT models. Keys are made on OpenAI's platform and begin with sk-."),
    (Provider.COMPATIBLE, "A model on your own machine, or a gateway, that speaks OpenAI's protocol."),
)


def kept_keys(user: User) -> dict[str, Credential]:
    """By kind, without what is encrypted."""
    mine = Credential.objects.filter(user=user, name="").defer("ciphertext")
    return {credential.kind: credential for credential in mine}


def provider_rows(user: User) -> dict[str, Any]:
    """The providers with their keys, what the agent thinks with, and the server's own model address."""
    kept = kept_keys(user)
    config = AgentConfig.objects.filter(user=user).first()
    used = config.provider if config else Provider.OFFLINE
    return {
        "providers": [
            KeyRow(kind=kind, title=kind.label, about=about, kept=kept.get(kind), used=kind == used)
            for kind, about in PROVIDERS
        ],
        "thinks_with": Provider(used).label,
        "model": config.model if config else "",
        "model_server": settings.CONFIG.llm_base_url,
    }


def broker_context(user: User) -> dict[str, Any]:
    """The accounts of the portfolios, Alpaca's keys, and how far real money is away."""
    kept, portfolios = kept_keys(user), portfolios_of(user)
    return {
        "portfolios": [portfolio for portfolio in portfolios if hasattr(portfolio, "broker_account")],
        "key": kept.get(Credential.Kind.ALPACA_KEY),
        "secret": kept.get(Credential.Kind.ALPACA_SECRET),
        "served": "alpaca" in served_kinds(),
        "steps": live_steps(user, portfolios, kept),
    }


def live_steps(user: User, portfolios: list[Portfolio], kept: dict[str, Credential]) -> list[Step]:
    """Every switch that must be on before an order can cost real money."""
    keys = {Credential.Kind.ALPACA_KEY, Credential.Kind.ALPACA_SECRET} <= kept.keys()
    paper = SafetyPolicy.objects.filter(user=user, portfolio__isnull=True, paper_trading=True).exists()
    live = any(hasattr(portfolio, "broker_account") and portfolio.broker_account.live for portfolio in portfolios)
    return [
        Step(
            done=settings.CONFIG.allow_live,
            title="The operator allows it",
            text="The server is started with ALLOW_LIVE=1. Without it nothing below matters.",
        ),
        Step(done=keys, title="A broker's keys are kept here", text="Both of them, made for a live account."),
        Step(done=live, title="A portfolio has a live account", text="Its badge is then red on every page."),
        Step(
            done=not paper,
            title="Your limits let live accounts trade",
            text="“Paper trading” is off in them. Switching it off asks for your password.",
        ),
        Step(
            done=False,
            title="The account is armed",
            text=(
                "By you, with your password, for at most eight hours; a halt or a new key disarms it."
                " This version cannot arm an account: real money stays out of reach."
            ),
        ),
    ]


def token_rows(user: User, *, now: datetime) -> dict[str, list[ApiToken]]:
    """Those that work, and the latest of those that do not any more."""
    mine = ApiToken.objects.filter(user=user).order_by("-created_at")
    works = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return {"tokens": list(mine.filter(works)), "ended": list(mine.exclude(works)[:SHOWN_REVOKED])}


def hook_rows(user: User) -> list[tuple[ActionHook, str]]:
    """Addresses that call a rule, each with the rule in words."""
    hooks = ActionHook.objects.filter(action__user=user).select_related("action").order_by("-created_at")
    return [(hook, hook.action.name or sentence(hook.action)) for hook in hooks]


def data_context(user: User) -> dict[str, Any]:
    """What can be taken along."""
    return {
        "portfolios": portfolios_of(user),
        "backup": BACKUP,
        "restore": RESTORE,
        "demo": Instrument.objects.filter(demo=True, active=True).exists(),
    }
