"""Channels as people set them up: a service and its few fields, from which the channel's target is made.

The transports know addresses (`tgram://token/chat`); nobody should have to write one. What a service shows its users,
a bot's token or a webhook's address, is asked for as it is shown there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from common.errors import InvalidInput, NotFound
from common.reading import shown

Made = dict[str, str]  # `target`, perhaps `token`: as `alerts.channels.reading` takes them


@dataclass(frozen=True, kw_only=True)
class Blank:
    """A field to fill in. `secret`: never shown again, not even half typed."""

    name: str
    label: str
    help: str = ""
    placeholder: str = ""
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Service:
    """A way to be told, as people know it."""

    name: str
    title: str
    about: str
    kind: str  # the channel's
    blanks: tuple[Blank, ...]
    make: Callable[[Mapping[str, str]], Made]  # raises InvalidInput


def target_of(service: Service, given: Mapping[str, str]) -> Made:
    """The target of a filled-in form. Raises InvalidInput by the blank's name."""
    filled = {blank.name: given.get(blank.name, "").strip() for blank in service.blanks}
    missing = [blank for blank in service.blanks if not blank.optional and not filled[blank.name]]
    if missing:
        raise InvalidInput({blank.name: f"is required: {blank.help or blank.label}" for blank in missing})
    return service.make(filled)


def service_of(name: str) -> Service:
    """Raises NotFound."""
    if name not in SERVICES:
        raise NotFound(f"There is no service {name!r}.")
    return SERVICES[name]


def recognised(kind: str, hint: str) -> Service:
    """Which service a channel was set up as: by its kind and the scheme its hint begins with."""
    if kind != "apprise":
        return SERVICES[kind]
    return _BY_SCHEME.get(hint.partition("://")[0], SERVICES["other"])


_TELEGRAM = re.compile(r"\d{5,15}:[A-Za-z0-9_-]{20,80}")
_CHAT = re.compile(r"-?\d{3,20}|@[A-Za-z0-9_]{3,40}")
_PUSHOVER = re.compile(r"[A-Za-z0-9]{30}")


def _as_it_is(given: Mapping[str, str]) -> Made:
    return {name: value for name, value in given.items() if value}


def _telegram(given: Mapping[str, str]) -> Made:
    errors = {}
    if not _TELEGRAM.fullmatch(given["bot_token"]):
        errors["bot_token"] = "is not a bot's token: @BotFather shows one such as 123456789:AAE…"
    if not _CHAT.fullmatch(given["chat"]):
        errors["chat"] = f"{shown(given['chat'])} is not a chat: write its number, such as 123456789 or -100123456789"
    if errors:
        raise InvalidInput(errors)
    return {"target": f"tgram://{given['bot_token']}/{given['chat']}"}


def _discord(given: Mapping[str, str]) -> Made:
    found = _path_of(given["url"], ("discord.com", "discordapp.com"), "api", "webhooks")
    if len(found) != 2:
        raise InvalidInput({"url": "is not a Discord webhook: it begins with https://discord.com/api/webhooks/"})
    return {"target": f"discord://{found[0]}/{found[1]}"}


def _slack(given: Mapping[str, str]) -> Made:
    found = _path_of(given["url"], ("hooks.slack.com",), "services")
    if len(found) != 3:
        raise InvalidInput({"url": "is not a Slack webhook: it begins with https://hooks.slack.com/services/"})
    return {"target": f"slack://{'/'.join(found)}"}


def _pushover(given: Mapping[str, str]) -> Made:
    errors = {
        name: "is not one of Pushover's keys: they have 30 letters and digits"
        for name in ("user_key", "app_token")
        if not _PUSHOVER.fullmatch(given[name])
    }
    if errors:
        raise InvalidInput(errors)
    return {"target": f"pover://{given['user_key']}@{given['app_token']}"}


def _path_of(url: str, hosts: tuple[str, ...], *begins: str) -> list[str]:
    """What follows `begins` in the path of an address on one of the hosts; nothing when it is another address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return []
    path = [quote(part, safe="-_") for part in parts.path.split("/") if part]
    if parts.scheme != "https" or host not in hosts or path[: len(begins)] != list(begins):
        return []
    return path[len(begins) :]


_ALL = (
    Service(
        name="email", title="E-mail", about="A plain mail through the mail server of this installation.", kind="email",
        blanks=(Blank(name="target", label="Address", placeholder="ann@example.com", help="where the mails go"),),
        make=_as_it_is,
    ),
    Service(
        name="ntfy", title="ntfy", about="A push to your phone: subscribe to a topic in the ntfy app.", kind="ntfy",
        blanks=(
            Blank(
                name="target", label="Topic's address", placeholder="https://ntfy.sh/my-secret-topic", secret=True,
                help="choose a name nobody guesses: whoever knows it can read along",
            ),
            Blank(name="token", label="Access token", help="only if the topic needs one", secret=True, optional=True),
        ),
        make=_as_it_is,
    ),
    Service(
        name="telegram", title="Telegram", about="A message from a bot of your own.", kind="apprise",
        blanks=(
            Blank(
                name="bot_token", label="Bot token", secret=True,
                help="write to @BotFather, send /newbot, and copy what it answers",
            ),
            Blank(
                name="chat", label="Chat number", placeholder="123456789",
                help="send your bot a message first; @userinfobot tells your number",
            ),
        ),
        make=_telegram,
    ),
    Service(
        name="discord", title="Discord", about="A message in a channel of your server.", kind="apprise",
        blanks=(
            Blank(
                name="url", label="Webhook address", secret=True, placeholder="https://discord.com/api/webhooks/…",
                help="in Discord: Channel settings, Integrations, Webhooks, Copy webhook URL",
            ),
        ),
        make=_discord,
    ),
    Service(
        name="slack", title="Slack", about="A message in a channel of your workspace.", kind="apprise",
        blanks=(
            Blank(
                name="url", label="Webhook address", secret=True, placeholder="https://hooks.slack.com/services/…",
                help="in Slack: an app with Incoming Webhooks, Add new webhook",
            ),
        ),
        make=_slack,
    ),
    Service(
        name="pushover", title="Pushover", about="A push to your phone or watch.", kind="apprise",
        blanks=(
            Blank(name="user_key", label="User key", help="on Pushover's first page", secret=True),
            Blank(name="app_token", label="Application token", help="of an application you make there", secret=True),
        ),
        make=_pushover,
    ),
    Service(
        name="webhook", title="Webhook", about="A signed JSON POST, for programs of your own.", kind="webhook",
        blanks=(
            Blank(
                name="target", label="Address", placeholder="https://example.com/hook", secret=True,
                help="https, reachable from here",
            ),
        ),
        make=_as_it_is,
    ),
    Service(
        name="other", title="Another service", about="Google Chat, Pushbullet and others, by their apprise address.",
        kind="apprise",
        blanks=(
            Blank(
                name="target", label="Apprise address", placeholder="gchat://workspace/key/token", secret=True,
                help="as the apprise documentation writes it for the service",
            ),
        ),
        make=_as_it_is,
    ),
)  # fmt: skip
SERVICES = {service.name: service for service in _ALL}
_BY_SCHEME = {
    "tgram": SERVICES["telegram"],
    "discord": SERVICES["discord"],
    "slack": SERVICES["slack"],
    "pover": SERVICES["pushover"],
}
