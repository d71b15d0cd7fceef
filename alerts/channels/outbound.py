"""Requests to addresses that users gave: https, public addresses only, no redirects, small and short.

The name is resolved once, every address it has must be public, and the connection goes to one of exactly those, so
that a name cannot point elsewhere between the check and the use (OWASP SSRF prevention; reference/reliability.md
§7.3). Proxies of the environment are not used. Hosts the operator names (PUFFLING_OUTBOUND_HOSTS) may be private, use
another port, and plain http.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from alerts.channels.transports.base import SendError

TIMEOUT = 5.0  # seconds, for each step
MOST_READ = 65_536  # bytes of an answer
HTTPS_PORT = 443
LONGEST_URL = 2_000
AGAIN = frozenset({408, 425, 429})  # of the 4xx, those about the moment
LONGEST_WAIT = 3_600
# Ranges that are written as public but lead somewhere else: NAT64, 6to4 and Teredo carry an IPv4 address inside.
_WRAPPED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the remote said."""

    status: int
    retry_after: int | None = None


def problem_with(url: str) -> str:
    """What is wrong with an address a user gave, and the fix; empty when it may be tried. Asks no name server."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL: write https://example.com/path"
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"must be plain characters without spaces, {LONGEST_URL} at most: write https://example.com/path"
    if not parts.hostname or parts.scheme not in ("https", "http"):
        return "is not a URL: write https://example.com/path"
    if parts.username or parts.password or parts.fragment:
        return "holds a user name, password or #part: leave them out"
    if allowed_by_operator(parts):
        return ""
    if parts.scheme != "https" or port not in (None, HTTPS_PORT):
        return "must begin with https:// and use port 443 (the operator can allow others: PUFFLING_OUTBOUND_HOSTS)"
    literal = _address(parts.hostname)
    if "." not in parts.hostname and literal is None:
        return "has no public host name: write https://example.com/path"
    if literal is not None and not is_public(literal):
        return "is not a public address (the operator can allow it: PUFFLING_OUTBOUND_HOSTS)"
    return ""


def allowed_by_operator(parts: SplitResult) -> bool:
    """Whether the operator named the host, with or without its port."""
    host = (parts.hostname or "").lower()
    port = parts.port or (HTTPS_PORT if parts.scheme.endswith("s") else 80)
    return bool({host, f"{host}:{port}"} & {entry.lower() for entry in settings.CONFIG.outbound_hosts})


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is on the public internet, and what it wraps too."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _WRAPPED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST and read the answer's status. Raises SendError for everything but 2xx."""
    problem = problem_with(url)
    if problem:  # the operator may have taken a host back
        raise SendError(f"the address {problem}", permanent=True)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (HTTPS_PORT if parts.scheme == "https" else 80)
    address = _resolve(host, port, trusted=allowed_by_operator(parts))
    connection = _Pinned(host, port, address=address, tls=parts.scheme == "https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        response = connection.getresponse()
        response.read(MOST_READ)
    except (OSError, http.client.HTTPException) as error:
        raise SendError(f"no answer from {host}: {type(error).__name__}") from None
    finally:
        connection.close()
    return _judge(host, response.status, _seconds(response.headers.get("Retry-After")))


def _judge(host: str, status: int, retry_after: int | None) -> Answer:
    if 200 <= status < 300:
        return Answer(status=status)
    if 300 <= status < 400:
        raise SendError(f"{host} answered {status}: redirects are not followed", permanent=True)
    permanent = 400 <= status < 500 and status not in AGAIN
    raise SendError(f"{host} answered {status}", permanent=permanent, retry_after=retry_after)


def _seconds(header: str | None) -> int | None:
    """Retry-After, in seconds or as a date, as far as it is sensible."""
    if not header:
        return None
    if header.strip().isdigit():
        return min(int(header.strip()[:9]), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(0, min(int(wait), LONGEST_WAIT))


def _resolve(host: str, port: int, *, trusted: bool) -> str:
    """The one address to connect to. Raises SendError, for good if the name leads to any address that is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SendError(f"the name {host} is not known") from None
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = _address(text)
        if not trusted and (address is None or not is_public(address)):
            raise SendError(f"{host} is not at a public address", permanent=True)
    return addresses[0]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


class _Pinned(http.client.HTTPConnection):
    """A connection to `address` that is `host` for TLS and for the request."""

    def __init__(self, host: str, port: int, *, address: str, tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self.address = address
        self.tls = tls
        self.default_port = HTTPS_PORT if tls else 80

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), TIMEOUT)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self.tls else plain
