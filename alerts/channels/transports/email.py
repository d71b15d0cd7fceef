"""`email`: through the operator's SMTP server (PUFFLING_SMTP_URL)."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from alerts.channels.transports.base import Message, SendError, Target

TIMEOUT = 10  # seconds, for each step
_PORTS = {"smtps": 465, "smtp": 587}
_PERMANENT = 500  # SMTP replies from here on mean: not again (RFC 5321 §4.2.1)


class Email:
    """A plain-text mail. Its Message-ID is the message's, so that mail readers show a repeated try once."""

    kind = "email"
    keys: tuple[str, ...] = ()

    def read(self, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
        address = given.get("target", "")
        try:
            validate_email(address)
        except ValidationError:
            errors["target"] = "is not an e-mail address: write ann@example.com"
        return {"address": address}

    def hint(self, target: Target) -> str:
        name, _, domain = target["address"].rpartition("@")
        return f"{name[:1]}…@{domain}"

    def send(self, target: Target, message: Message) -> str:
        if not settings.CONFIG.smtp_url:
            raise SendError("no mail server is set: the operator sets PUFFLING_SMTP_URL", permanent=True)
        mail = EmailMessage(
            subject=" ".join(message.title.split()),  # a line break would begin another header
            body=message.text,
            from_email=settings.CONFIG.mail_from,
            to=[target["address"]],
            headers={"Message-ID": f"<{message.id}@puffling>", "Auto-Submitted": "auto-generated"},
            connection=_connection(settings.CONFIG.smtp_url),
        )
        if message.critical:
            mail.extra_headers["Importance"] = "high"
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code = max((reply[0] for reply in error.recipients.values()), default=_PERMANENT)
            raise SendError(f"the mail server refused the address ({code})", permanent=code >= _PERMANENT) from None
        except smtplib.SMTPAuthenticationError as error:
            # The operator's mistake, which the operator mends: not the end of this message.
            raise SendError(f"the mail server refused the sign-in ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            permanent = error.smtp_code >= _PERMANENT
            raise SendError(f"the mail server answered {error.smtp_code}", permanent=permanent) from None
        except (smtplib.SMTPException, OSError) as error:
            raise SendError(f"no answer from the mail server: {type(error).__name__}") from None
        return "accepted by the mail server"


def _connection(url: str) -> Any:
    """smtps:// is TLS from the start; smtp:// begins with STARTTLS, unless `?starttls=no` says there is none."""
    parts = urlsplit(url)
    plain = parse_qs(parts.query).get("starttls") == ["no"]
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme == "smtp" and not plain,
        timeout=TIMEOUT,
    )


EMAIL = Email()
