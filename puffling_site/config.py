"""The one typed door to the environment: read once, refuse a bad value with the fix.

Nothing else in Puffling reads `os.environ`, except the supervisor, which prepares it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

BASE_DIR = Path(__file__).resolve().parent.parent


class BadSetting(ValueError):
    """An environment variable holds a value Puffling cannot use; the message names variable, value and fix."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything Puffling takes from its environment. Durations are in seconds."""

    env: str
    debug: bool
    secret_key: str
    jwt_key: str
    field_keys: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    trusted_origins: tuple[str, ...]
    database: dict[str, object]
    redis_url: str
    data_dir: Path
    secure_cookies: bool
    allow_live: bool
    demo_seed: int
    demo_speed: Decimal
    demo_volatility: Decimal
    demo_tick_seconds: Decimal
    demo_password: str
    flower_url: str
    signup: str
    llm_base_url: str
    anthropic_base_url: str
    openai_base_url: str
    alpaca_data_url: str
    smtp_url: str
    mail_from: str
    outbound_hosts: tuple[str, ...]
    trace_days: int
    trace_rows: int
    crash_at: str

    @property
    def production(self) -> bool:
        return self.env == "production"

    def redis(self, database: int) -> str:
        """The Redis URL of one numbered database: 0 Celery, 1 sockets, 2 cache."""
        parts = urlsplit(self.redis_url)
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check the environment. Raises BadSetting naming the variable and the fix."""
    env = environ.get("PUFFLING_ENV", "development")
    if env not in ("development", "test", "production"):
        raise BadSetting(f"PUFFLING_ENV is {env!r}: use development, test or production")
    production = env == "production"
    secret = _secret(environ, "PUFFLING_SECRET_KEY", production)
    return Config(
        env=env,
        debug=_flag(environ, "PUFFLING_DEBUG", False),
        secret_key=secret,
        jwt_key=_secret(environ, "PUFFLING_JWT_KEY", production),
        field_keys=_list(environ, "PUFFLING_FIELD_KEYS", ""),
        allowed_hosts=_list(environ, "PUFFLING_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        trusted_origins=_list(environ, "PUFFLING_TRUSTED_ORIGINS", ""),
        database=_database(environ.get("DATABASE_URL", "")),
        redis_url=environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
        data_dir=Path(environ.get("PUFFLING_DATA_DIR", str(BASE_DIR / ".puffling"))),
        secure_cookies=_flag(environ, "PUFFLING_SECURE_COOKIES", production),
        allow_live=_flag(environ, "ALLOW_LIVE", False),
        demo_seed=_integer(environ, "PUFFLING_DEMO_SEED", 7),
        demo_speed=_positive(environ, "PUFFLING_DEMO_SPEED", "1"),
        demo_volatility=_positive(environ, "PUFFLING_DEMO_VOLATILITY", "1"),
        demo_tick_seconds=_positive(environ, "PUFFLING_DEMO_TICK_SECONDS", "1"),
        demo_password=environ.get("PUFFLING_DEMO_PASSWORD", ""),
        flower_url=environ.get("PUFFLING_FLOWER_URL", ""),
        signup=_choice(environ, "PUFFLING_SIGNUP", ("open", "closed"), "closed" if production else "open"),
        llm_base_url=_address(environ, "PUFFLING_LLM_BASE_URL"),
        anthropic_base_url=_address(environ, "PUFFLING_ANTHROPIC_BASE_URL"),
        openai_base_url=_address(environ, "PUFFLING_OPENAI_BASE_URL"),
        alpaca_data_url=_address(environ, "PUFFLING_ALPACA_DATA_URL"),
        smtp_url=_smtp(environ),
        mail_from=environ.get("PUFFLING_MAIL_FROM") or "Puffling <puffling@localhost>",
        outbound_hosts=_list(environ, "PUFFLING_OUTBOUND_HOSTS", ""),
        trace_days=_count(environ, "PUFFLING_TRACE_DAYS", 30),
        trace_rows=_count(environ, "PUFFLING_TRACE_ROWS", 500),
        crash_at=environ.get("PUFFLING_CRASH_AT", ""),
    )


def _secret(environ: Mapping[str, str], name: str, required: bool) -> str:
    value = environ.get(name, "")
    if required and len(value) < 32:
        raise BadSetting(f"{name} is missing or shorter than 32 characters: production needs a secret of its own")
    return value or f"development-only-{name.lower()}-not-for-production"


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name)
    if value is None or value == "":
        return default
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise BadSetting(f"{name} is {value!r}: use 1 or 0") from None


def _address(environ: Mapping[str, str], name: str) -> str:
    """An http(s) address, or nothing. Plain http only to this machine: keys travel with every request."""
    value = environ.get(name, "").rstrip("/")
    parts = urlsplit(value)
    near = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if value and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and near))):
        raise BadSetting(f"{name} is {value!r}: use an https:// address, or http:// on this machine")
    return value


def _smtp(environ: Mapping[str, str]) -> str:
    """smtp:// (STARTTLS when the server offers it) or smtps://, with user and password; or nothing: no e-mail."""
    value = environ.get("PUFFLING_SMTP_URL", "")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
        # Without the value: it may hold a password.
        raise BadSetting("PUFFLING_SMTP_URL cannot be used: write smtps://user:password@mail.example.com:465")
    return value


def _choice(environ: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = environ.get(name) or default
    if value not in known:
        raise BadSetting(f"{name} is {value!r}: use {' or '.join(known)}")
    return value


def _list(environ: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in environ.get(name, default).split(",") if item.strip())


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise BadSetting(f"{name} is {value!r}: use a whole number such as {default}") from None


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    value = _integer(environ, name, default)
    if value < 1:
        raise BadSetting(f"{name} is {value}: use a whole number of 1 or more such as {default}")
    return value


def _positive(environ: Mapping[str, str], name: str, default: str) -> Decimal:
    value = environ.get(name, default)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise BadSetting(f"{name} is {value!r}: use a number above 0 such as {default}") from None
    if not number.is_finite() or number <= 0:
        raise BadSetting(f"{name} is {value!r}: use a number above 0 such as {default}")
    return number


def _database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a postgresql:// URL."""
    parts = urlsplit(url or "postgresql://puffling@127.0.0.1:5432/puffling")
    if parts.scheme not in ("postgres", "postgresql"):
        raise BadSetting(
            f"DATABASE_URL starts with {parts.scheme!r}: Puffling needs postgresql://user:password@host:port/name"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "puffling",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 5432),
    }
