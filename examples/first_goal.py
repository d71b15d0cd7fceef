#!/usr/bin/env python3
"""Your first goal, through the API: make it, look at its drift and plan, rebalance, and see where every dollar went.

Needs nothing but Python and a running Puffling (`make run`), whose address and demo password it reads from
.puffling/demo.env.  Usage: python3 examples/first_goal.py [path/to/demo.env]
"""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path
from typing import Any

from first_rule import PATIENCE, Puffling, say

WEIGHTS = {"SPY": "0.12", "AGG": "0.08", "GLD": "0.05"}  # beside what the demo account holds already


def main() -> None:
    env = Path(sys.argv[1] if len(sys.argv) > 1 else ".puffling/demo.env")
    if not env.exists():
        sys.exit(f"{env} does not exist: start Puffling with `make run` first, or give the path to its demo.env.")
    puffling = Puffling(env)
    goal = puffling.post("/api/portfolio/goals/", {"name": f"First goal {uuid.uuid4().hex[:6]}", **targets(puffling)})
    path = f"/api/portfolio/goals/{goal['id']}"
    drift = puffling.get(f"{path}/drift/")
    say(f"Goal: {words(goal['target_weights'])}. Outside its band: {drift['needs_rebalancing']}.")
    for row in drift["rows"]:
        say(f"  {row['symbol']}: {percent(row['weight'])} of {percent(row['target'])} wanted")
    dry = puffling.post(f"{path}/rebalance/", {"dry_run": True})
    for leg in dry["legs"]:
        say(f"Would {leg['side']} {leg['quantity']} {leg['symbol']} at about {leg['price']}.")
    say(f"In the way: {dry['refusal'] or 'nothing'}. Approval: {dry['asks'] or 'not needed'}")
    run = puffling.post(f"{path}/rebalance/", {})
    finish(puffling, run["id"])


def targets(puffling: Puffling) -> dict[str, Any]:
    """The weights above, beside what is held as it is, and the rest in cash."""
    portfolio = puffling.get("/api/portfolios/")["results"][0]
    equity = float(portfolio["equity"])
    holdings = puffling.get(f"/api/portfolios/{portfolio['id']}/holdings/?page_size=200")["results"]
    weights = {one["symbol"]: f"{float(one['value']) / equity:.4f}" for one in holdings} | WEIGHTS
    cash = 1 - sum(float(weight) for weight in weights.values())
    if cash < 0:
        sys.exit("The account is invested already: sell something first.")
    return {"target_weights": {**weights, "CASH": f"{cash:.4f}"}, "drift_threshold": "0.02"}


def finish(puffling: Puffling, run_id: str) -> None:
    """Approve it if it asks, follow it to its end, and account for what is left."""
    path, deadline, state = f"/api/portfolio/runs/{run_id}", time.monotonic() + PATIENCE, ""
    while time.monotonic() < deadline:
        run = puffling.get(f"{path}/")
        if run["state"] != state:
            state = run["state"]
            say(f"Run: {state}. {run['reason']}".rstrip())
        if state == "awaiting_approval":
            puffling.post(f"{path}/approve/", {"note": "my first goal"})
        if run["finished_at"]:
            return tell(run)
        time.sleep(0.5)
    sys.exit(f"The run did not end within {PATIENCE} s: {state}.")


def tell(run: dict[str, Any]) -> None:
    for order in run["orders"]:
        price = order["average_price"] or "no price"
        say(f"  {order['side']} {order['filled_quantity']} of {order['quantity']} {order['symbol']} at {price}")
    for left in run["residuals"]:
        say(f"  ${float(left['amount']):.2f} of {left['symbol']}: {left['reason']} ({left['code']})")
    if run["result"]:
        say(f"Now: {words(run['result']['weights'])}; outside its band: {run['result']['needs_rebalancing']}.")


def percent(weight: str) -> str:
    return f"{float(weight) * 100:.1f} %"


def words(weights: dict[str, str]) -> str:
    return ", ".join(f"{symbol} {percent(weight)}" for symbol, weight in weights.items())


if __name__ == "__main__":
    main()
