from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

from alerts.channels import outbound
from alerts.channels.transports.base import SendError
from tests.fakes.listener import Listener


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://example.com:8443/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://user:pw@example.com/",
        "https://example.com/#x",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://example.com:99999/",
        "https://[::1/",
        "https://2130706433/",
        "x" * 3000,
    ],
)
def test_addresses_that_are_refused(configured: Callable[..., None], url: str) -> None:
    assert outbound.problem_with(url)


def test_addresses_that_may_be_tried(configured: Callable[..., None]) -> None:
    for url in ("https://example.com/hook?a=b", "https://example.com:443/", "https://8.8.8.8/"):
        assert outbound.problem_with(url) == ""
    configured(outbound_hosts=("internal:8080",))
    assert outbound.problem_with("http://internal:8080/x") == ""
    assert outbound.problem_with("http://internal:8081/x")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert outbound.is_public(ipaddress.ip_address(address)) is public


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[Any]:
    """A name server that answers these; returns what is connected to."""
    connected: list[Any] = []

    def connect(address: Any, timeout: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *args, **kwargs: answers)
    monkeypatch.setattr(outbound.socket, "create_connection", connect)
    return connected


def test_a_name_with_any_private_address_is_refused_for_good(
    configured: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = resolving(monkeypatch, "93.184.216.34", "127.0.0.1")
    with pytest.raises(SendError, match="not at a public address") as caught:
        outbound.post("https://example.com/x", b"", {})
    assert caught.value.permanent and connected == []


def test_it_connects_to_the_address_it_checked(
    configured: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = resolving(monkeypatch, "93.184.216.34")
    with pytest.raises(SendError, match="no answer from example") as caught:
        outbound.post("https://example.com/x", b"", {})
    assert not caught.value.permanent and connected == [("93.184.216.34", 443)]


def test_a_host_the_operator_took_back_is_refused(listener: Listener, configured: Callable[..., None]) -> None:
    assert outbound.post(f"{listener.url}/x", b"hello", {"A": "b"}).status == 200
    configured(outbound_hosts=())
    with pytest.raises(SendError) as caught:
        outbound.post(f"{listener.url}/x", b"", {})
    assert caught.value.permanent and len(listener.requests) == 1


def test_redirects_are_not_followed(listener: Listener) -> None:
    listener.answers = [(307, {"Location": f"{listener.url}/elsewhere"})]
    with pytest.raises(SendError, match="redirects are not followed") as caught:
        outbound.post(f"{listener.url}/x", b"", {})
    assert caught.value.permanent and len(listener.requests) == 1
