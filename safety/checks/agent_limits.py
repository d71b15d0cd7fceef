"""The agent trades less than its owner may: fewer orders a day, smaller ones, and none after it read untrusted text.

An order that a person made of the agent's suggestion is the person's, and is not asked here.
"""

from __future__ import annotations

from safety.case import Case, Check, denied, money, passed, percent, skipped
from safety.types import CheckResult

NAME = "agent_limits"
AGENT = "agent_run"
_OTHERS = skipped(NAME, "The order is not the agent's.")


def judge(case: Case) -> CheckResult:
    order, snapshot, policy = case.order, case.snapshot, case.policy
    if order.source_kind != AGENT:
        return _OTHERS
    if order.source_id in snapshot.tainted_runs:
        return denied(
            NAME,
            "TAINTED_CONTEXT",
            "The agent's run had read text that nobody vouches for (names, notes, news, messages): it can only "
            "propose. Look at its suggestion and place it yourself if you agree.",
        )
    if snapshot.agent_orders_today >= policy.agent_daily_orders:
        return denied(
            NAME,
            "AGENT_LIMIT",
            f"The agent placed {snapshot.agent_orders_today} orders on {snapshot.trading_date}, it may place "
            f"{policy.agent_daily_orders} a day. Place this one yourself, or raise the limit on the Safety page.",
            orders=snapshot.agent_orders_today,
            limit=policy.agent_daily_orders,
        )
    limit, notional = case.share_of_equity(policy.agent_order_pct), case.notional
    if notional > limit:
        return denied(
            NAME,
            "AGENT_LIMIT",
            f"The order is for {money(notional)}, one of the agent's may be {money(limit)} "
            f"({percent(policy.agent_order_pct)} of the portfolio). Place it yourself, or raise the limit on the "
            "Safety page.",
            notional=notional,
            limit=limit,
        )
    return passed(NAME, orders=str(snapshot.agent_orders_today + 1), notional=f"{notional:.2f}", limit=f"{limit:.2f}")


CHECK = Check(name=NAME, codes=("AGENT_LIMIT", "TAINTED_CONTEXT"), judge=judge)
