#!/usr/bin/env python3
"""Your first rule, through the API: sell 10 AAPL if the price drops a little, then watch what happens.

Needs nothing but Python and a running Puffling (`make run`), whose address and demo password it reads from
.puffling/demo.env.  Usage: python3 examples/first_rule.py [path/to/demo.env]
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

PATIENCE = 120  # seconds


class Puffling:
    """The few calls this example needs."""

    def __init__(self, env: Path) -> None:
        values = dict(line.strip().split("=", 1) for line in env.read_text().splitlines() if "=" in line)
        self.url = values["PUFFLING_URL"].rstrip("/")
        self.token = ""
        pair = {"username": values["PUFFLING_USER"], "password": values["PUFFLING_PASSWORD"]}
        self.token = self.post("/api/auth/token/", pair)["access"]

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path} was refused: {error.read().decode()}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    env = Path(sys.argv[1] if len(sys.argv) > 1 else ".puffling/demo.env")
    if not env.exists():
        sys.exit(f"{env} does not exist: start Puffling with `make run` first, or give the path to its demo.env.")
    puffling = Puffling(env)
    quote = puffling.get("/api/markets/quotes/?symbols=AAPL")["results"][0]
    threshold = (Decimal(quote["last"]) * Decimal("0.9993")).quantize(Decimal("0.01"))
    rule = puffling.post(
        "/api/actions/",
        {
            "action_type": "SELL",
            "symbol": "AAPL",
            "quantity": "10",
            "trigger_type": "price_below",
            "trigger_params": {"threshold": str(threshold)},
        },
    )
    say(f"AAPL is at {quote['last']} (demo data).")
    say(f"Created: {rule['sentence']}")
    path = f"/api/actions/{rule['id']}"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        executions = puffling.get(f"{path}/executions/")["results"]
        if executions and executions[0]["finished_at"]:
            return tell(puffling, executions[0])
        where = puffling.get(f"{path}/explain/")
        away = f"{where['distance']} dollars from firing. " if where["distance"] else ""
        say(f"  AAPL {where['last_price']}: {away}{where['status_line']}")
        time.sleep(2)
    sys.exit(f"It did not fire within {PATIENCE} s: the demo market wanders; run this again.")


def tell(puffling: Puffling, execution: dict[str, Any]) -> None:
    """Follow the one trace id from what was seen to what was booked."""
    seen = execution["observation"]
    say(f"Fired at {execution['triggered_at']}: price {seen['price']} reached {seen['level']}.")
    say(f"Execution {execution['state']} {execution['reason_code']} {execution['error']}".rstrip())
    if "order" not in execution["details"]:
        return
    order = puffling.get(f"/api/orders/{execution['details']['order']}/")
    say(f"Order {order['state']}: {order['side']} {order['filled_quantity']} at {order['average_price']}.")
    checks = ", ".join(f"{check['check']} {check['outcome']}" for check in order["verdict"])
    say(f"The gate looked at: {checks}.")
    entries = puffling.get(f"/api/portfolios/{order['portfolio']}/transactions/?page_size=3")["results"]
    say("Ledger: " + "; ".join(f"{e['kind']} {e['quantity']} {e['symbol']} {e['amount']}" for e in entries))
    alerts = puffling.get("/api/alerts/history/?page_size=3")["results"]
    say("Alerts: " + "; ".join(alert["title"] for alert in alerts))


if __name__ == "__main__":
    main()
