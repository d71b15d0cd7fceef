"""`webhook`: a signed JSON POST to an address of the user's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from accounts.secrets import new_secret
from alerts.channels import outbound
from alerts.channels.transports.base import Message, Target
from common.signing import signature

KEY_PREFIX = "whs_"


class Webhook:
    """`Puffling-Signature: v1=HMAC-SHA256(key, timestamp + "." + body)`, in hex.

    The timestamp is in `Puffling-Timestamp`, in seconds; the message's id in `Puffling-Delivery` is the same for every
    try of the same message.
    """

    kind = "webhook"
    keys: tuple[str, ...] = ()

    def read(self, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
        url = given.get("target", "")
        problem = outbound.problem_with(url)
        if problem:
            errors["target"] = problem
        return {"url": url, "key": new_secret(KEY_PREFIX)}

    def hint(self, target: Target) -> str:
        return f"https://{urlsplit(target['url']).netloc}/…{target['url'][-4:]}"

    def send(self, target: Target, message: Message) -> str:
        body = json.dumps(
            {
                "id": str(message.id),
                "type": "digest" if message.digest else "alert",
                "sent_at": message.at.isoformat(),
                "title": message.title,
                "text": message.text,
                "critical": message.critical,
                "silent": message.silent,
                "alerts": message.alerts,
            }
        ).encode()
        stamp = str(int(message.at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Puffling",
            "Puffling-Delivery": str(message.id),
            "Puffling-Timestamp": stamp,
            "Puffling-Signature": signature(target["key"], stamp, body),
        }
        return f"answered {outbound.post(target['url'], body, headers).status}"


WEBHOOK = Webhook()
