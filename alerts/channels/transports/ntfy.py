"""`ntfy`: a push to a topic of ntfy.sh or of a server of one's own (docs.ntfy.sh/publish, "Publish as JSON")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from alerts.channels import outbound
from alerts.channels.transports.base import Message, Target

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_TEXT = 3_800  # ntfy makes a longer message an attachment
URGENT, NORMAL, LOW = 5, 3, 2


class Ntfy:
    """The target is the topic's address, https://ntfy.sh/my-topic; a token may be needed to publish there."""

    kind = "ntfy"
    keys: tuple[str, ...] = ("token",)

    def read(self, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
        url, token = given.get("target", "").rstrip("/"), given.get("token", "")
        problem = outbound.problem_with(url)
        if problem:
            errors["target"] = problem
        elif not _TOPIC.fullmatch(urlsplit(url).path.rpartition("/")[2]) or urlsplit(url).query:
            errors["target"] = "does not end in a topic: write https://ntfy.sh/my-topic"
        if token and (not token.isascii() or not token.isprintable() or len(token) > 200):
            errors["token"] = "must be plain characters, 200 at most"
        return {"url": url, "token": token}

    def hint(self, target: Target) -> str:
        return f"{urlsplit(target['url']).netloc}/…{target['url'][-4:]}"

    def send(self, target: Target, message: Message) -> str:
        server, _, topic = target["url"].rpartition("/")
        body = {
            "topic": topic,
            "title": message.title,
            "message": message.text[:LONGEST_TEXT] or message.title,
            "priority": URGENT if message.critical else LOW if message.silent else NORMAL,
        }
        headers = {"Content-Type": "application/json", "User-Agent": "Puffling"}
        if target.get("token"):
            headers["Authorization"] = f"Bearer {target['token']}"
        return f"answered {outbound.post(f'{server}/', json.dumps(body).encode(), headers).status}"


NTFY = Ntfy()
