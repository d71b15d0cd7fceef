"""`apprise`: Telegram, Discord, Slack, Pushover and others by their apprise URL (github.com/caronc/apprise, BSD-2).

Only services with a fixed host are taken, unless the operator named the host: the library resolves names itself, so
what it may reach is decided by what it is given. Options in the URL are limited to harmless ones: some of the
library's make it read files or fetch other addresses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from alerts.channels import outbound
from alerts.channels.transports.base import Message, SendError, Target

# Services whose host is part of the library.
FIXED = frozenset({"tgram", "discord", "slack", "pover", "pbul", "gchat", "pushme", "signl4", "spush", "wxteams"})
# Services on servers of one's own: only where the operator allowed the host.
OWN_SERVER = frozenset({"json", "jsons", "gotify", "gotifys", "mmost", "mmosts", "ntfy", "ntfys"})
OPTIONS = frozenset({"silent", "priority", "sound", "thread", "topic", "ts"})
LONGEST_TEXT = 3_500
_STATUS = re.compile(r"error=(\d{3})")


class Library:
    """One apprise URL, such as tgram://bot-token/chat-id or discord://webhook-id/webhook-token."""

    kind = "apprise"
    keys: tuple[str, ...] = ()

    def read(self, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
        url = given.get("target", "")
        problem = _problem(url)
        if problem:
            errors["target"] = problem
        return {"url": url}

    def hint(self, target: Target) -> str:
        return f"{urlsplit(target['url']).scheme}://…{target['url'].rstrip('/')[-4:]}"

    def send(self, target: Target, message: Message) -> str:
        problem = _problem(target["url"])
        if problem:  # the operator may have taken a host back
            raise SendError(f"the address {problem}", permanent=True)
        apprise = _apprise()
        service = apprise.Apprise.instantiate(_with_options(target["url"], message), asset=_asset(apprise))
        if service is None:
            raise SendError("the service does not know this address: copy it again", permanent=True)
        with apprise.LogCapture(level=logging.WARNING) as log:
            sent = service.notify(
                title=message.title, body=message.text[:LONGEST_TEXT] or message.title, body_format="text"
            )
            said = log.getvalue()
        if sent:
            return "accepted by the service"
        found = _STATUS.search(said)
        status = int(found[1]) if found else None
        permanent = status is not None and 400 <= status < 500 and status not in outbound.AGAIN
        # What the library logs may hold a part of the address: only the status is kept.
        raise SendError(
            f"the service answered {status}" if status else "the service did not answer", permanent=permanent
        )


def _problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises for nonsense)
        host = parts.hostname
    except ValueError:
        # Bot tokens hold a colon (tgram://123:abc/chat): a port for urlsplit, a part of the token for the service.
        parts, host = urlsplit(url.partition("://")[0] + "://x"), None
    if len(url) > outbound.LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return "is not an apprise URL: write one such as tgram://bot-token/chat-id"
    options = {name for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    if options - OPTIONS:
        return f"has the option {sorted(options - OPTIONS)[0]!r}: only {', '.join(sorted(OPTIONS))} may be used"
    if parts.scheme in FIXED:
        return ""
    # @ and \\ are where two readers of one URL may see two hosts.
    if parts.scheme in OWN_SERVER and host and not {"@", "\\"} & set(url) and outbound.allowed_by_operator(parts):
        return ""
    if parts.scheme in OWN_SERVER:
        return (
            "is on a server the operator did not allow (PUFFLING_OUTBOUND_HOSTS); for ntfy use a channel of kind ntfy"
        )
    return f"is not one of the services: begin with {', '.join(f'{name}://' for name in sorted(FIXED))}"


def _with_options(url: str, message: Message) -> str:
    """Telegram can be told to be silent; the others decide by themselves."""
    if not message.silent or not url.startswith("tgram://") or "silent=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}silent=yes"


@cache
def _apprise() -> Any:
    """The library, imported where it is used."""
    import apprise  # noqa: PLC0415  (44 MB and 0.3 s: only in workers that send through it)

    return apprise


def _asset(apprise: Any) -> Any:
    """No redirects, no plug-ins from the disk, nothing kept on it, secrets masked in its log."""
    return apprise.AppriseAsset(
        app_id="Puffling", app_desc="Puffling", app_url="", http_redirects=False, plugin_paths=[], secure_logging=True
    )


LIBRARY = Library()
