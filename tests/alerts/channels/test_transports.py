from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from alerts.channels.transports.base import Message, SendError
from alerts.channels.transports.email import EMAIL
from alerts.channels.transports.library import LIBRARY
from alerts.channels.transports.ntfy import NTFY
from alerts.channels.transports.registry import TRANSPORTS, registered
from alerts.channels.transports.webhook import WEBHOOK
from alerts.models import AlertChannel
from tests.alerts.channels.conftest import NOW
from tests.fakes.listener import Listener

MESSAGE = Message(id=UUID(int=7), title="AAPL rose\nBcc: x@example.com", text="To $200.", at=NOW)


def test_every_kind_has_a_transport_and_none_twice() -> None:
    assert set(TRANSPORTS) == set(AlertChannel.Kind.values)
    with pytest.raises(ValueError, match="two transports"):
        registered([EMAIL, EMAIL])


class Mailbox:
    """What an SMTP server took in; `reply` is what it says to a recipient."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.reply = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox(configured: Callable[..., None]) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    configured(smtp_url=f"smtp://127.0.0.1:{port}?starttls=no", mail_from="Puffling <p@example.com>")
    yield box
    controller.stop()


def test_a_mail_arrives_with_one_subject_and_the_messages_id(mailbox: Mailbox) -> None:
    assert EMAIL.send({"address": "ann@example.com"}, MESSAGE) == "accepted by the mail server"
    mail = message_from_bytes(mailbox.mails[0])
    assert mail["Subject"] == "AAPL rose Bcc: x@example.com" and mail["Bcc"] is None
    assert (mail["To"], mail["From"]) == ("ann@example.com", "Puffling <p@example.com>")
    assert mail["Message-ID"] == f"<{MESSAGE.id}@puffling>"
    assert str(mail.get_payload()).strip() == "To $200."


@pytest.mark.parametrize(("reply", "permanent"), [("550 No such user", True), ("450 Try later", False)])
def test_what_the_mail_server_refuses(mailbox: Mailbox, reply: str, permanent: bool) -> None:
    mailbox.reply = reply
    with pytest.raises(SendError, match=reply[:3]) as caught:
        EMAIL.send({"address": "ann@example.com"}, MESSAGE)
    assert caught.value.permanent is permanent


def test_without_a_mail_server(configured: Callable[..., None]) -> None:
    with pytest.raises(SendError, match="PUFFLING_SMTP_URL") as caught:
        EMAIL.send({"address": "ann@example.com"}, MESSAGE)
    assert caught.value.permanent
    configured(smtp_url="smtp://127.0.0.1:9?starttls=no")
    with pytest.raises(SendError, match="no answer") as caught:
        EMAIL.send({"address": "ann@example.com"}, MESSAGE)
    assert not caught.value.permanent


def test_ntfy(listener: Listener) -> None:
    errors: dict[str, str] = {}
    target = NTFY.read({"target": f"{listener.url}/base/my-topic", "token": "tk_1"}, errors)
    assert not errors
    NTFY.send(target, MESSAGE)
    [request] = listener.requests
    assert (request.path, request.headers["Authorization"]) == ("/base/", "Bearer tk_1")
    assert json.loads(request.body)["topic"] == "my-topic"
    assert NTFY.hint(target) == f"{listener.host}/…opic"


def test_the_library_over_the_wire(listener: Listener) -> None:
    target = LIBRARY.read({"target": f"json://{listener.host}/x"}, {})
    assert LIBRARY.send(target, MESSAGE) == "accepted by the service"
    assert json.loads(listener.requests[0].body)["message"] == "To $200."
    listener.answers = [403, 503, (302, {"Location": listener.url})]
    for permanent in (True, False, False):
        with pytest.raises(SendError) as caught:
            LIBRARY.send(target, MESSAGE)
        assert caught.value.permanent is permanent
        assert listener.host not in caught.value.text
    assert len(listener.requests) == 4


@pytest.mark.parametrize(
    "url",
    [
        "tgram://123456789:abcdefg_hijklmnop/12345/",
        "discord://123456789/abcdef",
        "slack://T1/A1/TIiajkdnlaz/?silent=no",
    ],
)
def test_services_that_are_taken(configured: Callable[..., None], url: str) -> None:
    errors: dict[str, str] = {}
    target = LIBRARY.read({"target": url}, errors)
    assert errors == {}
    assert url.split("/")[2] not in LIBRARY.hint(target)


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:9/x",
        "ntfys://example.com/topic",
        "json://allowed:80@127.0.0.1/",
        "json://127.0.0.1\\@allowed:80/",
        "slack://T1/A1/x/?template=/etc/passwd",
        "tgram://1:a/2?redirect=yes",
        "tgram://1:a/2?:key=value",
        "syslog://",
        "mailto://user:pw@example.com",
        "https://discord.com/api/webhooks/1/a",
        "gotify://[::1/x",
        "tgram://1:a/ 2",
        "",
    ],
)
def test_what_the_library_is_not_given(configured: Callable[..., None], url: str) -> None:
    configured(outbound_hosts=("allowed:80",))
    errors: dict[str, str] = {}
    LIBRARY.read({"target": url}, errors)
    assert errors["target"]


def test_hints_show_no_secret() -> None:
    assert EMAIL.hint({"address": "ann@example.com"}) == "a…@example.com"
    assert WEBHOOK.hint({"url": "https://example.com/secret/abcd1234"}) == "https://example.com/…1234"
