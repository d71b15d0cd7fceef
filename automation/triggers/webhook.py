"""`webhook`: another program calls the rule's own secret address, a TradingView alert for example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.triggers.base import Params, RequestPlan
from automation.triggers.reading import Reader, shown

LONGEST = 100  # characters


class Webhook:
    """Fires once for each call, if the message contains the text asked for (whatever its case); any message without.

    The address is made with `actions/{id}/hook/`; what a call must be like is in `automation.hooks.receiving`. What the
    message says is never acted on: it is kept as somebody else's words.
    """

    type = "webhook"
    needs_symbol = False
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        text = read.text("contains", required_hint="a text to look for in the message", default="")
        if text and (len(text) > LONGEST or not text.isprintable()):
            read.errors["contains"] = f"{shown(text)} cannot be looked for: one line of at most {LONGEST} characters"
        read.done()
        return {"contains": text or ""}

    def plan(self, params: Params, symbol: str) -> RequestPlan:
        return RequestPlan()

    def sentence(self, params: Params, symbol: str) -> str:
        what = f" with a message containing '{params['contains']}'" if params["contains"] else ""
        return f"its webhook is called{what}"

    @property
    def example(self) -> dict[str, Any]:
        return {"contains": "buy"}


WEBHOOK = Webhook()
